"""The runner of the vectors tells right from wrong: decoders that lie, round, refuse and cannot."""

from typing import Any

import pytest

from genspec.conform.vectors.reference import Reference
from genspec.conform.vectors.runner import (
    HUGE,
    Json,
    Unsupported,
    Verdict,
    cases,
    close,
    finite,
    run,
    tolerance_of,
    verdict,
)
from vectors.write import FOLDER

FLOAT32 = 2.0**-23
EPSILONS = (2.0**-52, FLOAT32, 2.0**-10, 2.0**-7)


class Lie(Reference):
    """Change one thing of every answer."""

    def answer(self, level: str, profile: str, given: Json) -> Json:
        right = dict(super().answer(level, profile, given))
        if "reject" in right:
            return {"reject": ["MODE-1"]}
        for name, value in right.items():
            right[name] = changed(value)
        return right


def changed(value: Any) -> Any:
    if isinstance(value, list):
        return [changed(value[0]), *value[1:]] if value else [0]
    if isinstance(value, str):
        return "length" if value == "eos" else "eos"
    return 17.0 if value == float("-inf") else value + 1


class Lazy:
    """Take part in nothing."""

    epsilon = FLOAT32

    def answer(self, level: str, profile: str, given: Json) -> Json:
        raise Unsupported(f"no {level}")


class Rejecting(Lazy):
    """Refuse everything."""

    def answer(self, level: str, profile: str, given: Json) -> Json:
        return {"reject": ["CONFIG-1"]}


def test_a_decoder_that_lies_never_conforms() -> None:
    assert {outcome.verdict for outcome in run(FOLDER, Lie(), "t*")} <= {Verdict.VIOLATES, Verdict.AMBIGUOUS}
    assert {outcome.verdict for outcome in run(FOLDER, Lie(), "length")} == {Verdict.VIOLATES}


def test_a_decoder_that_refuses_conforms_to_refusals_of_that_clause_only() -> None:
    outcomes = run(FOLDER, Rejecting(), "config")
    right = [outcome for outcome in outcomes if "CONFIG-1" in outcome.expected.get("clauses", ())]
    assert right and {outcome.verdict for outcome in right} == {Verdict.CONFORMS}
    assert {outcome.verdict for outcome in outcomes if outcome not in right} == {Verdict.VIOLATES}


def test_a_refusal_names_at_least_one_clause_and_no_wrong_one() -> None:
    expected = {"kind": "reject", "clauses": ["CONFIG-2", "TOP-P-1"]}
    assert judged(expected, {"reject": ["TOP-P-1"]}) is Verdict.CONFORMS
    for clauses in ([], ["TOP-P-1", "TOP-K-1"], ["TOP-K-1"]):
        assert judged(expected, {"reject": clauses}) is Verdict.VIOLATES
    assert judged(expected, {"scores": [1.0]}) is Verdict.VIOLATES


def test_a_run_in_which_nothing_took_part_fails() -> None:
    with pytest.raises(ValueError, match="took part"):
        run(FOLDER, Lazy())
    with pytest.raises(ValueError, match="took part"):
        run(FOLDER, Reference(), "no_such_page")


def test_the_decoder_never_sees_the_expected_result() -> None:
    seen: list[Json] = []

    class Spy(Reference):
        def answer(self, level: str, profile: str, given: Json) -> Json:
            seen.append(given)
            return super().answer(level, profile, given)

    run(FOLDER, Spy(), "greedy")
    assert seen and all("expected" not in given and "clauses" not in given for given in seen)


SCORES = {"input": {"scores": [1.0, 3.0, "-inf"]}, "clauses": ["TOP-P-2"]}


def judged(expected: Json, given: Json, epsilon: float = FLOAT32) -> Verdict:
    return verdict("L0", {**SCORES, "expected": expected}, given, epsilon)


def test_numbers_are_compared_with_the_tolerance_of_the_type() -> None:
    expected = {"kind": "exact", "scores": [1.0, "-inf"]}
    assert tolerance_of("L0", {**SCORES, "expected": expected}, FLOAT32) == 16 * FLOAT32 * 4
    assert judged(expected, {"scores": [1.0 + 7.6e-6, float("-inf")]}) is Verdict.CONFORMS
    for wrong in (1.0 + 7.7e-6, 1.0 - 7.7e-6, 0.0):
        assert judged(expected, {"scores": [wrong, float("-inf")]}) is Verdict.VIOLATES
    assert judged(expected, {"scores": [1.0 + 7.6e-6, float("-inf")]}, 2.0**-52) is Verdict.VIOLATES
    assert judged(expected, {"scores": [1.0, -1e9]}) is Verdict.VIOLATES
    assert judged(expected, {"scores": [1.0]}) is Verdict.VIOLATES


def test_a_margin_within_the_tolerance_makes_a_difference_ambiguous() -> None:
    other = {"scores": ["-inf", 1.0]}
    assert judged({"kind": "exact", "scores": [1.0, "-inf"], "margin": 1e-6}, other) is Verdict.AMBIGUOUS
    assert judged({"kind": "exact", "scores": [1.0, "-inf"], "margin": 1e-4}, other) is Verdict.VIOLATES
    assert judged({"kind": "exact", "scores": [1.0, "-inf"]}, other) is Verdict.VIOLATES
    refused = {"reject": ["SCORES-6"]}
    assert judged({"kind": "exact", "scores": [1.0, "-inf"], "margin": 0.0}, refused) is Verdict.VIOLATES


GREATEST = 3.4028234663852886e38


def test_a_huge_number_is_compared_in_proportion_and_widens_nothing() -> None:
    expected = {"kind": "exact", "scores": [1.0, -GREATEST, "-inf"]}
    assert tolerance_of("L0", {**SCORES, "expected": expected}, FLOAT32) == 16 * FLOAT32 * 4
    right = {"scores": [1.0, -GREATEST * (1 - 15 * FLOAT32), float("-inf")]}
    assert judged(expected, right) is Verdict.CONFORMS
    for wrong in ([1.0, -GREATEST * (1 - 17 * FLOAT32)], [1.0, GREATEST], [1.0, float("-inf")], [1.1, -GREATEST]):
        assert judged(expected, {"scores": [*wrong, float("-inf")]}) is Verdict.VIOLATES
    edge = {"kind": "exact", "scores": [0.0, HUGE]}
    assert judged(edge, {"scores": [0.0, HUGE + 16 * FLOAT32 * (HUGE + 0.5)]}) is Verdict.CONFORMS, "not huge"


def test_no_vector_lets_a_wrong_number_conform() -> None:
    """Each ordinary number of an expected result is replaced by one that no vector has."""
    looked_at = 0
    for level, case in cases(FOLDER):
        expected = case["expected"]
        scores = expected.get("scores", [])
        if level in ("L0", "L1") and expected["kind"] == "exact" and any(abs(x) <= HUGE for x in finite(scores)):
            wrong = [x if x == "-inf" or abs(x) > HUGE else 123456.0 for x in scores]
            verdicts = {verdict(level, case, {"scores": wrong}, epsilon) for epsilon in EPSILONS}
            assert Verdict.CONFORMS not in verdicts, (case["id"], wrong)
            looked_at += 1
    assert looked_at > 1_000


@pytest.mark.parametrize("given", [
    {}, {"scores": []}, {"scores": [1.0]}, {"scores": 1.0}, {"scores": None}, {"scores": ["-inf", [1.0]]},
    {"scores": ["-inf", float("nan")]}, {"scores": ["-inf", float("inf")]}, {"scores": ["-inf", "one"]}, {"token": 0},
])
def test_an_answer_that_is_not_well_formed_is_never_ambiguous(given: Json) -> None:
    expected = {"kind": "exact", "scores": [1.0, "-inf"], "margin": 0.0}
    assert judged(expected, {"scores": ["-inf", 1]}) is Verdict.AMBIGUOUS
    assert judged(expected, given) is Verdict.VIOLATES
    any_of = {"kind": "any-of", "answers": [{"scores": [1.0, "-inf"]}, {"scores": [1.0, 1.0]}], "margin": 0.0}
    assert judged(any_of, given) is Verdict.VIOLATES
    law = {"kind": "distribution", "probabilities": [1.0, 0.0], "margin": 0.0}
    assert judged(law, {} if "token" in given else {"scores": []}) is Verdict.VIOLATES


def test_an_empty_answer_violates_every_vector() -> None:
    found = {case["id"]: verdict(level, case, {}, epsilon) for level, case in cases(FOLDER) for epsilon in EPSILONS}
    assert set(found.values()) == {Verdict.VIOLATES}


@pytest.mark.parametrize(("change", "said"), [
    ({"sequences": [[1, 2]], "finish_reasons": ["eos"]}, Verdict.AMBIGUOUS),
    ({"sequences": [[1, 4, 4, 4]]}, Verdict.AMBIGUOUS),
    ({"sequences": [[1, 2], [1, 3]]}, Verdict.VIOLATES),
    ({"sequences": [[1, "2"]]}, Verdict.VIOLATES),
    ({"sequences": [1, 2]}, Verdict.VIOLATES),
    ({"sequences": [[1, 4, 4]], "scores": [[[[0.0, 1.0]]]]}, Verdict.AMBIGUOUS),
    ({"sequences": [[1, 4, 4]], "scores": [[[0.0, 1.0]]]}, Verdict.VIOLATES),
    ({"sequences": [[1, 4, 4]], "scores": [[[[0.0, 1.0]]], [[[0.0, 1.0]]]]}, Verdict.AMBIGUOUS),    # steps of a batch
    ({"sequences": [[1, 4, 4]], "finish_reasons": [0]}, Verdict.VIOLATES),
])
def test_a_row_that_rounding_turned_may_have_another_length(change: Json, said: Verdict) -> None:
    right = {"sequences": [[1, 2, 3]], "finish_reasons": ["length"], "scores": [[[[0.0, 1.0]], [["-inf", 1.0]]]]}
    case = {"input": {"prompt": [1]}, "clauses": [], "expected": {"kind": "exact", **right, "margin": 0.0}}
    assert verdict("L3", case, {**right, **change}, FLOAT32) is said
    assert verdict("L3", case, {"sequences": [[1, 2]]}, FLOAT32) is Verdict.VIOLATES, "members are missing"


def test_any_of_the_answers_will_do() -> None:
    expected = {"kind": "any-of", "answers": [{"token": 1}, {"token": 2}]}
    assert [judged(expected, {"token": token}) for token in (0, 1, 2)] == [
        Verdict.VIOLATES, Verdict.CONFORMS, Verdict.CONFORMS,
    ]


def test_a_law_is_compared_with_the_softmax_of_scores() -> None:
    expected = {"kind": "distribution", "probabilities": [0.5, 0.5, 0.0]}
    assert judged(expected, {"scores": [2.0, 2.0, "-inf"]}) is Verdict.CONFORMS
    assert judged(expected, {"probabilities": [0.5, 0.25, 0.25]}) is Verdict.VIOLATES


def test_a_longer_row_has_a_greater_tolerance() -> None:
    case = {"input": {"prompt": [1]}, "expected": {"sequences": [[1, 2, 3]], "sequences_scores": [-2.0]}}
    assert tolerance_of("L3", case, FLOAT32) == 16 * FLOAT32 * 33
    long = {**case, "expected": {"sequences": [[1, *[2] * 5_000]], "sequences_scores": [-2.0]}}
    assert tolerance_of("L3", long, FLOAT32) == 16 * FLOAT32 * 80_001, "more than 2^16, and yet no huge number"
    assert close([[1, 2]], [[1, 2]], 0.0, 0.0)
    assert not close([[1, 2]], [[1, 3]], 9.0, FLOAT32), "integers are compared exactly"


def test_what_is_free_in_an_array_is_not_compared() -> None:
    assert close([[1.0], [9.0]], [[1.0], None], 0.0, 0.0)
    assert not close([[1.0]], [[1.0], None], 0.0, 0.0), "a line that is free is there"


def test_members_that_a_decoder_lacks_are_not_asked_for() -> None:
    case = {"input": {"prompt": [1]}, "clauses": [], "expected": {
        "kind": "exact", "sequences": [[1, 2]], "finish_reasons": ["eos"], "sequences_scores": [-2.0],
    }}
    assert verdict("L3", case, {"sequences": [[1, 2]]}, FLOAT32) is Verdict.CONFORMS
    assert verdict("L3", case, {"sequences": [[1, 2]], "finish_reasons": ["length"]}, FLOAT32) is Verdict.VIOLATES
    assert verdict("L3", case, {"finish_reasons": ["eos"]}, FLOAT32) is Verdict.VIOLATES, "the row is not optional"
