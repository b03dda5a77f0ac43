"""Fakes of LitGPT and KerasHub, whose adapters bring the model: each has a loop of its own, and reads no checkpoint."""

from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np

from genspec import GenerationConfig
from genspec_reference import Table, generate


def module(name: str, **members: Any) -> ModuleType:
    """Make a module."""
    made = ModuleType(name)
    made.__dict__.update(members)
    return made


def litgpt() -> dict[str, ModuleType]:
    """Give the modules of LitGPT."""
    base = module("litgpt.generate.base", generate=greedy_of_litgpt, sample_top_p=lambda scores, p: scores)
    inner = module("litgpt.generate", base=base)
    return {"litgpt": module("litgpt", generate=inner), "litgpt.generate": inner, "litgpt.generate.base": base}


def greedy_of_litgpt(
    model: Any, prompt: Any, max_returned_tokens: int, *, temperature: float, top_k: int | None, top_p: float,
    eos_id: int | None = None, include_prompt: bool = True,
) -> Any:
    """`generate`, at the temperature 0: new tokens, the EOS included."""
    import torch

    assert (temperature, top_k, top_p, include_prompt) == (0.0, None, 1.0, False)
    row = prompt.tolist()
    while len(row) < max_returned_tokens and (len(row) == len(prompt) or row[-1] != eos_id):
        row.append(int(np.argmax(model(torch.tensor(row))[-1].numpy())))
    return torch.tensor(row[len(prompt):])


def keras_hub() -> dict[str, ModuleType]:
    """Give the modules of Keras and KerasHub."""
    ops = SimpleNamespace(
        convert_to_tensor=lambda values, dtype: np.array(values, dtype=dtype), convert_to_numpy=np.asarray,
        take=lambda lines, places, axis: np.take(lines, places, axis=axis),
    )
    samplers = SimpleNamespace(GreedySampler=GreedySampler, BeamSampler=BeamSampler)
    return {"keras": module("keras", ops=ops), "keras_hub": module("keras_hub", samplers=samplers)}


class GreedySampler:
    """Fills the places of a row; behind a stop token they stay as they are."""

    def __call__(self, *, next: Any, prompt: Any, cache: Any, index: int, mask: Any, stop_token_ids: Any) -> Any:
        row = prompt.copy()
        for place in range(index, row.shape[1]):
            assert not mask[0, place]
            row[0, place] = int(np.argmax(next(row, cache, place)[0][0]))
            if row[0, place] in (stop_token_ids or ()):
                break
        return row


class BeamSampler:
    """Searches as specified, and ranks by sums: what is behind a stop token is a token again, and no filler."""

    def __init__(self, num_beams: int, return_all_beams: bool) -> None:
        self.beams = num_beams
        assert return_all_beams

    def __call__(self, *, next: Any, prompt: Any, cache: Any, index: int, mask: Any, stop_token_ids: Any) -> Any:
        row = prompt[0, :index].tolist()
        size = next(prompt, cache, index)[0].shape[1]
        lines = [next(np.array([[token]]), cache, 1)[0][0].tolist() for token in range(size)]
        config = {"num_beams": self.beams, "num_return_sequences": self.beams, "length_penalty": 0.0,
                  "max_length": prompt.shape[1], "eos_token_id": stop_token_ids}
        found = generate(GenerationConfig.from_dict(config), Table(tuple(map(tuple, lines)), ()), row).rows
        whole = [[*one.tokens, *prompt[0, len(one.tokens):].tolist()] for one in found]
        return np.array([whole]), np.array([[one.score for one in found]])
