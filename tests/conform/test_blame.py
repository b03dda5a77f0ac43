"""Which clause a wrong answer is blamed on, where more than one could be."""

from dataclasses import replace

import numpy as np
import pytest
from support.strategies import described

from genspec.backends.call import Call
from genspec.backends.decoder import Info
from genspec.backends.reference import ReferenceDecoder
from genspec.conform.capabilities import Capabilities
from genspec.conform.cases.case import Who
from genspec.conform.cases.drawn import Drawn
from genspec.conform.cases.placed import placed
from genspec.conform.oracle import judge
from genspec.conform.oracle.one_rule import one_rule_changed, with_another_option, with_rule, without_an_operation
from genspec.conform.oracle.requests import requests_of
from genspec.conform.verdict import Kind
from genspec_reference import GenerateOutput, Scripted, Table
from genspec_reference.decode import run

INFO = Info("a decoder", "1", "float32", "hf")
SCORED = {"return_dict_in_generate": True, "output_scores": True}
CLOSE = Scripted("history", 5, 8, (3,))


def reference(call):
    return ReferenceDecoder().decode(call)


def searching(**config):
    return Call({"max_new_tokens": 6, "num_beams": 3, "num_return_sequences": 3, "eos_token_id": 3, **config},
                CLOSE, ((5, 2),), seeds=(2,) if config.get("do_sample") else None)


def blamed(call, answer):
    said = judge(call, reference(call), answer, INFO)
    assert said.kind is Kind.VIOLATES, described(call=call, said=said)
    return with_rule(call, answer, said).clauses


SEARCHES = [case.call for case in placed("hf") if case.name.endswith("-beam-search") and "then" not in case.name][:12]


@pytest.mark.parametrize("call", SEARCHES)
def test_a_rule_that_alone_explains_the_rows_of_a_search_is_named(call):
    """Rows of searches with one rule changed: wherever the mode's own clause was named, the rule is."""
    right, (request,) = reference(call), requests_of(call)
    for clause, changed in (*without_an_operation(request), *with_another_option(request)):
        answer = (run(changed),)
        said = judge(call, right, answer, INFO)
        if said.kind is Kind.VIOLATES and said.clauses[0] in ("BEAM-SEARCH-2", "BEAM-SEARCH-6"):
            named = with_rule(call, answer, said).clauses
            assert clause in named, described(call=call, clause=clause, named=named)


@pytest.mark.parametrize(("config", "changed", "clause"), [
    ({"repetition_penalty": 3.0}, {"repetition_penalty": None}, "REPETITION-PENALTY-1"),
    ({"length_penalty": 3.0}, {"length_penalty": 0.0}, "BEAM-SEARCH-4"),
    ({"early_stopping": True}, {"early_stopping": "never"}, "BEAM-SEARCH-6"),
    ({"early_stopping": "never"}, {"early_stopping": True}, "BEAM-SEARCH-6"),
])
@pytest.mark.parametrize("draws", [False, True])
def test_a_field_that_a_search_does_not_heed_is_told_from_the_candidates(config, changed, clause, draws):
    for seed in range(40):
        call = replace(searching(**config, top_k=0, do_sample=draws), model=Scripted("history", seed, 8, (3,)))
        other = replace(call, config={name: value for name, value in {**call.config, **changed}.items()
                                      if value is not None})
        answer = reference(other)
        if answer[0].sequences != reference(call)[0].sequences:
            assert clause in blamed(call, answer), described(seed=seed, named=blamed(call, answer))
            return
    pytest.fail("no seed shows it")


def test_rows_that_no_rule_explains_are_blamed_on_the_candidates():
    call = searching()
    output = reference(call)[0]
    (request,) = requests_of(call)
    known = {rows for _, rows in one_rule_changed(request)}
    row = replace(output.rows[0], tokens=(*output.rows[0].tokens[:3], 7, 0, 1, 0, 4)[:8], finish_reason="length")
    answer = (GenerateOutput((row, *output.rows[1:]), output.runs),)
    assert answer[0].sequences not in known
    assert blamed(call, answer) == ("BEAM-SEARCH-2",)


def test_a_search_that_goes_on_is_no_search_without_an_end():
    """The steps after the end of a search are as many as the budget has, whatever ends it."""
    for config in ({}, {"early_stopping": True}, {"max_new_tokens": 1}, {"length_penalty": -2.0}):
        (request,) = requests_of(searching(**config))
        assert len(list(one_rule_changed(request))) < 40


@pytest.mark.parametrize(("given", "clause"), [
    (lambda total, length: total, "BEAM-SEARCH-4"), (lambda total, length: total / (length + 1) ** 2, "BEAM-SEARCH-4"),
    (lambda total, length: total / ((5 + length) / 6) ** 2, "BEAM-SEARCH-4"),
    (lambda total, length: total * length ** 2, "BEAM-SEARCH-4"),
    (lambda total, length: (total - 0.34567) / length ** 2, "BEAM-SEARCH-1"),
    (lambda total, length: float("nan"), "BEAM-SEARCH-1"),
])
def test_a_wrong_score_is_blamed_on_the_division_or_on_the_total(given, clause):
    call = searching(length_penalty=2.0, **SCORED)
    output = reference(call)[0]
    row = output.rows[0]
    length = len(row.new_tokens)
    wrong = replace(row, score=given(row.score * length ** 2, length))
    said = judge(call, reference(call), (replace(output, rows=(wrong, *output.rows[1:])),), INFO)
    assert said.clauses == (clause, "OUTPUTS-8"), described(said=said)


@pytest.mark.parametrize("penalty", [400.0, -400.0, 0.0])
def test_a_wrong_score_beyond_all_numbers_is_blamed(penalty):
    call = searching(length_penalty=penalty, **SCORED)
    output = reference(call)[0]
    wrong = replace(output.rows[0], score=-12.5)
    said = judge(call, reference(call), (replace(output, rows=(wrong, *output.rows[1:])),), INFO)
    assert said.kind is Kind.VIOLATES and said.clauses[-1] == "OUTPUTS-8", described(said=said)


def test_a_token_that_is_taken_away_is_blamed_on_a_truncation():
    call = Call({"max_new_tokens": 1, "do_sample": True, "top_k": 4, "temperature": 0.5, **SCORED},
                Table(((3.0, 2.0, 1.0, 0.5),)), ((0,),), seeds=(1,))
    output = reference(call)[0]
    (step,) = output.runs[0]
    scores = step.scores[0].copy()
    scores[3] = -np.inf
    answer = (replace(output, runs=((replace(step, scores=(scores,)),),)),)
    assert judge(call, reference(call), answer, INFO).clauses == ("TOP-K-1", "OUTPUTS-2")


def test_rows_where_no_token_is_left_are_blamed_on_what_bans_theirs():
    call = Call({"max_new_tokens": 1, "suppress_tokens": [0, 1]}, Table(((2.0, 1.0), (0.0, 1.0))), ((0,),))
    free = replace(call, config={"max_new_tokens": 1})
    assert blamed(call, reference(free)) == ("SUPPRESS-1", "SCORES-6")
    wrong = replace(call, config={"max_new_tokens": 1, "top_k": -1, "do_sample": True})
    assert blamed(wrong, reference(free)) == ("TOP-K-1",)


@pytest.mark.parametrize(("config", "clause"), [
    ({"max_new_tokens": 4}, "LENGTH-1"), ({"max_new_tokens": 4, "max_length": 2}, "LENGTH-1"),
    ({"max_length": 6}, "LENGTH-2"), ({"max_new_tokens": None}, "LENGTH-4"), ({}, "LENGTH-4"),
])
@pytest.mark.parametrize("other", [3, 30])
def test_a_row_of_another_length_is_blamed_on_what_sets_its_length(config, clause, other):
    call = Call(config, Table(((0.0, 1.0), (1.0, 0.0))), ((0,),))
    assert blamed(call, reference(replace(call, config={"max_new_tokens": other}))) == ("STOPPING-2", clause)


def test_a_case_of_the_kit_names_the_rule():
    call = searching(early_stopping=True)
    other = replace(call, config={**call.config, "early_stopping": "never"})
    if reference(other)[0].sequences == reference(call)[0].sequences:
        pytest.fail("both end alike: take another model")
    said = Drawn("drawn/0/0", call).examine(lambda question: told(reference(other)[0]), Who(INFO, Capabilities()))
    assert said.clauses[0] == "BEAM-SEARCH-6", described(said=said)


def told(output):
    """Give rows as a decoder tells them."""
    return {"sequences": [list(row.tokens) for row in output.rows],
            "finish_reasons": [str(row.finish_reason) for row in output.rows]}
