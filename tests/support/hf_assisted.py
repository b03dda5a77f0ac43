"""Assisted decoding of transformers on models of the reference, and its chance replaced by given noise."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
import torch

from genspec.backends.transformers import speculation
from genspec.backends.transformers.model import ScriptedModel
from genspec.backends.transformers.pool import wrapped as caching_model
from genspec_reference.model import Model

__all__ = ["assistant_model", "caching_model", "given_chance", "hf_assisted"]


def assistant_model(function: Model, vocab_size: int, **config: Any) -> ScriptedModel:
    """Wrap an assistant. `config`: the fields that transformers reads from the config of the assistant."""
    model = caching_model(function, vocab_size)
    model.generation_config.update(num_assistant_tokens_schedule="constant", **config)
    return model


def hf_assisted(model: ScriptedModel, prompt: Sequence[int], **config: Any) -> tuple[int, ...]:
    """Run `generate` on one prompt and return the row. Without a pad id: what is one the assistant does not read."""
    row = torch.tensor([list(prompt)])
    given = {"bos_token_id": None, **config}
    with torch.no_grad():
        return tuple(model.generate(row, attention_mask=torch.ones_like(row), **given)[0].tolist())


def given_chance(
    noise: Callable[[int], np.ndarray], prompt_length: int, vocab_size: int, assistant: ScriptedModel | None = None
) -> AbstractContextManager[None]:
    """Let transformers draw with the numbers that ASSISTED-16 names. `noise(step)`: float[2 V + 2]."""
    chance = speculation.Chance(lambda row, step, size: noise(step)[:size], prompt_length, vocab_size, assistant)
    return speculation.given_chance(chance)
