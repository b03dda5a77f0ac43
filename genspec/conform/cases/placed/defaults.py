"""What holds when nothing is set."""

from collections.abc import Mapping
from typing import Any

from genspec.backends.call import Call
from genspec_reference import Scripted, Table

LEVEL = Table((tuple(-token / 64 for token in range(60)),), ())
"""Sixty tokens, each a little less probable than the one before."""


def sampled(config: Mapping[str, Any], seed: int, model: Scripted | Table = LEVEL) -> Call:
    """Give a call that draws 24 tokens."""
    return Call({"do_sample": True, "max_new_tokens": 24, **config}, model, ((0,),), seeds=(seed,))


DEFAULTS: Mapping[str, tuple[tuple[str, ...], Call]] = {
    "default-top-k": (("TOP-K-1", "SAMPLE-1"), sampled({}, 1)),
    "default-top-k-and-a-temperature": (("TOP-K-1", "TEMPERATURE-1"), sampled({"temperature": 2.0}, 2)),
    "no-top-k": (("TOP-K-1", "SAMPLE-1"), sampled({"top_k": 0}, 3)),
    "top-k-of-many": (("TOP-K-2", "SAMPLE-1"), sampled({"top_k": 55}, 4)),
    "a-close-race": (("SAMPLE-1",), sampled({"top_k": 0}, 312)),        # noise of 16 bits draws another token
    "default-length": (("LENGTH-4",), Call({}, Scripted("history", 3, 60), ((0, 1, 2),))),
}
