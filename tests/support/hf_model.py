"""A scripted model as a model of transformers, so that its `generate` runs on the very numbers of the reference.

Decoder-only, without a cache: every step reads the whole row. Runs under transformers 4.46 and 5.23.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from transformers import GenerationMixin, PretrainedConfig, PreTrainedModel
from transformers.modeling_outputs import CausalLMOutput

from genspec_reference.model import Model, evaluate


class FunctionConfig(PretrainedConfig):
    """What transformers asks of a config."""

    model_type = "genspec_function"

    def __init__(self, vocab_size: int = 16, **more: Any) -> None:
        self.vocab_size = vocab_size
        self.num_hidden_layers = 1
        super().__init__(**more)


class FunctionModel(PreTrainedModel, GenerationMixin):
    """A function from a row to logits, behind the interface of a causal language model."""

    config_class = FunctionConfig
    main_input_name = "input_ids"

    def __init__(self, config: FunctionConfig, function: Model) -> None:
        super().__init__(config)
        self.anchor = torch.nn.Parameter(torch.zeros(1), requires_grad=False)   # `generate` asks for a device
        self.logits_after = lru_cache(maxsize=4096)(
            lambda row: np.asarray(evaluate(function, row, None).logits, dtype=np.float32)
        )

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor | None = None, **_: Any) -> CausalLMOutput:
        """Give the logits after each row's newest token. int[n, length] -> float32[n, 1, V]. Masked tokens are cut."""
        kept = torch.ones_like(input_ids) if attention_mask is None else attention_mask
        rows = [row[seen.bool()].tolist() for row, seen in zip(input_ids, kept, strict=True)]
        logits = np.stack([self.logits_after(tuple(row)) for row in rows])
        return CausalLMOutput(logits=torch.from_numpy(logits)[:, None])

    def prepare_inputs_for_generation(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor | None = None, **_: Any
    ) -> dict[str, Any]:
        """Give the whole row at every step."""
        return {"input_ids": input_ids, "attention_mask": attention_mask}


def hf_model(scripted: Model, vocab_size: int | None = None) -> FunctionModel:
    """Wrap a model of the reference. `vocab_size`: where it is not an attribute of the model."""
    size = vocab_size or scripted.vocab_size
    return FunctionModel(FunctionConfig(vocab_size=size), scripted).eval()


def hf_generate(model: FunctionModel, prompt: Sequence[int], **kwargs: Any) -> Any:
    """Run `generate` on one prompt and return its output with all scores.

    No token has a meaning unless the call says so: no BOS, EOS or pad comes from the model.
    """
    given = {"return_dict_in_generate": True, "output_scores": True, "use_cache": False, **kwargs}
    row = torch.tensor([list(prompt)])
    with torch.no_grad():
        return model.generate(row, attention_mask=torch.ones_like(row), **given)


def cut(row: Sequence[int], prompt_length: int, eos: Sequence[int]) -> tuple[int, ...]:
    """Take the padding off a returned row: what stands after the first new EOS."""
    ids = [int(token) for token in row]
    ends = [place for place in range(prompt_length, len(ids)) if ids[place] in set(eos)]
    return tuple(ids[: ends[0] + 1] if ends else ids)
