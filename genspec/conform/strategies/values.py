"""What each field may hold, by its metadata and the setting: the simplest value first."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Literal, get_args, get_origin

from hypothesis import strategies as st

from genspec.config.annotations import predicate, simplified
from genspec.config.bounds import REALS, Bounds
from genspec.config.fields import FIELDS
from genspec.config.types import TokenId
from genspec.config.watermark import OPTIONS
from genspec.conform.strategies.setting import Facts

Values = st.SearchStrategy[Any]

REAL_NUMBERS = (
    0.5, 1.0, 2.0, 0.0, 0.75, 0.25, 1.5, 0.9, 0.1, -1.0, 1.2, 3.0, 0.01, -0.5, 0.999, 5.0, 0.0005, 100.0, -3.0,
)
WHOLE_NUMBERS = (1, 2, 3, 0, 4, 5)

LEFT_OUT: Mapping[str, str] = {
    "max_time": "a call has no clock, so that two runs of it could differ",
    "constraints": "they are Python objects, which a call cannot hold; force_words_ids says the same",
    "assistant_early_exit": "it needs a model that is trained to stop early",
    "use_mtp": "it needs a model with heads for later tokens",
    "speculation_type": "it needs an assistant of one kind",
    "is_assistant": "it makes the decoder a part of another one, which ASSISTED-9 leaves open",
}
"""Fields that no valid config here has, and why."""


@cache
def values_of(name: str, facts: Facts) -> Values:
    """Give the values that a field may have, given some facts. Raises KeyError for a name that is no field."""
    special = SPECIAL.get(name)
    return general(name, facts.vocab_size) if special is None else special(facts)


@cache
def general(name: str, vocab_size: int) -> Values:
    """Give values of a field from its annotation and its range alone."""
    field = FIELDS[name]
    return st.one_of([of_type(part, field.bounds, vocab_size) for part in simplified(field.type)])


def of_type(annotation: Any, bounds: Bounds | None, vocab_size: int) -> Values:
    """Give values of one type."""
    if annotation == TokenId:
        return ids(vocab_size)
    if get_origin(annotation) is Literal:
        return st.sampled_from(get_args(annotation))
    if get_origin(annotation) is list:
        return st.lists(of_type(get_args(annotation)[0], bounds, vocab_size), min_size=1, max_size=3)
    if get_origin(annotation) is dict:
        return st.builds(dict)
    return SIMPLE[annotation](bounds or REALS)


SIMPLE: Mapping[Any, Callable[[Bounds], Values]] = {
    bool: lambda bounds: st.sampled_from((True, False)),
    int: lambda bounds: st.sampled_from([number for number in WHOLE_NUMBERS if number in bounds]),
    float: lambda bounds: st.sampled_from([number for number in REAL_NUMBERS if number in bounds]),
    str: lambda bounds: st.sampled_from(("5.23.0", "")),
}


@cache
def ids(vocab_size: int) -> st.SearchStrategy[int]:
    """Token ids."""
    return st.integers(0, vocab_size - 1)


@cache
def id_lists(vocab_size: int, longest: int = 3) -> st.SearchStrategy[list[int]]:
    """Give lists of one to `longest` token ids."""
    return st.lists(ids(vocab_size), min_size=1, max_size=longest)


def lengths(facts: Facts) -> Values:
    """Give total lengths: mostly beyond the longest prompt, sometimes not."""
    longest = facts.longest
    return st.integers(longest + 1, longest + 6) | st.integers(1, longest + 1)


def top_ks(facts: Facts) -> Values:
    """Give counts of tokens, V and more among them; 0 is off."""
    size = facts.vocab_size
    return st.sampled_from((1, 2, 3, 0, size, size + 1, 50))


def temperatures(facts: Facts) -> Values:
    """Give temperatures above 0."""
    return st.sampled_from((0.5, 2.0, 1.0, 0.1, 1.5, 0.7, 10.0))


def stop_strings(facts: Facts) -> Values:
    """Give texts that rows of these pieces can hold: one, or a list."""
    pieces = facts.pieces or ("a",)
    text = st.lists(st.sampled_from(pieces), min_size=1, max_size=2).map("".join)
    cut = text.map(lambda whole: whole[-2:])
    wanted = (cut | text).filter(bool) if any(pieces) else st.just("a")
    return wanted | st.lists(wanted, min_size=1, max_size=2)


def sequence_biases(facts: Facts) -> Values:
    """Give pairs of a sequence and its bias, as JSON holds them."""
    biases = st.sampled_from((2.0, -2.0, 0.5, -10.0, 8.0))
    pair = st.tuples(id_lists(facts.vocab_size), biases).map(list)
    return st.lists(pair, min_size=1, max_size=3)


def decays(facts: Facts) -> Values:
    """Give a start and a factor."""
    return st.tuples(st.integers(0, 3), st.sampled_from((1.5, 0.5, 2.0, 1.0, 1.05))).map(list)


def watermarks(facts: Facts) -> Values:
    """Give options of a watermark, each within its range."""
    options = {name: st.sampled_from(WATERMARKS[name]) for name in OPTIONS}
    return st.fixed_dictionaries({}, optional=options)


WATERMARKS: Mapping[str, tuple[Any, ...]] = {
    "greenlist_ratio": (0.5, 0.25, 0.75),
    "bias": (2.0, 0.5, -1.0),
    "hashing_key": (15485863, 1, 97),
    "seeding_scheme": ("lefthash", "selfhash"),
    "context_width": (1, 2, 3),
}


def forced_words(facts: Facts) -> Values:
    """Give conditions: sequences of ids, or alternatives of which one must occur."""
    sequence = id_lists(facts.vocab_size, 2)
    return st.lists(sequence | st.lists(sequence, min_size=1, max_size=2), min_size=1, max_size=2)


def dola_layers(facts: Facts) -> Values:
    """Give a half of the model, or numbers of layers."""
    return st.sampled_from(("low", "high")) | st.lists(
        st.integers(0, max(0, facts.layers - 1)), min_size=1, max_size=3, unique=True
    )


def id_or_ids(facts: Facts) -> Values:
    """Give one token id, or a list of them."""
    return ids(facts.vocab_size) | id_lists(facts.vocab_size)


def returned(facts: Facts) -> Values:
    """Give how many rows are returned, where the mode can give more than one."""
    return st.sampled_from((2, 3, 1)) if facts.several else st.just(1)


SPECIAL: Mapping[str, Callable[[Facts], Values]] = {
    "max_new_tokens": lambda facts: st.integers(1, 6),
    "max_length": lengths,
    "min_length": lambda facts: st.integers(0, facts.longest + 6),
    "min_new_tokens": lambda facts: st.integers(0, 7),
    "stop_strings": stop_strings,
    "num_return_sequences": returned,
    "temperature": temperatures,
    "top_k": top_ks,
    "sequence_bias": sequence_biases,
    "exponential_decay_length_penalty": decays,
    "guidance_scale": lambda facts: st.sampled_from((1.5, 2.0, 0.5, 0.0, 1.0, 3.0)),
    "forced_eos_token_id": id_or_ids,
    "bad_words_ids": lambda facts: st.lists(id_lists(facts.vocab_size), min_size=1, max_size=3),
    "watermarking_config": watermarks,
    "force_words_ids": forced_words,
    "forced_decoder_ids": lambda facts: st.tuples(st.integers(1, 3), ids(facts.vocab_size)).map(
        lambda pair: [list(pair)]
    ),
    "dola_layers": dola_layers,
    "max_cache_len": lambda facts: st.integers(64, 128),
    "assistant_confidence_threshold": lambda facts: st.sampled_from((0.4, 0.0, 1.0, 0.2)),
    "repetition_penalty": lambda facts: st.sampled_from((1.5, 2.0, 0.5, 1.2, 1.0, 0.9, 5.0)),
    "encoder_repetition_penalty": lambda facts: st.sampled_from((1.5, 2.0, 0.5, 1.2, 1.0, 0.9, 5.0)),
    "length_penalty": lambda facts: st.sampled_from((0.0, 2.0, 1.0, -1.0, 0.5, -3.0)),
}
"""Fields whose values hang on more than their type and range."""


def accepted(name: str, value: object) -> bool:
    """Tell whether a field may hold a value, whatever else a config has."""
    return predicate(FIELDS[name].type, FIELDS[name].bounds)(value)

