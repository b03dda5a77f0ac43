"""Models for assisted decoding in transformers 5.23, and its chance replaced by given noise.

The models read the whole row at every call; the cache that `generate` insists on stays empty.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from unittest import mock

import numpy as np
import torch
from transformers.generation import utils
from transformers.modeling_outputs import CausalLMOutputWithPast

from genspec_reference.model import Model
from support.hf_model import FunctionConfig, FunctionModel


class CachingModel(FunctionModel):
    """Gives the logits of every position, as assisted decoding asks for. `last`: who read last, and how much."""

    last: Any = None
    drafts = False

    def forward(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor | None = None, past_key_values: Any = None, **_: Any
    ) -> CausalLMOutputWithPast:
        row = tuple(input_ids[0].tolist())
        CachingModel.last = (self, len(row))
        logits = np.stack([self.logits_after(row[: place + 1]) for place in range(len(row))])
        return CausalLMOutputWithPast(logits=torch.from_numpy(logits)[None], past_key_values=past_key_values)

    def prepare_inputs_for_generation(
        self, input_ids: torch.Tensor, past_key_values: Any = None, attention_mask: torch.Tensor | None = None, **_: Any
    ) -> dict[str, Any]:
        return {"input_ids": input_ids, "past_key_values": past_key_values}


def caching_model(function: Model, vocab_size: int) -> CachingModel:
    """Wrap a model of the reference."""
    return CachingModel(FunctionConfig(vocab_size=vocab_size), function).eval()


def assistant_model(function: Model, vocab_size: int, **config: Any) -> CachingModel:
    """Wrap an assistant. `config`: the fields that transformers reads from the config of the assistant."""
    model = caching_model(function, vocab_size)
    model.drafts = True
    model.generation_config.update(num_assistant_tokens_schedule="constant", **config)
    return model


def hf_assisted(model: CachingModel, prompt: Sequence[int], **config: Any) -> tuple[int, ...]:
    """Run `generate` on one prompt and return the row."""
    row = torch.tensor([list(prompt)])
    given = {"pad_token_id": 0, "bos_token_id": None, **config}
    with torch.no_grad():
        return tuple(model.generate(row, attention_mask=torch.ones_like(row), **given)[0].tolist())


@contextmanager
def given_chance(noise: Callable[[int], np.ndarray], prompt_length: int, vocab_size: int) -> Iterator[None]:
    """Let transformers draw with the numbers that ASSISTED-16 names. `noise(step)`: float[2 V + 2]."""
    original, judged = utils._speculative_sampling, []

    def of_position(place: int) -> torch.Tensor:
        return torch.tensor(noise(place - prompt_length))

    def speculative(ids: Any, proposed: Any, length: int, logits: Any, **more: Any) -> Any:
        start = ids.shape[1] - length
        chance = torch.exp(-torch.stack([of_position(start + place)[vocab_size + 1] for place in range(length)]))
        drafts, places = ids[0, start:], torch.arange(length)
        ratio = logits.softmax(-1)[0, places, drafts] / proposed.softmax(-1)[0, places, drafts]
        if (weight := more.get("assistant_ensemble_weight")) is not None:
            ratio = 1 - weight + weight * ratio
        accepted = int(((chance > ratio).cumsum(0) < 1).sum())
        judged.append(start + accepted)
        with mock.patch.object(torch, "rand_like", lambda like: chance.to(like.dtype).reshape(like.shape)):
            tokens = original(ids, proposed, length, logits, **more)
        judged.clear()
        return tokens

    def multinomial(probabilities: torch.Tensor, num_samples: int) -> torch.Tensor:
        reader, length = CachingModel.last
        first = judged[0] if judged else length - len(probabilities) + 1
        drafting = not judged and reader.drafts
        begin = vocab_size + 2 if drafting else 0
        races = torch.stack([of_position(first + row)[begin: begin + vocab_size] for row in range(len(probabilities))])
        return (probabilities.double() / races).argmax(-1, keepdim=True)

    with mock.patch.object(utils, "_speculative_sampling", speculative), \
            mock.patch.object(torch, "multinomial", multinomial):
        yield
