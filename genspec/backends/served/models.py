"""The models that calls are drawn with where a server has one checkpoint: blocks of it, made for that."""

import json
from dataclasses import asdict

from genspec_reference import Scripted, Table

SIZES = (1, 2, 3, 4, 5, 6, 8, 11, 13, 17, 24, 33)
"""V, as the kit draws it."""


def ends(size: int) -> tuple[int, ...]:
    """Give one EOS id or two."""
    return (size // 2,) if size % 2 else tuple(sorted({1 % size, size - 1}))


DRAWN = tuple(Scripted("table", size, size, eos) for size in SIZES for eos in ((), ends(size)))
"""One of each size without an EOS, and one that favours its own."""


def text_of_model(model: Scripted | Table) -> str:
    """Write a model as the inputs of the kit have it, as JSON."""
    return json.dumps(asdict(model) if isinstance(model, Scripted) else {
        "kind": model.kind, "vocab_size": model.vocab_size, "eos": model.eos, "lines": model.lines})
