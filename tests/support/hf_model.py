"""`generate` of transformers on a function from a row to logits, for tests of one clause at a time.

The model is that of the backend, genspec/backends/transformers/model.py. Runs under transformers 4.46 and 5.23.
"""

from collections.abc import Sequence
from typing import Any

import torch

from genspec.backends.transformers.model import ScriptedModel
from genspec.backends.transformers.pool import wrapped
from genspec_reference.model import Model


def hf_model(scripted: Model, vocab_size: int | None = None) -> ScriptedModel:
    """Wrap a model of the reference. `vocab_size`: where it is not an attribute of the model."""
    return wrapped(scripted, vocab_size or scripted.vocab_size)


def hf_generate(model: ScriptedModel, prompt: Sequence[int], **kwargs: Any) -> Any:
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
