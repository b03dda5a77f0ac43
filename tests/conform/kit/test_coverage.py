"""What a run covered: parameter, value class, level."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.strategies import described

from genspec.config.fields import FIELDS
from genspec.config.mode import ANY
from genspec.config.profiles import HF
from genspec.conform import run
from genspec.conform.cases.placed import placed
from genspec.conform.cases.published import published
from genspec.conform.coverage.classes import OTHER, PARAMETERS, acts, class_of, classes_of
from genspec.conform.coverage.table import NO_CASE, RUN, SKIPPED, covered, declared
from genspec.conform.coverage.values import cells
from genspec.conform.kit.report import NOTHING_RAN
from genspec.conform.report import json as as_json
from genspec.conform.report import text

WITHOUT = {
    ("assistant_confidence_threshold", "high end"), ("assistant_lookbehind", "low end"),
    ("decoder_start_token_id", "empty"), ("decoder_start_token_id", "repeated"),
    ("is_assistant", "false"), ("is_assistant", "true"),
    ("max_time", "extreme"), ("mirostat_tau", "extreme"), ("num_assistant_tokens_schedule", "constant"),
    ("num_assistant_tokens_schedule", "heuristic_transient"), ("output_attentions", "false"),
    ("output_hidden_states", "false"), ("target_lookbehind", "low end"), ("use_mtp", "false"),
}
"""Classes that no vector and no placed call of `hf` has: a class that gets one is to leave this list."""


def test_the_cases_of_hf_have_every_value_class_but_these() -> None:
    table = covered([(case, None) for case in (*published("hf"), *placed("hf"))], "hf")
    assert {key for key, state in table.states().items() if state == NO_CASE} == WITHOUT


@pytest.mark.parametrize(("name", "value", "expected"), [
    ("top_p", 1.0, "off"), ("top_p", 0, "low end"), ("top_p", 0.5, "inside"), ("top_p", 1.5, "outside"),
    ("top_p", "x", OTHER), ("top_p", True, OTHER), ("typical_p", 0.0, "outside"), ("top_k", 0, "off"),
    ("top_k", 1, "one"),
    ("top_k", 8, "V or more"), ("top_k", 7, "inside"), ("temperature", 0.5, "below 1"), ("temperature", 1, "off"),
    ("temperature", 64.0, "extreme"), ("temperature", 2.0, "1 and more"), ("length_penalty", -1.0, "negative"),
    ("eos_token_id", [], "empty"), ("eos_token_id", 3, "one"), ("eos_token_id", [3, 4], "several"),
    ("eos_token_id", [3, 3], "repeated"), ("eos_token_id", 9, "outside V"), ("pad_token_id", 9, "outside V"),
    ("bad_words_ids", [[1]], "one token"), ("bad_words_ids", [[1], [2]], "several single tokens"),
    ("bad_words_ids", [[1, 2]], "sequences"), ("sequence_bias", [[[1, 2], 2.0]], "sequences"),
    ("early_stopping", "never", "never"), ("early_stopping", False, "false"), ("stop_strings", "a", "one"),
    ("stop_strings", ["a", "b"], "several"), ("stop_strings", 3, OTHER),
])
def test_a_value_has_a_class(name: str, value: Any, expected: str) -> None:
    assert class_of(name, value, 8) == expected


@given(st.sampled_from(sorted({*FIELDS, *PARAMETERS})), st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=2), max_leaves=6))
def test_any_value_has_exactly_one_class(name: str, value: Any) -> None:
    found = class_of(name, value, 8)
    assert found in {OTHER, *(one.name for one in classes_of(name))}, described(name=name, value=value)


def test_every_field_that_acts_has_classes_and_every_class_one_name() -> None:
    for name in {*(field for field in FIELDS if acts(field)), *PARAMETERS}:
        names = [one.name for one in classes_of(name)]
        assert names and len(names) == len(set(names)), name
    assert declared("hf") < declared("hf-4.50")
    assert not acts("num_beam_groups", HF.modes) and acts("num_beam_groups", ANY)


def test_the_parameters_of_a_question_are_found() -> None:
    top_p = {"operation": "top_p", "scores": [1.0, 0.0], "arguments": {"min_keep": 1, "p": 0.5}, "context": {}}
    assert cells("L0", top_p, ("boundary", "random")) == {("top_p", "inside"), ("top_p", "boundary")}
    assert cells("L2", {"scores": [1.0], "noise": [1.0]}) == {("selection", "a race")}
    loop = cells("L3", {"config": {"do_sample": True, "top_p": 0.5}, "model": {"vocab_size": 4}, "prompt": [1]})
    assert loop >= {("top_p", "inside"), ("top_k", "unset"), ("max_new_tokens", "unset"), ("do_sample", "true")}
    assert ("length_penalty", "unset") not in loop, described(loop=sorted(loop))


def test_a_report_tells_what_was_run_and_what_was_skipped_and_why() -> None:
    report = run("support.kit_fakes:Levelled", levels=["L0", "L2"], shrink_seconds=0)
    assert report.coverage is not None
    states = report.coverage.states()
    assert states["temperature", "below 1"] == RUN and states["top_p", "boundary"] == SKIPPED
    (row,) = (row for row in report.coverage.rows if (row.parameter, row.value_class) == ("top_p", "boundary"))
    assert row.run == 0 and row.reasons == {"has not the operation top_p": row.skipped} and row.level == "L0"
    counts = report.coverage.counts()
    assert sum(counts.values()) == len(states) and min(counts.values()) > 0
    data = json.loads("".join(as_json.lines(report)))
    assert data["coverage"]["classes"] == counts and len(data["coverage"]["rows"]) == len(report.coverage.rows)
    short, whole = ("".join(text.lines(report, whole)) for whole in (False, True))
    assert f"{counts[RUN]:,} of {len(states):,} value classes run" in short and "has not the operation" in whole
    assert all(parameter in whole for parameter, _ in states)


@pytest.mark.parametrize(("given", "named"), [
    ({"levels": ["L2"], "clauses": ["TOP-P"]}, "TOP-P"), ({"levels": ["L0"], "clauses": ["TOP-K", "BEAMS"]}, "BEAMS"),
])
def test_what_was_asked_for_and_has_no_case_fails(given: dict[str, Any], named: str) -> None:
    report = run("reference", shrink_seconds=0, **given)
    assert report.status == NOTHING_RAN and report.run.without_case == (named,)
    assert f"No case was selected by {named}." in "".join(text.lines(report))
