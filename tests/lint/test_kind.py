"""What a file of this name is taken for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genspec.config.custom_keys import CUSTOM
from genspec.lint.kind import KEYS, Kind, buried, classify, is_custom

NAMES = st.sampled_from([*sorted(KEYS)[:9], "temperature", "x", "max_tokens", "_c", ""])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize(
    "value",
    [
        {"temperature": 0.7},
        {"transformers_version": "4.40.0"},
        {"_from_model_config": True, "architectures": ["GPT2LMHeadModel"]},
        {"temperature": 0.7, "strategy": "x"},
        {"temperature": 0.7, "max_tokens": 5, "stop": ["x"], "seed": 1, "frequency_penalty": 0},
        {"eos_token_id": 2, "_comment": "x", "_note": "y", "$schema": "z"},
        {"eos_token_id": 2, "alignment_heads": [], "lang_to_id": {}, "task_to_id": {}},
        {"do_sampling": True, "topP": 0.9, "MAX_LENGTH": 3},
        {"num_beams": None},
        {"_from_model_config": None, "model": "m", "prompt": "p"},
        {"temperature": 0.7, "top_p": 1, "model": "m", "prompt": "p"},     # half of the keys
        {"topP": 0.9, "width": 3},
        {"topP": 0.9, "_a": 1, "_b": 2, "$schema": "z"},
    ],
)
def test_generation_configs(value):
    assert classify(value) is Kind.GENERATION


def test_another_programs_settings_with_a_few_fields_are_mixed():
    assert classify({"temperature": 0.7, "model": "m", "prompt": "p"}) is Kind.MIXED
    assert classify({"temperature": 0.7, "architectures": ["A"], "model_type": "m"}) is Kind.MIXED
    assert classify({"temperature": None, "model": {"top_p": 1}, "prompt": "p"}) is Kind.MIXED


@pytest.mark.parametrize(
    "value",
    [
        {"sampling": {"temperature": 0.7}},
        {"models": [{"name": "a"}, {"name": "b", "temperature": 0.7}]},
        [{"temperature": 0.7}],
        {"version": 1, "default": {"max_new_tokens": 5, "max_length": 9}},
        {"form": {"max_length": 80, "top_k": 1}}, [3, {"max_length": 80, "top_k": 1}],
    ],
)
def test_fields_one_level_down(value):
    assert classify(value) is Kind.NESTED


@pytest.mark.parametrize(
    "value",
    [
        {}, [], None, 3, 0.5, True, "text", {"width": 3}, {"_comment": {"temperature": 0.7}},
        {"a": {"b": {"temperature": 0.7}}}, [[{"temperature": 0.7}]], {"seed": 1, "n": 3},
        {"columns": [{"name": "title", "max_length": 80, "constraints": ["unique"]}]},
        {"form": {"max_length": 80, "min_length": 1, "max_time": 3}}, {"topP": 0.9, "width": 3, "height": 4},
    ],
)
def test_something_else(value):
    assert classify(value) is Kind.FOREIGN


@given(JSON)
def test_every_json_value_has_a_kind(value):
    assert classify(value) in Kind
    assert (classify(value) is Kind.NESTED) <= bool(buried(value))


def test_inner_objects_are_found_with_their_place_and_fields():
    value = {"a": 1, "models": [{"x": 1}, {"top_k": 3, "temperature": 0.5}], "s": {"top_p": 0.9}}
    assert buried(value) == [(("models", 1), ["top_k", "temperature"]), (("s",), ["top_p"])]
    assert buried([{"x": 1}, {"top_p": 1}]) == [((1,), ["top_p"])]


@pytest.mark.parametrize("key", ["watermarking_config", "cache_config", "semantic_config", "_comment", "sequence_bias"])
def test_objects_that_belong_are_not_searched(key):
    assert buried({key: {"temperature": 0.7}}) == []


@pytest.mark.parametrize("key", [
    "alignment_heads", "chat_format", "user_token_id", "depth_decoder_temperature", "codec_top_k",
])
def test_keys_of_model_families_are_known(key):
    assert is_custom(key)


@pytest.mark.parametrize("key", ["", "codec", "depth_decoder", "xcodec_top_k", "alignment_head", "temperature"])
def test_other_keys_are_not_taken_for_those_of_a_family(key):
    assert not is_custom(key)


def test_no_field_is_listed_as_a_custom_key():
    assert not KEYS & CUSTOM.keys()
