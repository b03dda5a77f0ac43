"""Conversion: what an engine is told means the same to it, and all that does not is said."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genspec.config import GenerationConfig, Rejected
from genspec.dialects import NAMES, SERVED, dialect_named
from genspec.dialects.convert import converted

ENGINES = pytest.mark.parametrize("engine", [*NAMES, *SERVED])
SAMPLED = {"do_sample": True, "temperature": 0.7, "top_k": 20, "top_p": 0.9, "max_new_tokens": 64}


def convert(engine, **values):
    return converted(GenerationConfig.from_dict(values), dialect_named(engine))


@ENGINES
def test_every_field_that_is_set_is_spelled_or_lost(engine):
    values = {**SAMPLED, "repetition_penalty": 1.1, "no_repeat_ngram_size": 3, "eos_token_id": [2, 5], "min_p": 0.1}
    result = convert(engine, **values)
    lost = {loss.field for loss in result.losses}
    for name, value in values.items():
        option = result.dialect.option(name)
        spoken = option is not None and result.options.get(option.name) is not None
        assert spoken or name in lost or name == "do_sample", (name, value, result)


@ENGINES
def test_a_default_that_acts_is_switched_off(engine):
    result = convert(engine, do_sample=True, top_k=0, temperature=1.0, max_new_tokens=8)
    for option in result.dialect.options:
        acts = option.off is not None and option.default not in (None, option.off)
        if acts and option.field in ("top_k", "top_p", "min_p", "typical_p"):
            assert result.options[option.name] == option.off, option


@pytest.mark.parametrize(("engine", "options"), [
    ("vllm", {"max_tokens": 8, "temperature": 0.0}), ("openai", {"max_completion_tokens": 8, "temperature": 0.0}),
    ("tgi", {"max_new_tokens": 8, "do_sample": False}), ("ollama", {"num_predict": 8, "temperature": 0.0}),
    ("llama.cpp", {"n_predict": 8, "temperature": 0.0}),
])
def test_greedy_search_is_said(engine, options):
    assert options.items() <= convert(engine, max_new_tokens=8).options.items()


@pytest.mark.parametrize(("engine", "field"), [
    ("llama.cpp", "order"), ("llama.cpp", "top_k_ties"), ("ctranslate2", "penalty_scope"), ("vllm", "mode"),
])
def test_other_semantics_are_said_where_they_matter(engine, field):
    beams = {"num_beams": 4} if field == "mode" else {}
    result = convert(engine, **SAMPLED, repetition_penalty=1.2, **beams)
    assert field in {loss.field for loss in result.losses}, result.losses
    assert field not in {loss.field for loss in convert(engine, max_new_tokens=8).losses}


def test_a_length_that_counts_the_prompt_cannot_be_said():
    assert [loss.field for loss in convert("vllm", max_length=50).losses] == ["max_length"]


def test_a_value_out_of_range_is_lost():
    loss = convert("sglang", repetition_penalty=3.0, max_new_tokens=8).losses[0]
    assert (loss.field, loss.value) == ("repetition_penalty", 3.0)


@ENGINES
@given(st.fixed_dictionaries({}, optional={
    "do_sample": st.booleans(), "temperature": st.sampled_from([0.5, 1.0, 2.0]), "top_k": st.integers(0, 60),
    "top_p": st.sampled_from([0.0, 0.5, 1.0]), "num_beams": st.integers(1, 3), "early_stopping": st.booleans(),
    "stop_strings": st.sampled_from(["a", ["a", "b"]]), "max_length": st.integers(2, 9),
    "length_penalty": st.sampled_from([-1.0, 0.0, 2.0]), "num_return_sequences": st.integers(1, 2),
    "eos_token_id": st.sampled_from([0, [1, 2]]), "min_new_tokens": st.integers(0, 4),
}))
def test_any_config_is_converted_or_refused(engine, values):
    try:
        result = convert(engine, **values)
    except Rejected:
        return
    json.dumps({name: sorted(value) if isinstance(value, set) else value for name, value in result.options.items()})
    assert all(loss.reason.endswith(".") for loss in result.losses), result.losses
