"""Calls that are placed where no vector stands and none is likely to be drawn, judged as drawn ones are."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from genspec.backends.call import Call
from genspec.conform.cases.drawn import Drawn
from genspec_reference import Scripted, Table

LEVEL = Table((tuple(-token / 64 for token in range(60)),), ())
"""Sixty tokens, each a little less probable than the one before."""


@dataclass(frozen=True)
class Placed(Drawn):
    """A call with the clauses that it shows."""

    shows: tuple[str, ...] = ()

    @property
    def clauses(self) -> tuple[str, ...]:
        """Name the clauses that it shows."""
        return self.shows

    @property
    def boundary(self) -> bool:
        """Say yes: it is there for that."""
        return True


def sampled(config: Mapping[str, Any], seed: int, model: Scripted | Table = LEVEL) -> Call:
    """Give a call that draws 24 tokens."""
    return Call({"do_sample": True, "max_new_tokens": 24, **config}, model, ((0,),), seeds=(seed,))


CALLS: Mapping[str, tuple[tuple[str, ...], Call]] = {
    "default-top-k": (("TOP-K-1", "SAMPLE-1"), sampled({}, 1)),
    "default-top-k-and-a-temperature": (("TOP-K-1", "TEMPERATURE-1"), sampled({"temperature": 2.0}, 2)),
    "no-top-k": (("TOP-K-1", "SAMPLE-1"), sampled({"top_k": 0}, 3)),
    "top-k-of-many": (("TOP-K-2", "SAMPLE-1"), sampled({"top_k": 55}, 4)),
    "default-length": (("LENGTH-4",), Call({}, Scripted("history", 3, 60), ((0, 1, 2),))),
}
"""Of each name the clauses and the call."""


def placed(profile: str) -> tuple[Placed, ...]:
    """Give the calls; they speak of the defaults of transformers."""
    if profile != "hf":
        return ()
    return tuple(Placed(f"placed/{name}", call, shows) for name, (shows, call) in CALLS.items())
