"""What a file called `generation_config.json` turns out to be."""

from enum import StrEnum

from genspec.config.custom_keys import CUSTOM, CUSTOM_PREFIXES
from genspec.config.suggest import KEYS, foreign, respelled
from genspec.lint.finding import Pointer

COMMENTS = ("_", "$")
"""Keys that start so say something about the file: `_comment`, `$schema`."""

VAGUE = frozenset({"constraints", "max_length", "min_length", "max_time"})
"""Fields whose names are everyday words: alone, they do not make a nested object a generation config."""

METADATA = frozenset({"transformers_version", "_from_model_config"})
"""Keys that transformers itself writes: a file with one of them is a generation config, whatever else it holds."""


class Kind(StrEnum):
    """How far a document is a generation config."""

    GENERATION = "generation"       # a generation config
    MIXED = "mixed"                 # another program's settings, with some generation fields among them
    NESTED = "nested"               # no field at the top, but some one level down, where no engine looks
    FOREIGN = "foreign"             # something else


def classify(value: object) -> Kind:
    """Tell what a JSON value is."""
    if not isinstance(value, dict):
        return Kind.NESTED if buried(value) else Kind.FOREIGN
    if not METADATA.isdisjoint(value):
        return Kind.GENERATION
    known, unknown = counts(value)
    if known:
        return Kind.GENERATION if known >= unknown else Kind.MIXED
    if buried(value):
        return Kind.NESTED
    return Kind.GENERATION if mostly_misspelt(value) else Kind.FOREIGN


def counts(members: dict[str, object]) -> tuple[int, int]:
    """Count the keys that are generation fields and those that are not.

    Keys with an underscore in front are comments, and keys of other engines say nothing either way.
    """
    known = sum(key in KEYS for key in members)
    others = (key for key in members if key not in KEYS and key not in CUSTOM and not key.startswith(COMMENTS))
    return known, sum(foreign(key) is None for key in others)


def mostly_misspelt(members: dict[str, object]) -> bool:
    """Tell whether at least half of the keys are fields in another spelling, as `topP` is."""
    names = [key for key in members if not key.startswith(COMMENTS)]
    return bool(names) and sum(respelled(key) is not None for key in names) * 2 >= len(names)


def is_custom(key: str) -> bool:
    """Tell whether the code of a known model family reads this key."""
    return key in CUSTOM or key.startswith(CUSTOM_PREFIXES)


def buried(value: object) -> list[tuple[Pointer, list[str]]]:
    """Find the objects one level down that hold generation fields, each with the fields in it.

    One level down is: in the list that the document is, under a key, or in a list under a key.
    """
    if isinstance(value, list):
        inner: list[tuple[Pointer, object]] = [((index,), item) for index, item in enumerate(value)]
    elif isinstance(value, dict):
        inner = [place for key, member in value.items() if may_hold_others(key) for place in below(key, member)]
    else:
        return []
    held = ((pointer, fields_of(member)) for pointer, member in inner)
    return [(pointer, fields) for pointer, fields in held if not VAGUE.issuperset(fields)]


def may_hold_others(key: str) -> bool:
    """Tell whether nobody reads an object under this key: comments, fields and known keys have objects of their own."""
    return not key.startswith(COMMENTS) and key not in KEYS and key not in CUSTOM


def below(key: str, member: object) -> list[tuple[Pointer, object]]:
    """Return the objects under one key, whether the key holds one or a list of them."""
    if isinstance(member, list):
        return [((key, index), item) for index, item in enumerate(member)]
    return [((key,), member)]


def fields_of(value: object) -> list[str]:
    """Return the keys of an object that are generation fields, in their order."""
    return [key for key in value if key in KEYS] if isinstance(value, dict) else []
