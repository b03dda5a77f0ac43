"""A call as JSON: nothing is lost."""

import json
from math import inf

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.strategies import described

from genspec.backends.call import Call
from genspec.conform.json import call_from_json, call_to_json
from genspec.conform.strategies import calls, rejected_calls
from genspec_reference import Scripted, Table
from genspec_reference.layered import Layered

LAYERS = calls(decoder_modes=("contrastive_search", "dola"), profile="hf-4.50")


@settings(max_examples=120, suppress_health_check=list(HealthCheck))
@given(call=st.one_of(calls(), LAYERS, rejected_calls()))
def test_a_call_comes_back_as_it_was(call):
    written = json.dumps(call_to_json(call), allow_nan=False)
    back = call_from_json(json.loads(written))
    assert repr(back) == repr(call), described(call=call, back=back)     # NaN is not equal to itself


@pytest.mark.parametrize("model", [
    Scripted("table", 7, 5, (1,)), Layered(3, 6, (2,), 4, 2, True), Table(((0.0, -inf, 1.5),), (2,)),
])
def test_models_come_back(model):
    call = Call({}, model, ((1,),))
    assert call_from_json(call_to_json(call)) == call


def test_a_mapping_by_tuples_and_the_note_come_back():
    call = Call({"sequence_bias": {(1, 2): -inf}}, Scripted("table", 0, 5), ((1,),), note={"finding": [1, 2]})
    back = call_from_json(json.loads(json.dumps(call_to_json(call))))
    assert back == call
    assert back.note == call.note


def test_the_members_are_those_of_the_vectors():
    written = call_to_json(Call({"top_k": 5}, Scripted("table", 1, 5), ((1,),), context_length=9, pieces=("a",) * 5))
    assert set(written) == {"config", "model", "prompts", "profile", "context_length", "pieces"}
    assert written["model"] == {"kind": "table", "seed": 1, "vocab_size": 5, "eos": []}


@pytest.mark.parametrize("wrong", [{}, {"model": {"kind": "table"}}, {"config": {}, "prompts": [], "colour": 1}])
def test_what_is_no_call_raises(wrong):
    with pytest.raises((KeyError, TypeError, ValueError)):
        call_from_json(wrong)
