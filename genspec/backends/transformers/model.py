"""A model of the reference as a decoder-only model of transformers, so that its own `generate` runs on it.

What it reads comes out of its cache (`cache.py`); masked positions are not read.
"""

from collections.abc import Callable, Sequence
from itertools import compress
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import GenerationConfig, PretrainedConfig, PreTrainedModel
from transformers.generation import GenerationMixin
from transformers.modeling_outputs import CausalLMOutputWithPast

from genspec.backends.transformers import cache as caches
from genspec.backends.transformers.layers import Answers, attentions_of, hidden_states_of
from genspec.backends.transformers.version import HAS_CACHES
from genspec_reference.model import Model, ModelOutput, evaluate

Row = tuple[int, ...]
Read = tuple[Row, Row | None]
"""What the model has read before it gives logits: the row, and the source of an encoder-decoder model."""


class ScriptedConfig(PretrainedConfig):  # type: ignore[misc]  # transformers is not typed
    """What transformers asks of a config: one head of width 1, and no token with a meaning."""

    model_type = "genspec_scripted"

    def __init__(self, vocab_size: int = 16, num_hidden_layers: int = 1, **more: Any) -> None:
        """Take the size of the vocabulary, and the number of layers that DoLa chooses from."""
        self.vocab_size, self.num_hidden_layers = vocab_size, num_hidden_layers
        self.num_attention_heads = self.num_key_value_heads = self.hidden_size = self.head_dim = 1
        super().__init__(**more)
        self.bos_token_id = self.eos_token_id = self.pad_token_id = None


class ScriptedModel(PreTrainedModel, GenerationMixin):  # type: ignore[misc]  # transformers is not typed
    """A function from a row to logits, behind the interface of a causal language model."""

    config_class = ScriptedConfig
    main_input_name = "input_ids"
    base_model_prefix = ""
    _supports_cache_class = HAS_CACHES
    _supports_static_cache = HAS_CACHES
    readers: ClassVar[list[Callable[[Any, int], None]]] = []    # hear which model reads, and how many tokens

    def __init__(self, config: ScriptedConfig, function: Model | None = None) -> None:
        """Wrap a function; `play` exchanges it for another one."""
        super().__init__(config)
        self.anchor = torch.nn.Parameter(torch.zeros(1), requires_grad=False)   # `generate` asks for a device
        self.generation_config = GenerationConfig()
        self.shows_layer_logits = False
        if function is not None:
            self.play(function)

    def play(self, function: Model) -> None:
        """Take another function, and forget what the last one said."""
        self.function: Model = function
        self.answers: dict[Read, ModelOutput] = {}

    def answer(self, row: Row, source: Row | None = None) -> ModelOutput:
        """Ask the function once for each row."""
        if (row, source) not in self.answers:
            self.answers[row, source] = evaluate(self.function, row, source)
        return self.answers[row, source]

    def forward(    # noqa: PLR0917  the order of transformers
        self,
        input_ids: torch.Tensor,
        attention_mask: torch.Tensor | None = None,
        position_ids: torch.Tensor | None = None,
        past_key_values: Any = None,
        use_cache: bool | None = None,
        output_attentions: bool | None = None,
        output_hidden_states: bool | None = None,
        logits_to_keep: int = 0,
        **_: Any,
    ) -> CausalLMOutputWithPast:
        """Read the new tokens behind those of the cache. int64[n, q] -> float32[n, kept, V].

        `attention_mask`: of all positions, earlier ones too. `position_ids`: of the new tokens.
        """
        if past_key_values is None and use_cache:
            past_key_values = caches.new_cache()
        if position_ids is not None:
            counted = positions_of(input_ids, attention_mask, caches.length_of(past_key_values))
            input_ids = moved(input_ids, position_ids - counted, self.config.vocab_size)
        ids, past_key_values = caches.append(past_key_values, input_ids)
        rows = rows_read(ids, attention_mask, input_ids.shape[1])
        self.tell(ids.shape[1])
        answers = [[self.answer(row) if row else None for row in kept(line, logits_to_keep)] for line in rows]
        return CausalLMOutputWithPast(
            logits=logits_of(answers, self.config.vocab_size),
            past_key_values=past_key_values,
            hidden_states=self.shown_states(answers, input_ids.shape[1]) if output_hidden_states else None,
            attentions=attentions_of(answers, input_ids.shape[1], ids.shape[1]) if output_attentions else None,
        )

    def tell(self, length: int) -> None:
        """Say that so many tokens have been read."""
        for hear in ScriptedModel.readers:
            hear(self, length)

    def shown_states(self, answers: Answers, width: int) -> tuple[torch.Tensor, ...]:
        """Give a tensor a layer: the hidden states, or where DoLa reads them the logits of each layer."""
        return hidden_states_of(answers, width, layer_logits=self.shows_layer_logits)

    def get_output_embeddings(self) -> Callable[[torch.Tensor], torch.Tensor]:
        """Give the head that DoLa applies to a layer: the layers show their logits to it already."""
        return torch.nn.Identity()

    if not HAS_CACHES:      # before transformers 4.42 each model did both by itself

        def prepare_inputs_for_generation(
            self, input_ids: torch.Tensor, past_key_values: Any = None, **kwargs: Any
        ) -> dict[str, Any]:
            """Cut what the cache holds already, but for the last token: contrastive search gives that one alone."""
            read = min(caches.length_of(past_key_values), input_ids.shape[1] - 1)
            return {**kwargs, "input_ids": input_ids[:, read:], "past_key_values": past_key_values}

        @staticmethod
        def _reorder_cache(past_key_values: Any, beam_idx: torch.Tensor) -> Any:
            return caches.reordered(past_key_values, beam_idx)


def rows_read(ids: torch.Tensor, mask: torch.Tensor | None, new: int) -> list[list[Row]]:
    """Give for each row what is read at each of its `new` positions. int64[n, k], mask[n, k] or [n, 1, new, k]."""
    rows = ids.tolist()
    first = ids.shape[1] - new
    if mask is None:
        return [[tuple(row[: place + 1]) for place in range(first, len(row))] for row in rows]
    if mask.ndim == 2:
        return [
            [tuple(compress(row[: place + 1], line)) for place in range(first, len(row))]
            for row, line in zip(rows, mask.tolist(), strict=True)
        ]
    lines = seen_by(mask).tolist()
    return [[tuple(compress(row, one)) for one in some] for row, some in zip(rows, lines, strict=True)]


def seen_by(mask: torch.Tensor) -> torch.Tensor:
    """Read which positions each new token sees, from a mask that is true there or has nothing to add. bool[n, q, k]."""
    return (mask if mask.dtype == torch.bool else mask == 0)[:, 0]


def positions_of(ids: torch.Tensor, mask: torch.Tensor | None, earlier: int) -> torch.Tensor:
    """Count how many tokens are read before each new one. int64[n, q], a mask as above -> int64[.., q]."""
    if mask is None:
        return torch.arange(earlier, earlier + ids.shape[1])
    if mask.ndim == 2:
        return mask.cumsum(-1)[:, -ids.shape[1]:] - 1
    return seen_by(mask).sum(-1) - 1


def moved(ids: torch.Tensor, shift: torch.Tensor, vocab_size: int) -> torch.Tensor:
    """Read another token where a position is wrong, as a model with rotary positions does. int64[n, q]."""
    return torch.where(shift == 0, ids, (ids + shift) % vocab_size)


def kept(line: Sequence[Row], count: int) -> Sequence[Row]:
    """Keep the last positions; 0 keeps all."""
    return line[-count:] if count else line


def logits_of(answers: Answers, vocab_size: int) -> torch.Tensor:
    """Stack the logits; a position that reads nothing has zeros. float32[n, kept, V]."""
    nothing: NDArray[np.float32] = np.zeros(vocab_size, dtype=np.float32)
    return torch.from_numpy(np.array(
        [[nothing if answer is None else answer.logits for answer in line] for line in answers], dtype=np.float32
    ))
