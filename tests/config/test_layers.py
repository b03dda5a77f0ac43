"""Precedence between call, given config and the model's file. Text: docs/spec/config.md (CONFIG-6)."""

from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genspec.config.decision import Rejected
from genspec.config.fields import FIELDS
from genspec.config.generation_config import GenerationConfig
from genspec.config.layers import Origin


def test_the_call_beats_the_given_config_beats_the_model() -> None:
    config = GenerationConfig.layered(
        call={"top_p": 0.5}, given={"top_p": 0.6, "top_k": 6}, model={"top_p": 0.7, "top_k": 7, "temperature": 0.7}
    )
    assert (config.top_p, config.top_k, config.temperature) == (0.5, 6, 0.7)
    assert dict(config.origins) == {"top_p": Origin.CALL, "top_k": Origin.GIVEN, "temperature": Origin.MODEL}


def test_null_is_unset_in_a_config_and_a_value_in_a_call() -> None:
    model = {"top_k": 7, "do_sample": True}
    assert GenerationConfig.layered(given={"top_k": None}, model=model).top_k == 7
    switched_off = GenerationConfig.layered(call={"top_k": None}, model=model)
    assert switched_off.top_k is None
    assert switched_off.disabled == {"top_k"}
    assert switched_off.resolve().plan.operation("top_k") is None
    assert GenerationConfig.from_dict(model).resolve().plan.operation("top_k") is not None


def test_unset_top_k_keeps_fifty_and_zero_keeps_all() -> None:
    def kept(top_k: int | None) -> object:
        operation = GenerationConfig(do_sample=True, top_k=top_k).resolve().plan.operation("top_k")
        return operation and operation.arguments["k"]

    assert (kept(None), kept(0), kept(50), kept(3)) == (50, None, 50, 3)


def test_max_new_tokens_of_the_model_decides_over_max_length_of_the_call() -> None:
    config = GenerationConfig.layered(call={"max_length": 100}, model={"max_new_tokens": 2})
    plan, decisions = config.resolve(prompt_length=10)
    assert plan.length.max_new_tokens == 2
    assert any("from the model" in d.reason for d in decisions if d.field == "max_new_tokens"), decisions


def test_layers_may_be_configs() -> None:
    model = GenerationConfig(eos_token_id=2, max_new_tokens=4)
    assert GenerationConfig.layered(given=GenerationConfig(max_new_tokens=8), model=model).max_new_tokens == 8
    assert GenerationConfig.layered(model=MappingProxyType({"max_new_tokens": 8})).max_new_tokens == 8


def test_every_reason_against_every_layer_is_given_at_once() -> None:
    with pytest.raises(Rejected) as caught:
        GenerationConfig.layered(call={"topk": 3}, given={"top_p": 3.0}, model={"temperature": "1"})
    assert {reason.field for reason in caught.value.reasons} == {"topk", "top_p", "temperature"}, caught.value


def test_the_layers_of_a_config_without_layers_are_empty() -> None:
    config = GenerationConfig(top_k=None)
    assert (dict(config.origins), config.disabled) == ({}, frozenset())
    assert GenerationConfig.layered() == GenerationConfig()
    assert GenerationConfig.layered().effective("top_k") == 50


@pytest.mark.parametrize(("name", "applies"), [
    ("top_k", 0), ("top_p", 1.0), ("temperature", 1.0), ("do_sample", False), ("num_beams", 1), ("min_p", None),
    ("max_new_tokens", None), ("use_cache", True), ("repetition_penalty", 1.0), ("min_length", 0),
])
def test_a_null_in_a_call_leaves_what_is_neutral(name: str, applies: object) -> None:
    config = GenerationConfig.layered(call={name: None}, given={name: None}, model={"top_k": 7, "top_p": 0.5})
    assert config.disabled == {name}
    assert config.origins[name] is Origin.CALL
    assert config.effective(name) == applies


def test_only_an_explicit_null_switches_top_k_off() -> None:
    config = GenerationConfig.layered(call={"do_sample": False, "top_p": 0.0, "num_beams": 1}, given={"top_k": None})
    assert config.disabled == frozenset()
    assert config.effective("top_k") == 50
    assert (config.effective("do_sample"), config.effective("top_p")) == (False, 0.0)


def test_false_and_zero_are_values_in_every_layer() -> None:
    call, given, model = {"top_p": 0.0}, {"do_sample": False, "top_k": 0}, {"top_p": 0.5, "do_sample": True, "top_k": 3}
    config = GenerationConfig.layered(call=call, given=given, model=model)
    assert (config.top_p, config.do_sample, config.top_k) == (0.0, False, 0)


def test_keys_and_names_meet_in_one_field() -> None:
    config = GenerationConfig.layered(call={"from_model_config": False}, model={"_from_model_config": True})
    assert config.from_model_config is False
    assert dict(config.origins) == {"from_model_config": Origin.CALL}
    assert GenerationConfig.layered(given=config).from_model_config is False


NAMES = ["top_k", "top_p", "do_sample", "max_length", "_from_model_config"]
VALUES = {"top_k": 3, "top_p": 0.5, "do_sample": True, "max_length": 9, "_from_model_config": True}
layers = st.dictionaries(st.sampled_from(NAMES), st.booleans()).map(
    lambda drawn: {name: VALUES[name] if is_set else None for name, is_set in drawn.items()}
)


@given(layers, layers, layers)
def test_each_field_comes_from_the_strongest_source_that_sets_it(
    call: dict[str, Any], given_: dict[str, Any], model: dict[str, Any]
) -> None:
    config = GenerationConfig.layered(call=call, given=given_, model=model)
    found = {FIELDS[name].key: origin for name, origin in config.origins.items()}
    for name in NAMES:
        sets = [name in call, given_.get(name) is not None, model.get(name) is not None]
        origin = next((origin for origin, has in zip(Origin, sets, strict=True) if has), None)
        assert found.get(name) is origin, (name, call, given_, model)
        value = {Origin.CALL: call, Origin.GIVEN: given_, Origin.MODEL: model}[origin][name] if origin else None
        assert config.to_dict().get(name) == value, (name, call, given_, model)


@pytest.mark.parametrize("source", [True, "top_k", [("top_k", 3)], 3])
def test_a_source_that_is_no_config_is_a_type_error(source: object) -> None:
    with pytest.raises(TypeError, match="a source is a GenerationConfig, a mapping or None"):
        GenerationConfig.layered(call=source)
