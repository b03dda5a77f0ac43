"""Which model a checkpoint holds, as plain values."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from genspec.backends.checkpoints import KINDS
from genspec.backends.checkpoints.models import EncoderDecoder, History, lines_of
from genspec.config.plan import Architecture
from genspec_reference import Scripted, Table

MOST_TOKENS = {"bigram": 1023, "history": 1023, "encoder-decoder": 255}
"""The width grows with V, and the file with its square: these make 40 MB and 25 MB."""

BOUNDS = {"bigram": 0.0, "history": 2.0**-17, "encoder-decoder": 2.0**-17}
"""How far a logit of a float32 engine may be from the model's, in units of the table's largest logit."""

CONTEXT = 1024
"""The most tokens of a row."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A kind of model, and the bigram table that it is made of."""

    kind: str
    table: Scripted | Table

    def __post_init__(self) -> None:
        """Raise ValueError for a kind that is not known, or a table that no checkpoint holds."""
        if self.kind not in KINDS:
            raise ValueError(f"a checkpoint is one of {', '.join(KINDS)}, not {self.kind!r}")
        if self.vocab_size > MOST_TOKENS[self.kind]:
            raise ValueError(f"V is at most {MOST_TOKENS[self.kind]} in a checkpoint of the kind {self.kind}, not "
                             f"{self.vocab_size}: its width grows with V")
        lines_of(self.table)

    @property
    def vocab_size(self) -> int:
        """Return V."""
        return self.table.vocab_size

    @property
    def eos(self) -> tuple[int, ...]:
        """Return the ids that end a row; none is a model whose rows end by length."""
        return self.table.eos

    @property
    def architecture(self) -> Architecture:
        """Return what genspec resolves a config for."""
        return "encoder-decoder" if self.kind == "encoder-decoder" else "decoder-only"

    @property
    def bound(self) -> float:
        """Return the most by which a logit of a float32 engine may differ."""
        return BOUNDS[self.kind] * float(np.abs(lines_of(self.table)).max())

    @property
    def room(self) -> int:
        """Return how many tokens the width has room for: a power of 4 above V, so that square roots are exact."""
        return next(size for size in (64, 256, 1024) if size > self.vocab_size)

    @property
    def width(self) -> int:
        """Return the width of the layers: an encoder-decoder has two axes a token."""
        return 2 * self.room if self.kind == "encoder-decoder" else self.room

    @property
    def model(self) -> Scripted | Table | History | EncoderDecoder:
        """Return the reference's model, a function from tokens to float64[V]."""
        if self.kind == "bigram":
            return self.table
        return History(self.table) if self.kind == "history" else EncoderDecoder(self.table)

    @property
    def data(self) -> dict[str, Any]:
        """Return what JSON keeps."""
        return {"kind": self.kind, "table": asdict(self.table), "bound": self.bound}


def checkpoint_from(data: Mapping[str, Any]) -> Checkpoint:
    """Read what JSON kept. Raises KeyError, TypeError or ValueError for anything else."""
    given = {**data["table"], "eos": tuple(data["table"]["eos"])}
    if given["kind"] == "lines":
        return Checkpoint(data["kind"], Table(tuple(map(tuple, given["lines"])), given["eos"]))
    return Checkpoint(data["kind"], Scripted(**given))
