"""What a run has shown: as a value, as JSON, as text."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.kit_reports import RESULTS, report_of
from support.strategies import described

from genspec.conform import run
from genspec.conform.kit.report import Result, result_from_json, result_to_json
from genspec.conform.report import json as as_json
from genspec.conform.report import text as as_text
from genspec.conform.verdict import Kind, Verdict


@given(RESULTS)
def test_a_result_is_read_as_it_was_written(result: Result) -> None:
    written = json.loads(json.dumps(result_to_json(result), allow_nan=False))
    assert result_from_json(written) == result, described(written=written)


@given(st.lists(RESULTS, max_size=6))
def test_the_json_of_a_report_has_the_members_of_the_issue_and_counts_right(results: list[Result]) -> None:
    data = json.loads("".join(as_json.lines(report_of(results))))
    assert list(data) == ["version", "decoder", "run", "summary", "verdicts"] and data["version"] == 1
    assert list(data["summary"]) == [
        "conforms", "violates", "ambiguous", "unsupported", "known_deviation", "errored", "timed_out"]
    words = [verdict["verdict"].replace("rejected_as_specified", "conforms") for verdict in data["verdicts"]]
    assert data["summary"] == {word: words.count(word) for word in data["summary"]}
    assert len(data["verdicts"]) == len(results)


@given(st.lists(RESULTS, max_size=6))
def test_the_text_of_a_report_names_every_number_and_fails_on_nothing(results: list[Result]) -> None:
    report = report_of(results)
    text = "".join(as_text.lines(report))
    for word, count in report.summary.items():
        assert not count or word.replace("_", " ") in text
    assert text.endswith("\n")


@pytest.mark.parametrize(("kinds", "asked", "status"), [
    ([Kind.CONFORMS], True, 0), ([Kind.REJECTED], True, 0), ([Kind.AMBIGUOUS], True, 0), ([], True, 3),
    ([Kind.KNOWN_DEVIATION], True, 0), ([Kind.UNSUPPORTED], True, 3), ([Kind.UNSUPPORTED], False, 3),
    ([Kind.CONFORMS, Kind.VIOLATES], True, 1), ([Kind.ERRORED], True, 1), ([Kind.TIMED_OUT], True, 1),
])
def test_the_status_of_a_run(kinds: list[Kind], asked: bool, status: int) -> None:
    assert report_of([Result("a/b", "L0", (), Verdict(kind), asked) for kind in kinds]).status == status


def test_a_report_leads_with_the_failure_that_combines_least() -> None:
    verdicts = [Verdict(Kind.VIOLATES, clauses=(clause,)) for clause in ("BEAM-SEARCH-2", "TOP-K-1", "TOP-K-1")]
    configs = [{"num_beams": 2, "top_k": 3}, {"do_sample": True, "top_k": 3, "top_p": 0.5}, {"top_k": 3}]
    results = [Result(f"a/{number}", "L3", (), verdict, input={"config": config})
               for number, (verdict, config) in enumerate(zip(verdicts, configs, strict=True))]
    text = "".join(as_text.lines(report_of(results)))
    assert [line for line in text.splitlines() if line.startswith("violates: ")] == [
        "violates: a/2 (L3) [TOP-K-1]", "violates: a/0 (L3) [BEAM-SEARCH-2]"], text


def test_a_report_of_failures_shows_each_kind_and_the_command() -> None:
    report = run("support.kit_fakes:Deaf", max_cases=40, levels=["L3"], shrink_seconds=0.0)
    text = "".join(as_text.lines(report))
    assert "genspec conform support.kit_fakes:Deaf --case " in text and "expected" in text and "violates" in text
    data = as_json.report_to_json(report)
    failing = [verdict for verdict in data["verdicts"] if verdict["verdict"] == "violates"]
    start = "genspec conform support.kit_fakes:Deaf --case "
    assert failing and all(one["command"].startswith(start) for one in failing)
    json.dumps(data, allow_nan=False)
    assert data["decoder"] == {
        "target": "support.kit_fakes:Deaf", "name": "greedy", "version": "1.0", "dtype": "float64", "profile": "hf",
        "capabilities": data["decoder"]["capabilities"],
    }
