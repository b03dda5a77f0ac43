"""The classes of values of each parameter, declared once: a field by what its metadata say, the rest by name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from math import inf, isfinite
from typing import Any

from genspec.config.bounds import Bounds
from genspec.config.field import Field
from genspec.config.fields import FIELDS
from genspec.config.mode import ANY, Mode

Holds = Callable[[Any, int], bool]
"""Whether a value is of a class. The number is V, the size of the vocabulary."""


@dataclass(frozen=True, slots=True)
class Class:
    """A class of values."""

    name: str
    holds: Holds


UNSET, OTHER = "unset", "not of its type"
"""The class of a parameter that nobody sets and that applies all the same, and that of what no other class has."""

OFF: Mapping[str, float] = {
    "temperature": 1, "top_k": 0, "top_p": 1, "min_p": 0, "typical_p": 1, "top_h": 1, "epsilon_cutoff": 0,
    "eta_cutoff": 0, "repetition_penalty": 1, "encoder_repetition_penalty": 1, "no_repeat_ngram_size": 0,
    "encoder_no_repeat_ngram_size": 0, "guidance_scale": 1, "min_length": 0, "min_new_tokens": 0,
    "length_penalty": 0, "diversity_penalty": 0, "frequency_penalty": 0, "presence_penalty": 0, "xtc_threshold": 0,
    "xtc_probability": 0, "dry_multiplier": 0,
}
"""The value with which a parameter changes nothing."""
HUGE, TINY = 16, 0.01
"""From here on a number is extreme."""


def is_number(value: Any) -> bool:
    """Tell whether a value is a number, and no truth value."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def number_class(name: str, holds: Callable[[float], bool]) -> Class:
    """Make a class of numbers."""
    return Class(name, lambda value, _: is_number(value) and holds(value))


def numbers(parameter: str, bounds: Bounds, whole: bool) -> tuple[Class, ...]:
    """Give the classes of a number in a range."""
    off, low, high = OFF.get(parameter), bounds.low, bounds.high
    found = [] if off is None else [number_class("off", lambda value: value == off)]
    if isfinite(low) or isfinite(high):
        found += [number_class("outside", lambda value: value not in bounds)]
    found += [number_class("low end", lambda value: value == low)] if bounds.low_included and off != low else []
    found += [number_class("high end", lambda value: value == high)] if bounds.high_included and off != high else []
    found = [one for one in found if one.name not in ends_without_number(bounds)]
    if whole:
        found += [number_class("one", lambda value: value == 1)] if low < 1 else []
        found += [Class("V or more", lambda value, size: is_number(value) and value >= size > 0)] * (parameter in BY_V)
        return (*found, number_class("inside", lambda value: True))
    if isfinite(high):
        return (*found, number_class("inside", lambda value: True))
    found += [number_class("extreme", lambda value: abs(value) >= HUGE or 0 < abs(value) <= TINY)]
    middle, names = (0.0, ("negative", "positive")) if low < 0 else (1.0, ("below 1", "1 and more"))
    return (*found, number_class(names[0], lambda value: value < middle), number_class(names[1], lambda value: True))


def ends_without_number(bounds: Bounds) -> set[str]:
    """Name the ends of a range that no number has."""
    return {name for name, end in (("low end", bounds.low), ("high end", bounds.high)) if not isfinite(end)}


BY_V = ("top_k", "num_beams", "num_return_sequences", "no_repeat_ngram_size")
"""Counts that mean something else when they reach V."""


def is_list(value: Any) -> bool:
    """Tell whether a value is a list."""
    return isinstance(value, list)


def tokens_in(value: Any) -> list[int]:
    """Give the ids of a value that is one, or a list of them."""
    return value if isinstance(value, list) else [value]


def of_ids(value: Any) -> bool:
    """Tell whether a value is an id, or a list of ids."""
    return all(isinstance(token, int) and not isinstance(token, bool) for token in tokens_in(value))


IDS = (
    Class("empty", lambda value, _: value == []),
    Class("outside V", lambda value, size: of_ids(value) and any(not 0 <= token < size for token in tokens_in(value))),
    Class("repeated", lambda value, _: of_ids(value) and len(set(tokens_in(value))) < len(tokens_in(value))),
    Class("several", lambda value, _: of_ids(value) and len(tokens_in(value)) > 1),
    Class("one", lambda value, _: of_ids(value)),
)
"""The classes of a token id or a list of them."""


def longest(value: Any) -> int:
    """Give the length of the longest sequence of a list; 0 for what has none."""
    rows = value if isinstance(value, list) else []
    first = [row[0] if isinstance(row, list) and row and isinstance(row[0], list) else row for row in rows]
    return max((len(row) for row in first if isinstance(row, list)), default=0)


SEQUENCES = (
    Class("empty", lambda value, _: value in ([], {})),
    Class("one token", lambda value, _: longest(value) == 1 and len(value) == 1),
    Class("several single tokens", lambda value, _: longest(value) == 1),
    Class("sequences", lambda value, _: longest(value) > 1),
)
"""The classes of a list of sequences of tokens, which may have biases."""
BIASES = (
    Class("empty", lambda value, _: value == []),
    Class("one", lambda value, _: is_list(value) and len(value) == 1),
    Class("several", lambda value, _: is_list(value)),
)
"""The classes of a list of tokens with biases."""
SWITCH = (Class("true", lambda value, _: value is True), Class("false", lambda value, _: value is False))
GIVEN = (Class("given", lambda value, _: True),)
"""The class of what has only one."""


def words(*names: str) -> tuple[Class, ...]:
    """Give a class for each word."""
    return tuple(Class(name, partial(is_word, name)) for name in names)


def is_word(name: str, value: object, _: object) -> bool:
    """Tell whether a value is a word."""
    return value == name


PARAMETERS: Mapping[str, tuple[Class, ...]] = {
    "early_stopping": (*SWITCH, *words("never")),
    "stop_strings": (Class("one", lambda value, _: isinstance(value, str) or (is_list(value) and len(value) == 1)),
                     Class("several", lambda value, _: is_list(value) and len(value) > 1)),
    "num_assistant_tokens_schedule": words("constant", "heuristic", "heuristic_transient"),
    "dola_layers": (*words("low", "high"), Class("a list", lambda value, _: is_list(value))),
    "sequence_bias": SEQUENCES, "bad_words_ids": SEQUENCES, "force_words_ids": SEQUENCES, "logit_bias": BIASES,
    "exponential_decay_length_penalty": GIVEN, "forced_decoder_ids": GIVEN, "constraints": GIVEN,
    "frequency_penalty": numbers("frequency_penalty", Bounds(-inf, inf), whole=False),
    "presence_penalty": numbers("presence_penalty", Bounds(-inf, inf), whole=False),
    "top_n_sigma": numbers("top_n_sigma", Bounds(0, inf), whole=False),
    "xtc_threshold": numbers("xtc_threshold", Bounds(0, 1), whole=False),
    "xtc_probability": numbers("xtc_probability", Bounds(0, 1), whole=False),
    "dry_multiplier": numbers("dry_multiplier", Bounds(0, inf), whole=False),
    "mirostat_tau": numbers("mirostat_tau", Bounds(0, inf), whole=False),
    "mirostat_version": (number_class("1", lambda value: value == 1), number_class("2", lambda value: value == 2)),
    "prefix_allowed_tokens": GIVEN,
    "selection": words("the highest", "a race", "several draws"),
}
"""The classes of parameters that are no field, or whose values no rule says."""
SITUATIONS = ("boundary", "exact", "tie", "masked", "all-masked", "small-vocabulary", "repeated-ids", "zero-score",
              "negative-scores")
"""Flags of vectors that are classes of a parameter: what its value meets."""


@cache
def classes_of(parameter: str) -> tuple[Class, ...]:
    """Give the classes of a parameter: the first one that holds is that of a value."""
    if parameter in PARAMETERS:
        return PARAMETERS[parameter]
    return of_field(FIELDS[parameter])


def of_field(field: Field) -> tuple[Class, ...]:
    """Give the classes of a field by its type and its range."""
    annotation = str(field.type)
    if "token id" in annotation:
        return IDS if "list" in annotation else tuple(one for one in IDS if one.name in ("outside V", "one"))
    if field.bounds is not None:
        return numbers(field.name, field.bounds, whole="float" not in annotation)
    return SWITCH if "bool" in annotation else GIVEN


@cache
def acts(parameter: str, modes: frozenset[Mode] = ANY) -> bool:
    """Tell whether a parameter can change what is returned in some of the modes: others have no classes."""
    return parameter not in FIELDS or bool(FIELDS[parameter].modes & modes)


def class_of(parameter: str, value: Any, size: int) -> str:
    """Name the class of a value."""
    return next((one.name for one in classes_of(parameter) if one.holds(value, size)), OTHER)
