"""Why a value is refused. Text: docs/spec/config.md (CONFIG-3, CONFIG-4)."""

import json
import math
from typing import Annotated, Any, Literal, get_args, get_origin

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, ValidationError

from genspec.config.annotations import positions
from genspec.config.fields import FIELDS, GenerationFields
from genspec.config.types import Real, TokenId
from genspec.config.values import expected, fault, matches, reason_against, shown

FIXED = {"sequence_bias", "exponential_decay_length_penalty", "forced_decoder_ids"}
"""Fields with lists of fixed length, whose form pydantic does not know: it only sees a list."""


class Strict(GenerationFields, BaseModel):
    """The fields under pydantic alone."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", allow_inf_nan=False)


def accepted_by_pydantic(name: str, value: object) -> bool:
    """Tell whether pydantic takes the value for the field."""
    try:
        Strict(**{name: value})
    except ValidationError:
        return False
    return True


scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.integers(-2, 3), st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([10**30, 10**400, 1.0, 2.0, -0.0]), st.text(max_size=5),
    st.sampled_from(["never", "low", "static", "constant", "dflash", "true", "0.7", "\ud800"]),
)
json_values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


def values_of(annotation: Any) -> st.SearchStrategy[Any]:
    """Draw values that have a type."""
    origin, parts = get_origin(annotation), get_args(annotation)
    if annotation in SCALARS:
        return SCALARS[annotation]
    if origin is Literal:
        return st.sampled_from(parts)
    if origin in (list, tuple, dict) or positions(annotation):
        return containers_of(annotation)
    return values_of(parts[0]) if origin is Annotated else st.one_of([values_of(part) for part in parts])


SCALARS: dict[Any, st.SearchStrategy[Any]] = {
    Any: json_values, bool: st.booleans(), int: st.integers(), str: st.text(max_size=5), type(None): st.none(),
    float: st.floats(allow_nan=False, allow_infinity=False),
}


def containers_of(annotation: Any) -> st.SearchStrategy[Any]:
    """Draw lists, tuples and mappings that have a type, some with an item that has not."""
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is dict:
        keys = st.text(max_size=3) if parts[0] is str else st.lists(st.integers(-1, 5) | scalars, max_size=3).map(tuple)
        return st.dictionaries(keys, mostly(parts[1]), max_size=3)
    fixed = positions(annotation)
    drawn = st.tuples(*map(mostly, fixed)).map(list) if fixed else st.lists(mostly(parts[0]), max_size=4)
    return drawn.map(tuple) if origin is tuple else drawn


def mostly(annotation: Any) -> st.SearchStrategy[Any]:
    """Draw values that have a type, and now and then any other."""
    return st.integers(0, 9).flatmap(lambda n: values_of(annotation) if n else json_values)


names_and_values = st.sampled_from(sorted(FIELDS)).flatmap(
    lambda name: st.tuples(st.just(name), json_values | mostly(FIELDS[name].type))
)


@given(names_and_values)
def test_types_are_those_of_strict_pydantic(drawn: tuple[str, Any]) -> None:
    name, value = drawn
    ours, theirs = matches(FIELDS[name].type, value), accepted_by_pydantic(name, value)
    half_a_pair = "\\ud800" in repr(value)      # pydantic takes what no UTF-8 file can hold
    assert ours == theirs or (theirs and (name in FIXED or half_a_pair)), (name, value, ours, theirs)


@given(names_and_values)
def test_what_is_allowed_pydantic_builds(drawn: tuple[str, Any]) -> None:
    name, value = drawn
    if reason_against(name, value) is None:
        assert accepted_by_pydantic(name, value), (name, value)


@given(names_and_values)
def test_a_reason_is_short_complete_and_printable(drawn: tuple[str, Any]) -> None:
    name, value = drawn
    reason, found = reason_against(name, value), fault(name, value)
    assert (reason is None) == (found is None)
    if reason is not None and found is not None:
        assert (reason.field, reason.value) == (name, value)
        assert reason.clause in (FIELDS[name].clause, "CONFIG-3", "CONFIG-4")
        assert reason.message.endswith(".") and reason.remedy.endswith(".")
        assert len(str(reason).encode()) < 900 and "\n" not in str(reason)
        assert (found.bounds is None) == (not matches(FIELDS[name].type, value)), reason     # the type comes first
        assert isinstance(value, dict) or value_at(value, found.path) is found.value


def value_at(value: Any, path: tuple[Any, ...]) -> Any:
    """Follow a path of indices into a value."""
    return value_at(value[path[0]], path[1:]) if path else value


@given(names_and_values)
def test_what_json_gives_back_is_allowed_as_before(drawn: tuple[str, Any]) -> None:
    name, value = drawn
    if reason_against(name, value) is None and (name != "sequence_bias" or isinstance(value, list)):
        assert reason_against(name, json.loads(json.dumps(value))) is None, (name, value)


@pytest.mark.parametrize(("annotation", "value", "fits"), [
    (int, True, False), (int, 1.0, False), (int, 1, True), (float, 1, True), (float, True, False), (Real, 1, True),
    (Real, "1", False), (bool, 1, False), (bool, True, True), (str, "a", True), (str, b"a", False),
    (TokenId, 3, True), (TokenId, True, False), (Any, object(), True), (None, None, True), (int | None, None, True),
    (Literal["never"], "never", True), (Literal["never"], "Never", False), (Literal[1], True, False),
    (list[int], [1, 2], True), (list[int], (1, 2), False), (list[int], [1, True], False), (list[int], [], True),
    (tuple[int, ...], (1, 2), True), (tuple[int, Real], (1, 2.5), True), (tuple[int, Real], (1,), False),
    (dict[str, int], {"a": 1}, True), (dict[str, int], {1: 1}, False), (dict[str, Any], {"a": [object()]}, True),
    (dict[tuple[TokenId, ...], Real], {(1, 2): 0.5}, True), (dict[tuple[TokenId, ...], Real], {"1": 0.5}, False),
])
def test_matches(annotation: Any, value: object, fits: bool) -> None:
    assert matches(annotation, value) is fits


@pytest.mark.parametrize(("annotation", "name"), [
    (Real | None, "a number"), (int, "an integer"), (bool | Literal["never"] | None, 'true, false or "never"'),
    (TokenId | list[TokenId] | None, "a token id or a list of token ids"),
    (list[list[TokenId]], "a list of lists of token ids"), (dict[str, Any], "an object"),
    (tuple[int, Real], "a pair of an integer and a number"),
    (Literal["low", "high"] | list[int], '"low", "high" or a list of integers'), (list[Any], "a list of values"),
    (str | list[str], "a string or a list of strings"),
])
def test_expected(annotation: Any, name: str) -> None:
    assert expected(annotation) == name


@pytest.mark.parametrize(("name", "value", "text"), [
    ("top_p", 1.5,
     "top_p: 1.5 is outside the range [0, 1]. Choose a number from 0 to 1, or remove the field: 1.0 applies then. "
     "[TOP-P-1]"),
    ("temperature", "0.7", 'temperature: "0.7" is a string, not a number. Write 0.7 without quotes. [CONFIG-3]'),
    ("do_sample", "False", 'do_sample: "False" is a string, not true or false. Write false without quotes. [CONFIG-3]'),
    ("top_k", 50.0, "top_k: 50.0 is a real number, not an integer. Write 50. [CONFIG-3]"),
    ("pad_token_id", -1,
     "pad_token_id: -1 is outside the range [0, inf). Choose a token id of at least 0, or remove the field. "
     "[TOKENS-3]"),
    ("early_stopping", 1,
     'early_stopping: 1 is an integer, not true, false or "never". Write one of these, or remove the field: false '
     "applies then. [BEAMS-2]"),
    ("eos_token_id", [2, "5"],
     'eos_token_id: "5" at /1 is a string, not a token id. Write 5 without quotes. [CONFIG-3]'),
    ("eos_token_id", [-2, "x"],
     'eos_token_id: "x" at /1 is a string, not a token id. Write a token id, or remove the item. [CONFIG-3]'),
    ("bad_words_ids", [[3], [-4]],
     "bad_words_ids: -4 at /1/0 is outside the range [0, inf). Choose a token id of at least 0, or remove the item. "
     "[BAD-WORDS-1]"),
    ("bad_words_ids", [3],
     "bad_words_ids: 3 at /0 is an integer, not a list of token ids. Write a list of token ids, or remove the item. "
     "[CONFIG-3]"),
    ("sequence_bias", [[[1, -2], 3.5]],
     "sequence_bias: -2 at /0/0/1 is outside the range [0, inf). Choose a token id of at least 0, or remove the item. "
     "[SEQUENCE-BIAS-1]"),
    ("epsilon_cutoff", 3,
     "epsilon_cutoff: 3 is outside the range [0, 1). Choose a number of at least 0 and below 1, or remove the field: "
     "0.0 applies then. [EPSILON-CUTOFF-1]"),
    ("length_penalty", math.inf,
     "length_penalty: Infinity is not a finite number. Choose a number that is finite, or remove the field: 1.0 "
     "applies then. [CONFIG-4]"),
    ("stop_strings", ["\ud800"],
     'stop_strings: "\\ud800" at /0 is no Unicode text: it has half of a surrogate pair. Write a string, or remove the '
     "item. [CONFIG-3]"),
    ("typical_p", 0,
     "typical_p: 0 is outside the range (0, 1]. Choose a number above 0 and at most 1, or remove the field: 1.0 "
     "applies then. [TYPICAL-P-1]"),
    ("assistant_ensemble_weight", 1,
     "assistant_ensemble_weight: 1 is outside the range (0, 1). Choose a number above 0 and below 1, or remove the "
     "field. [ASSISTED-6]"),
    ("repetition_penalty", 0,
     "repetition_penalty: 0 is outside the range (0, inf). Choose a number above 0, or remove the field: 1.0 applies "
     "then. [REPETITION-PENALTY-1]"),
    ("top_p", "1.5",        # not "write 1.5": that is out of range
     'top_p: "1.5" is a string, not a number. Write a number, or remove the field: 1.0 applies then. [CONFIG-3]'),
    ("top_p", " 0.5 ", 'top_p: " 0.5 " is a string, not a number. Write 0.5 without quotes. [CONFIG-3]'),
    ("num_beams", "two",
     'num_beams: "two" is a string, not an integer. Write an integer, or remove the field: 1 applies then. [CONFIG-3]'),
    ("dola_layers", "mid",
     'dola_layers: "mid" is not "low", "high" or a list of integers. Write one of these, or remove the field. '
     "[DOLA-1]"),
    ("dola_layers", ["low"],
     'dola_layers: "low" at /0 is a string, not an integer. Write an integer, or remove the item. [DOLA-1]'),
    ("exponential_decay_length_penalty", [1],
     "exponential_decay_length_penalty: [1] is not a pair of an integer and a number. Write a pair of an integer and a "
     "number, or remove the field. [CONFIG-3]"),
    ("exponential_decay_length_penalty", [1, 2.0, 3],
     "exponential_decay_length_penalty: [1, 2.0, 3] is not a pair of an integer and a number. Write a pair of an "
     "integer and a number, or remove the field. [CONFIG-3]"),
    ("force_words_ids", [[3], 4],
     "force_words_ids: 4 at /1 is an integer, not a list of token ids or a list of lists of token ids. "
     "Write a list of token ids or a list of lists of token ids, or remove the item. [CONFIG-3]"),
    ("sequence_bias", {(1, -2): 1.0},
     "sequence_bias: -2 at /(1, -2)/1 is outside the range [0, inf). Choose a token id of at least 0, or remove the "
     "item. [SEQUENCE-BIAS-1]"),
])
def test_the_reason_says_value_range_and_way_out(name: str, value: object, text: str) -> None:
    assert str(reason_against(name, value)) == text


def test_an_integer_too_long_to_write_is_refused_in_words() -> None:
    assert str(reason_against("max_new_tokens", 10**5000)) == (
        "max_new_tokens: an integer of about 5001 digits is larger than any float64. Choose an integer of at least 1, "
        "or remove the field. [CONFIG-4]"
    )


def test_a_closed_set_is_refused_by_the_clause_that_lists_it() -> None:
    reason = reason_against("cache_implementation", "dynamo")
    assert reason is not None and reason.clause == "CACHE-2" and '"static"' in reason.message


def test_a_name_that_is_no_field_is_an_error_of_the_caller() -> None:
    with pytest.raises(KeyError):
        reason_against("top", 1)


@pytest.mark.parametrize(("value", "text"), [
    ("x" * 1000, '"' + "x" * 40 + "..." + "x" * 12 + '"'),
    ("x" * 60, '"' + "x" * 60 + '"'),
    ("x" * 61, '"' + "x" * 40 + "..." + "x" * 12 + '"'),
    (2**80 - 1, "1208925819614629174706175"),
    (2**80, "an integer of about 25 digits"),
    (-(2**80), "an integer of about 25 digits"),
    (dict.fromkeys("edcba", 1), '{"a": 1, "b": 1, "c": 1, "d": 1, ...}'),
    ((1, 2), "(1, 2)"),
    (list(range(1000)), "[0, 1, 2, 3, 4, 5, ...]"),
    ([[[[1]]]], "[[[[...]]]]"),
    ({"a": True, "b": None}, '{"a": true, "b": null}'),
    (10**30, "an integer of about 31 digits"),
    (object(), "<object>"),
    ("é\n\ud800", '"é\\n\\ud800"'),
])
def test_shown_is_short_and_on_one_line(value: object, text: str) -> None:
    assert shown(value) == text


def test_a_list_inside_itself_is_refused_without_going_round() -> None:
    endless: list[object] = []
    endless.append(endless)
    assert str(reason_against("bad_words_ids", endless)).startswith("bad_words_ids: ")
