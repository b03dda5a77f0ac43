"""What rules ask of the dialect of an engine: the options of a version, and which one is meant by another name."""

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from genspec.config.suggest import KEYS, foreign
from genspec.lint.target import Target, is_within

if TYPE_CHECKING:
    from genspec.dialects import Dialect, Option

CLOSE = 0.84
"""How much of two names must agree, of 1, for one to be a slip for the other."""


class Range(NamedTuple):
    """The numbers that an engine takes for an option; None is no bound."""

    least: float | None
    greatest: float | None
    refused: tuple[float, ...] = ()         # within the bounds
    off: object = None                      # what switches the option off


@cache
def dialect_of(engine: str) -> "Dialect":
    """Return the dialect of an engine. Files in the words of transformers do without."""
    from genspec.dialects import dialect_named

    return dialect_named(engine)


@cache
def ranges_of(target: Target) -> dict[str, Range]:
    """Return the options that a version of an engine has, each with its range."""
    dialect = dialect_of(target.engine)
    found = {option.name: range_of(option, target) for option in dialect.options if not option.section}
    for own in dialect.own:
        gone = bool(own.until) and is_within(target.version, f">={own.until}")
        if not gone and (not own.since or is_within(target.version, f">={own.since}")):
            found[own.name] = Range(own.least, own.greatest)
    return found


def range_of(option: "Option", target: Target) -> Range:
    """Return what a version takes for an option."""
    least = option.least if option.floor is None else option.floor
    bounded = not option.greatest_since or is_within(target.version, f">={option.greatest_since}")
    return Range(least, option.greatest if bounded else None, option.refused, option.off)


@cache
def ends_with_the_tokenizer(engine: str) -> bool:
    """Tell whether an engine ends rows with the EOS of the tokenizer, too; transformers has those of its file alone."""
    from genspec.dialects import NAMES, SERVED

    return engine in (*NAMES, *SERVED) and dialect_of(engine).tokenizer_eos


@cache
def removed_from(target: Target) -> frozenset[str]:
    """Return the options that an engine had before a version."""
    own = dialect_of(target.engine).own
    return frozenset(one.name for one in own if one.until and is_within(target.version, f">={one.until}"))


@cache
def meant_by(key: str, target: Target) -> str | None:
    """Return the option that is meant by another name: by that of a field, of another engine, or by a slip."""
    known = ranges_of(target)
    theirs = foreign(key)
    field = key if key in KEYS else theirs.field if theirs is not None else None
    option = dialect_of(target.engine).option(field) if field else None
    if option is not None:
        return option.name if option.name != key else None
    small = "".join(f"_{char.lower()}" if char.isupper() else char for char in key.replace("-", "_")).strip("_")
    joined = {name.replace("_", ""): name for name in known} | {name: name for name in known}
    if small in joined:
        return joined[small]
    from difflib import get_close_matches  # most options are spelt right

    return next(iter(get_close_matches(small, sorted(known), 1, CLOSE)), None) if len(small) > 4 else None
