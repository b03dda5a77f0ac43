"""Precedence between call, given config and the model's file. Text: docs/spec/config.md (CONFIG-6)."""

import pytest

from genspec.config.decision import Rejected
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


def test_every_reason_against_every_layer_is_given_at_once() -> None:
    with pytest.raises(Rejected) as caught:
        GenerationConfig.layered(call={"topk": 3}, given={"top_p": 3.0}, model={"temperature": "1"})
    assert {reason.field for reason in caught.value.reasons} == {"topk", "top_p", "temperature"}, caught.value
