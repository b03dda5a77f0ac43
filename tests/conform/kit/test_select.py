"""Which cases are run."""

from collections import Counter
from dataclasses import replace
from itertools import islice

import pytest
from support.strategies import described

from genspec.backends.decoder import Info
from genspec.conform.capabilities import Capabilities, capabilities_from, lacking
from genspec.conform.cases.drawn import drawn_cases
from genspec.conform.cases.published import published
from genspec.conform.cases.select import (
    Selection,
    begins,
    is_refused,
    page_of,
    rounded,
    selected,
    spread,
    why_not,
)
from genspec.conform.cases.weight import weight
from genspec.conform.question import Question

INFO = Info("x", "1", "float64", "hf")


def chosen(can: Capabilities = Capabilities(), **given: object) -> list[object]:     # noqa: B008  it is frozen
    return list(selected(Selection(**{"profile": "hf", **given}), INFO, can).cases)


def test_every_vector_of_a_profile_is_selected_once_by_default() -> None:
    cases = [case.question.id for case in chosen(levels=("L0", "L1", "L2"))]
    assert sorted(cases) == sorted(
        case.question.id for case in published("hf") if case.level in ("L0", "L1", "L2"))
    assert len(cases) == len(set(cases)) > 1_000


@pytest.mark.parametrize("most", [1, 2, 10, 60, 300])
def test_a_few_cases_are_spread_over_the_pages(most: int) -> None:
    cases = chosen(max_cases=most)
    assert len(cases) == most
    vectors = [case for case in cases if not case.question.id.startswith("drawn/")]
    pages = Counter(page_of(case.clauses[0]) for case in vectors)
    assert max(pages.values(), default=0) <= 1 + most // 30, described(pages=pages)


def test_boundaries_come_first() -> None:
    cases = [case for case in spread(published("hf")) if page_of(case.clauses[0]) == "TOP-P"]
    first_of_clause = {case.clauses[0]: case for case in reversed(cases)}
    with_boundary = {case.clauses[0] for case in cases if case.boundary}
    assert with_boundary and all(first_of_clause[clause].boundary for clause in with_boundary)


def test_of_each_clause_the_cases_that_combine_least_come_first() -> None:
    cases = [case for case in chosen(levels=("L3",)) if not case.question.id.startswith("drawn/")]
    seen: dict[tuple[str, bool], list[int]] = {}
    for case in cases:
        seen.setdefault((case.clauses[0], case.boundary), []).append(weight("L3", case.question.input))
    wrong = {key: weights for key, weights in seen.items() if weights != sorted(weights)}
    assert not wrong and len(seen) > 200, described(wrong=wrong)


def test_a_field_is_asked_for_alone_before_it_is_asked_for_in_a_search() -> None:
    cases = [case.question for case in chosen(levels=("L3",)) if not case.question.id.startswith("drawn/")]
    for field in ("repetition_penalty", "min_new_tokens", "no_repeat_ngram_size"):
        having = [one for one in cases if field in one.input.get("config", ())]
        first = next(one for one in having if one.input["config"].get("num_beams") in (None, 1))
        assert having[0] is first and weight("L3", first.input) <= 4, described(field=field, case=having[0].id)


@pytest.mark.parametrize(("lighter", "heavier"), [
    ({"top_k": 3}, {"top_k": 3, "top_p": 0.5}), ({"repetition_penalty": 2.0}, {"num_beams": 2}),
    ({"do_sample": True}, {"do_sample": True, "num_beams": 2}),
    ({"output_scores": True, "pad_token_id": 1}, {"min_length": 3}),
])
def test_what_combines_more_weighs_more(lighter: dict[str, object], heavier: dict[str, object]) -> None:
    assert weight("L3", {"config": lighter}) < weight("L3", {"config": heavier}) < weight("L4", {"config": {}})
    assert weight("L0", {"config": heavier}) < weight("L3", {"config": lighter})
    assert weight("L3", {"config": lighter}) < weight("L3", {"config": lighter, "source": [1]})


@pytest.mark.parametrize(("clause", "part", "belongs"), [
    ("TOP-P-2", "TOP-P", True), ("TOP-P-2", "TOP-P-2", True), ("TOP-P-21", "TOP-P-2", False), ("MIN-P-1", "MIN", True),
    ("TOP-K-2", "TOP-P", False), ("TOP-P", "TOP-P-2", True), ("TOP-P", "TOP-P", True), ("TOP-K", "TOP-P-2", False),
])
def test_a_clause_is_selected_by_its_beginning(clause: str, part: str, belongs: bool) -> None:
    assert begins(clause, part) is belongs


def test_a_selected_clause_brings_its_vectors_and_calls_that_have_to_do_with_it() -> None:
    cases = chosen(clauses=("TOP-P-2",), max_cases=60)
    assert all("TOP-P-2" in case.clauses or "TOP-P" in case.clauses for case in cases)
    assert sum(case.question.id.startswith("drawn/") for case in cases) > 10


def test_calls_are_drawn_to_fit_what_a_decoder_can() -> None:
    fields = ["num_beams", "max_new_tokens", "eos_token_id", "repetition_penalty"]
    can = capabilities_from({"modes": ["greedy", "beam_search"], "fields": fields})
    for case in islice(drawn_cases("hf", can, 0), 60):
        assert lacking(can, case.question) is None
        assert case.call.plans[0].mode.value in ("greedy", "beam_search") and len(case.call.prompts) == 1
    assert not list(islice(drawn_cases("hf", capabilities_from({"modes": ["dola"]}), 0), 1))


def test_a_drawn_case_is_known_by_its_number() -> None:
    cases = list(islice(drawn_cases("hf", Capabilities(), 3), 70))
    assert cases[65].name == "drawn/3/65"
    assert repr(cases[65].call) == repr(list(islice(drawn_cases("hf", Capabilities(), 3), 66))[65].call)


LOOP = {"config": {"do_sample": True, "temperature": 0.5}, "model": {"kind": "table"}, "prompt": [1], "seed": 3}


@pytest.mark.parametrize(("given", "reason"), [
    ({}, None), ({"levels": ["L0"]}, "does not take part in L3"), ({"modes": ["greedy"]}, "has not the mode sample"),
    ({"fields": ["do_sample"]}, "has not the field temperature"), ({"fields": ["do_sample", "temperature"]}, None),
    ({"inputs": []}, "has not the input noise"), ({"inputs": ["noise"]}, None),
    ({"fields": ["do_sample", "temperature"], "inputs": []}, "has not the input noise"),
    ({"kinds": ["history"]}, "has not the kind of model table"),
])
def test_what_a_decoder_lacks_is_said(given: dict[str, object], reason: str | None) -> None:
    assert lacking(capabilities_from(given), Question("x", "L3", "hf", LOOP)) == reason


@pytest.mark.parametrize("config", [
    {"temperature": None}, {"temperature": 0.5}, {"use_cache": False}, {"num_beams": 1}, {"output_scores": True},
])
def test_a_field_that_changes_nothing_need_not_be_known(config: dict[str, object]) -> None:
    can = capabilities_from({"fields": ["max_new_tokens"]})
    assert lacking(can, Question("x", "L3", "hf", {**LOOP, "config": config})) is None


def test_a_number_type_that_does_not_hold_the_input_takes_no_part() -> None:
    question = Question("x", "L0", "hf", {"operation": "top_k", "scores": [1.0, 1 + 2**-9], "arguments": {}})
    assert why_not(question, INFO, Capabilities()) is None
    assert why_not(question, Info("x", "1", "float16", "hf"), Capabilities()) is None
    assert "bfloat16 does not hold" in (why_not(question, Info("x", "1", "bfloat16", "hf"), Capabilities()) or "")


@pytest.mark.parametrize("value", [1.0, 1 + 2**-10, 3.140625, -0.5, 0.0, 255.5, 1e-3, 65504.0, 1 + 2**-11 * 3])
def test_rounding_to_float16_is_that_of_numpy(value: float) -> None:
    import numpy as np

    assert rounded(value, "float16") == float(np.float16(value))


@pytest.mark.parametrize("given", [
    {"modes": "greedy"}, {"modes": ["gready"]}, {"refuses": 1}, {"levels": ["L9"]}, {"fields": ["topp"]},
    {"inputs": ["noises"]}, {"x": []}, {"modes": [1]}, [],
])
def test_capabilities_that_mean_nothing_are_refused(given: object) -> None:
    with pytest.raises(ValueError, match="capabilit"):
        capabilities_from(given)


def test_who_refuses_nothing_is_asked_nothing_that_is_refused() -> None:
    fields = ["max_new_tokens", "eos_token_id", "min_new_tokens"]
    can = capabilities_from({"modes": ["greedy"], "fields": fields, "levels": ["L3"], "refuses": False})
    asked = [case for seed in (0, 200) for case in chosen(can, seed=seed)]
    assert not [case.question.input for case in asked if is_refused(case)]
    every = [case for seed in (0, 200) for case in chosen(replace(can, refuses=True), seed=seed)]
    refused = [case.question.id for case in every if is_refused(case)]
    assert any(name.startswith("drawn/") for name in refused), described(refused=refused)
