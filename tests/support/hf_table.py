"""A table of logits as a causal language model of transformers, with a cache, that clocks its own forward passes."""

import time
from typing import Any

import torch
from transformers import DynamicCache, GenerationConfig, GenerationMixin, PretrainedConfig, PreTrainedModel
from transformers.modeling_outputs import CausalLMOutputWithPast

LINES = 64          # of the table; which one a row reads hangs on its last token and its length


class TableConfig(PretrainedConfig):
    """What transformers asks of a config."""

    model_type = "genspec_table"

    def __init__(self, vocab_size: int = 64, **more: Any) -> None:
        self.vocab_size = vocab_size
        self.num_hidden_layers = self.num_attention_heads = self.hidden_size = 1
        self.max_position_embeddings = 4096
        super().__init__(**more)


class TableModel(PreTrainedModel, GenerationMixin):
    """Logits from a table: a forward pass costs one copy of the logits, the cache one number a token."""

    config_class = TableConfig
    main_input_name = "input_ids"

    def __init__(self, config: TableConfig, eos: int) -> None:
        super().__init__(config)
        table = torch.randn(LINES, config.vocab_size, generator=torch.Generator().manual_seed(0)) * 2
        table[:, eos] = -30.0                       # no row ends before its length
        self.table = torch.nn.Parameter(table, requires_grad=False)
        self.generation_config = GenerationConfig()
        self.clock = Clock()

    def forward(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor | None = None,
        past_key_values: DynamicCache | None = None, **_: Any,
    ) -> CausalLMOutputWithPast:
        """Give the logits after the newest token. int64[n, length] -> float32[n, 1, V]."""
        self.clock.start(input_ids.device)
        cache = DynamicCache() if past_key_values is None else past_key_values
        seen = self.table.new_zeros((*input_ids.shape, 1, 1)).transpose(1, 2)       # [n, head, length, 1]
        cache.update(seen, seen, 0)
        line = (input_ids[:, -1] * 5 + cache.get_seq_length() * 3) % LINES
        output = CausalLMOutputWithPast(logits=self.table[line][:, None], past_key_values=cache)
        self.clock.stop(input_ids.device)
        return output


class Clock:
    """The time of the forward passes since it was set to zero; on a GPU that of the kernels."""

    now = staticmethod(time.perf_counter)       # or `time.process_time`: on a busy machine, with one thread

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Set it to zero."""
        self.spent, self.began = 0.0, 0.0
        self.events: list[tuple[Any, Any]] = []

    def start(self, device: torch.device) -> None:
        """Note that a pass begins."""
        if device.type == "cuda":
            self.events.append((torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)))
            self.events[-1][0].record()
        else:
            self.began = self.now()

    def stop(self, device: torch.device) -> None:
        """Note that it has ended."""
        if device.type == "cuda":
            self.events[-1][1].record()
        else:
            self.spent += self.now() - self.began

    def seconds(self) -> float:
        """Return the seconds of all passes; waits for the GPU."""
        if self.events:
            torch.cuda.synchronize()
        return self.spent + sum(start.elapsed_time(end) for start, end in self.events) / 1e3
