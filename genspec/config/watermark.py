"""The options inside watermarking_config. Text: docs/spec/watermark.md (WATERMARK-1)."""

from typing import Any, Literal, NamedTuple

from genspec.config.annotations import predicate
from genspec.config.bounds import REALS, Bounds, at_least, between
from genspec.config.types import Real


class Option(NamedTuple):
    """One option of the greenlist watermark."""

    type: Any
    bounds: Bounds | None
    unset: object                   # what applies when it is not given


OPTIONS = {
    "greenlist_ratio": Option(Real, between(0, 1), 0.25),
    "bias": Option(Real, REALS, 2.0),
    "hashing_key": Option(int, None, 15485863),
    "seeding_scheme": Option(Literal["lefthash", "selfhash"], None, "lefthash"),
    "context_width": Option(int, at_least(1), 1),
}
"""SynthID's options cannot come from a file: transformers takes every object for these."""


def allowed(key: str, value: object) -> bool:
    """Tell whether an option exists and may hold a value."""
    return key in OPTIONS and predicate(OPTIONS[key].type, OPTIONS[key].bounds)(value)
