"""Between a call and a question, and between an answer and a reply, nothing is lost; what is not told is found out."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.strategies import described

from genspec.backends.call import Call
from genspec.backends.decoder import Info
from genspec.backends.reference import ReferenceDecoder
from genspec.conform.adapter import plain, reply_of
from genspec.conform.backend import Backend, call_of, input_of, reply_of_output
from genspec.conform.capabilities import Capabilities
from genspec.conform.cases.case import Who
from genspec.conform.cases.drawn import Drawn
from genspec.conform.cases.outputs import Malformed, answer_of
from genspec.conform.cases.published import published
from genspec.conform.question import Question
from genspec.conform.request import request_of
from genspec.conform.strategies import calls
from genspec.conform.verdict import Kind
from genspec_reference import Scripted

OPTIONAL = ("finish_reasons", "sequences_scores", "beam_indices", "scores", "logits")
WHO = Who(Info("x", "1", "float64", "hf"), Capabilities())


@given(calls())
def test_a_call_is_the_same_after_it_was_a_question(call: Call) -> None:
    written = json.loads(json.dumps(input_of(call), allow_nan=False))
    assert repr(call_of(call.profile, written)) == repr(call), described(call=call, written=written)


def reply_to(call: Call) -> dict[str, Any]:
    answer = ReferenceDecoder().decode(call)
    if not isinstance(answer, tuple):
        return {"reject": list(answer.clauses), "error": "x"}
    replies = [reply_of_output(output) for output in answer]
    return {"prompts": replies} if len(call.prompts) > 1 else replies[0]


def without(reply: Any, names: set[str]) -> Any:
    """Leave members out, as a decoder that does not have them."""
    if "prompts" in reply:
        return {"prompts": [without(one, names) for one in reply["prompts"]]}
    return {name: value for name, value in reply.items() if name not in names}


@given(calls(), st.sets(st.sampled_from(OPTIONAL)))
def test_the_answer_of_the_reference_conforms_whatever_it_leaves_out(call: Call, left_out: set[str]) -> None:
    reply = json.loads(json.dumps(without(reply_to(call), left_out)).replace("-Infinity", '"-inf"'))
    verdict = Drawn("drawn/0/0", call).judged(reply, WHO)
    assert verdict.kind in (Kind.CONFORMS, Kind.REJECTED), described(verdict=verdict, call=call, reply=reply)


@given(calls())
def test_scores_that_are_promised_must_come(call: Call) -> None:
    can = Capabilities(outputs=frozenset({"scores", "logits"}))
    verdict = Drawn("x", call).judged(without(reply_to(call), {"scores", "logits"}), Who(WHO.info, can))
    wanted = not isinstance(ReferenceDecoder().decode(call), tuple) or not (
        call.plans[0].outputs.scores or call.plans[0].outputs.logits)
    assert (verdict.kind is not Kind.VIOLATES) is wanted, described(verdict=verdict, call=call)


@given(calls(batched=False), st.data())
def test_a_token_that_is_changed_never_conforms_silently(call: Call, data: st.DataObject) -> None:
    reply = reply_to(call)
    rows = reply.get("sequences", [])
    new = [(row, place) for row in range(len(rows)) for place in range(len(call.prompts[0]), len(rows[row]))]
    if not new or call.model.vocab_size < 2 or call.sources is not None or len(rows) > 1:
        return
    row, place = data.draw(st.sampled_from(new))
    rows[row][place] = (rows[row][place] + 1) % call.model.vocab_size
    kind = Drawn("x", call).judged(without(reply, set(OPTIONAL)), WHO).kind
    again = Backend(Fixed(rows), WHO.info).reply(Drawn("x", call).question)
    assert again["sequences"] == rows
    assert kind in (Kind.VIOLATES, Kind.AMBIGUOUS, Kind.CONFORMS)
    if kind is Kind.CONFORMS:               # only an equal score, or a row that another order of equals gives
        assert has_ties(call, rows[row], place), described(call=call, rows=rows)


SEARCHES = ("profiles/beam-input-not-logits", "profiles/finishing-rank-not-any", "profiles/stop-bound-not-candidate",
            "profiles/drawn-order-not-score", "profiles/beam-candidates-not-two")


def wrong_rows(rows: list[list[int]], prompt: int, size: int) -> dict[str, list[list[int]]]:
    """Give rows that are wrong in one way each; their tokens alone tell it."""
    first, *others = rows
    changed = [*first[:-1], (first[-1] + 1) % size]
    wrong = {"shorter": [first[:-1], *others], "longer": [[*first, 0], *others], "twice": [first, first, *others[1:]],
             "swapped": [*others[:1], first, *others[1:]], "more": [*rows, changed], "fewer": rows[:-1],
             "prompt": [[first[0] ^ 1, *first[1:]], *others], "no new token": [first[:prompt], *others]}
    return wrong | ({} if changed in rows else {"token": [changed, *others]})


@pytest.mark.parametrize("name", SEARCHES)
def test_what_is_filled_in_hides_no_wrong_row_of_a_search(name: str) -> None:
    (case,) = (case for case in published("hf") if case.question.id == name)
    call = call_of("hf", case.question.input)
    assert isinstance(call, Call)
    rows = reply_to(call)["sequences"]
    for way, wrong in wrong_rows(rows, len(call.prompts[0]), call.model.vocab_size).items():
        kind = Drawn("x", call).judged({"sequences": wrong}, WHO).kind
        assert kind is Kind.VIOLATES, described(way=way, rows=rows, wrong=wrong)


CYCLE = Call({"num_beams": 3, "num_return_sequences": 2, "max_new_tokens": 10, "early_stopping": "never"},
             Scripted("table", 849, 33), ((0,),), profile="ctranslate2")
"""Its rows go round and take a longer way once, when does not matter: the totals are equal."""


@pytest.mark.parametrize(("second", "kind"), [
    ((0, 28, 12, 0, 28, 12, 0, 28, 12, 2, 0), Kind.CONFORMS),
    ((0, 28, 12, 2, 0, 28, 12, 0, 28, 12, 0), Kind.AMBIGUOUS),
    ((0, 28, 12, 0, 28, 12, 0, 28, 30, 31, 0), Kind.VIOLATES),
])
def test_a_row_that_an_equal_total_makes_is_found_without_its_beam_indices(second: Any, kind: Kind) -> None:
    first = (0, 28, 12, 0, 28, 12, 0, 28, 12, 0, 28)
    verdict = Drawn("x", CYCLE).judged({"sequences": [[*first], [*second]]}, WHO)
    assert verdict.kind is kind, described(verdict=verdict)


@given(calls(batched=False), st.booleans())
def test_a_row_too_many_and_a_row_twice_are_never_a_matter_of_rounding(call: Call, twice: bool) -> None:
    rows = reply_to(call).get("sequences", [])
    if len(rows) < 2 or call.plans[0].beams is None or call.plans[0].mode.value not in ("beam_search", "beam_sample"):
        return
    wrong = [rows[0], rows[0], *rows[2:]] if twice else [*rows, rows[-1]]
    verdict = Drawn("x", call).judged({"sequences": wrong}, WHO)
    assert verdict.kind is Kind.VIOLATES, described(verdict=verdict, call=call)


class Fixed:
    """Answers with rows."""

    def __init__(self, rows: list[list[int]]) -> None:
        self.rows = rows

    def decode(self, call: Call) -> Any:
        from genspec_reference import FinishReason, GenerateOutput, Row

        prompt = len(call.prompts[0])
        return (GenerateOutput(tuple(Row(tuple(row), prompt, FinishReason.LENGTH) for row in self.rows), ()),)


def has_ties(call: Call, row: list[int], place: int) -> bool:
    kind = getattr(call.model, "kind", "")
    return kind in ("ties", "lines") or call.plans[0].mode.value != "greedy" or bool(call.plans[0].operations)


@pytest.mark.parametrize(("reply", "said"), [
    ({}, "no `sequences`"), ({"sequences": 3}, "list of rows"), ({"sequences": [3]}, "list of token ids"),
    ({"sequences": [[1.5]]}, "list of token ids"), ({"sequences": [[True]]}, "list of token ids"),
    ({"sequences": [[1, 2]], "finish_reasons": []}, "one a row"),
    ({"sequences": [[1, 2]], "finish_reasons": ["tired"]}, "finish reason"),
    ({"sequences": [[1, 2]], "scores": 3}, "lists of runs"),
    ({"sequences": [[1, 2]], "scores": [[3]]}, "lists of runs"),
    ({"prompts": [{"sequences": [[1, 2]]}] * 2}, "results for 2 prompts instead of 1"), ({"prompts": 3}, "results for"),
])
def test_a_reply_that_is_none_is_a_violation_that_says_so(reply: dict[str, Any], said: str) -> None:
    call = call_of("hf", {"config": {"max_new_tokens": 1}, "prompt": [1],
                          "model": {"kind": "table", "seed": 1, "vocab_size": 5, "eos": []}})
    assert isinstance(call, Call)
    with pytest.raises(Malformed, match=said):
        answer_of(call, ReferenceDecoder().decode(call), reply)
    verdict = Drawn("x", call).judged(reply, WHO)
    assert verdict.kind is Kind.VIOLATES and said in verdict.reason


LOOP = Question("x", "L3", "hf", {"config": {"top_p": None, "eos_token_id": 1}, "prompt": [1, 2], "seed": 3,
                                  "model": {"kind": "table", "seed": 1, "vocab_size": 5, "eos": [1]}})


def test_a_request_has_what_a_question_says() -> None:
    request = request_of(LOOP)
    assert request.config == {"eos_token_id": 1} and request.prompt == [1, 2] and request.prompts == [[1, 2]]
    assert len(request.model([1])) == 5 and len(request.noise(0, 0, 7)) == 7 and request.source is None
    assert request.model.vocab_size == 5
    request.config["x"] = request.prompt.append(9)
    assert LOOP.input["config"] == {"top_p": None, "eos_token_id": 1} and LOOP.input["prompt"] == [1, 2]


@pytest.mark.parametrize(("result", "reply"), [
    ([[1, 2, 3]], {"sequences": [[1, 2, 3]]}), (np.array([[1, 2, 3]]), {"sequences": [[1, 2, 3]]}),
    (((1, 2, 3),), {"sequences": [[1, 2, 3]]}), ({"new_tokens": [[3], [4]]}, {"sequences": [[1, 2, 3], [1, 2, 4]]}),
    ([np.array([1, 2, 3])], {"sequences": [[1, 2, 3]]}), ([[np.int64(1)]], {"sequences": [[1]]}),
    ({"sequences": [[1]], "beam_indices": None}, {"sequences": [[1]]}),
])
def test_rows_of_any_kind_are_read(result: object, reply: object) -> None:
    assert reply_of(result, request_of(LOOP)) == reply


@pytest.mark.parametrize(("result", "said"), [
    (None, "returned nothing"), ([1, 2, 3], "return rows"), ({"sequence": [[1]]}, "did you mean `sequences`"),
    ("12", "return rows"), ([[1.0]], "return rows"),
])
def test_what_is_no_result_is_named(result: object, said: str) -> None:
    with pytest.raises(TypeError, match=said):
        reply_of(result, request_of(LOOP))


def test_tensors_and_numbers_become_plain() -> None:
    assert plain({"a": (np.float32(0.5), [np.array([1, 2])])}) == {"a": [0.5, [[1, 2]]]}
