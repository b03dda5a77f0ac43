"""From the fields of a config to the options of an engine, by its dialect."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from genspec.dialects.dialect import Dialect, Option


class Unspoken(Exception):
    """A value that a dialect has no word for; the message names the field and the reason."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a value may depend on besides itself."""

    prompt_length: int = 0              # tokens
    vocab_size: int = 0                 # tokens
    text_of: Callable[[int], str] = str     # of a token, for engines that take texts


def spelled(dialect: Dialect, values: Mapping[str, Any], facts: Facts) -> dict[str, Any]:
    """Give the options of an engine for fields and their values. Raises `Unspoken`.

    `values`: what applies, field by field; None is a field that is not set. A field without an option is refused.
    """
    options: dict[str, Any] = dict(dialect.always)
    for name, value in values.items():
        option = dialect.option(name)
        if option is None:
            raise Unspoken(f"{dialect.title} has no word for `{name}`")
        said = None if value is None else written(dialect, option, value, facts)
        if said is not None:
            options[option.name] = said
        elif option.off is not None:
            options[option.name] = option.off
    return options


def written(dialect: Dialect, option: Option, value: Any, facts: Facts) -> Any:
    """Rewrite one value. Raises `Unspoken` for one that the engine does not take."""
    try:
        said = SPELLINGS[option.spelling](value, facts)
    except Unspoken as reason:
        raise Unspoken(f"{dialect.title} has no word for `{option.field}` = {value!r}: {reason}") from None
    if isinstance(said, int | float) and (
        (option.least is not None and said < option.least) or (option.greatest is not None and said > option.greatest)
    ):
        raise Unspoken(f"`{option.field}` = {value!r} is beyond the range of `{option.name}` in {dialect.title}")
    return said


def as_list(value: Any, facts: Facts) -> list[Any]:
    """Give one id, or several, as a list."""
    return [value] if isinstance(value, int) else list(value)


def texts(value: Any, facts: Facts) -> list[str]:
    """Give the texts of one id, or of several."""
    return [facts.text_of(token) for token in as_list(value, facts)]


def one(value: Any, facts: Facts) -> int:
    """Give the only one of some ids. Raises `Unspoken`."""
    if isinstance(value, int):
        return value
    if len(value) == 1:
        return int(value[0])
    raise Unspoken("it takes one id")


def lists_of_texts(value: Any, facts: Facts) -> list[list[str]]:
    """Give the texts of lists of ids."""
    return [texts(one, facts) for one in value]


def less_the_prompt(value: Any, facts: Facts) -> int:
    """Turn a length of the whole row into one of new tokens, 0 at least."""
    return max(int(value) - facts.prompt_length, 0)


def with_the_prompt(value: Any, facts: Facts) -> int:
    """Turn a number of new tokens into the length of the whole row."""
    return int(value) + facts.prompt_length


def within_the_vocabulary(value: Any, facts: Facts) -> int:
    """Bring a count of tokens down to V."""
    return min(int(value), facts.vocab_size)


def off_from_the_vocabulary_on(value: Any, facts: Facts) -> int:
    """Leave a count that no vocabulary exceeds out: 0 is off."""
    return int(value) if int(value) < facts.vocab_size else 0


def none_for_0(value: Any, facts: Facts) -> Any:
    """Leave the option out for 0, which is off."""
    return value or None


def none_for_1(value: Any, facts: Facts) -> Any:
    """Leave the option out for 1, which is off."""
    return None if value == 1 else value


def minus_1_for_0(value: Any, facts: Facts) -> int:
    """Say off, which is 0, as -1."""
    return int(value) or -1


def list_of_texts(value: Any, facts: Facts) -> list[str]:
    """Give one text, or several, as a list."""
    return [value] if isinstance(value, str) else list(value)


def stop_criteria(value: Any, facts: Facts) -> str:
    """Say `early_stopping` as the name of a criterion."""
    return {True: "EARLY", False: "HEURISTIC"}.get(value, "NEVER")


def true_or_false(value: Any, facts: Facts) -> bool:
    """Say `early_stopping` as a truth value. Raises `Unspoken`."""
    if value is True or value is False:
        return value
    raise Unspoken("a row ends early or by a bound, and not never")


def patience(value: Any, facts: Facts) -> float:
    """Say `early_stopping` by how many times `num_beams` hypotheses are to be finished. Raises `Unspoken`."""
    if value is True:
        return 1.0
    if value == "never":
        return 1000.0
    raise Unspoken("a row ends after so many hypotheses, or never before its length")


SPELLINGS: Mapping[str, Callable[[Any, Facts], Any]] = {
    "same": lambda value, facts: value,
    "list": as_list,
    "set": lambda value, facts: {*as_list(value, facts)},
    "texts": texts,
    "one": one,
    "lists of texts": lists_of_texts,
    "less the prompt": less_the_prompt,
    "with the prompt": with_the_prompt,
    "within the vocabulary": within_the_vocabulary,
    "0 from the vocabulary on": off_from_the_vocabulary_on,
    "none for 0": none_for_0,
    "none for 1": none_for_1,
    "-1 for 0": minus_1_for_0,
    "list of texts": list_of_texts,
    "patience": patience,
    "stop criteria": stop_criteria,
    "true or false": true_or_false,
}
"""The ways to rewrite a value, by their names in a dialect."""
