"""The reports that CI servers read: each is what its reader takes, whatever the names of files and keys are."""

import json
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sarif_pydantic import Sarif

from genspec.lint.check import Report
from genspec.lint.finding import Finding, Severity, Span
from genspec.lint.report.github import github_report
from genspec.lint.report.gitlab import gitlab_report
from genspec.lint.report.junit import junit_report
from genspec.lint.report.sarif import sarif_report

NAMES = st.text(st.characters(codec=None), min_size=1, max_size=12)
"""Any text, lone surrogates and control characters too."""


def finding(**changes):
    usual = {
        "code": "GS201", "name": "some-rule", "severity": Severity.WARNING, "message": "message", "path": "a/b.json",
        "pointer": ("top_k",), "span": Span(2, 3, 2, 5), "clause": "MODE-2", "help": "help", "url": "url", "fix": None,
    }
    return Finding(**(usual | changes))


def reports():
    return st.lists(st.builds(
        lambda path, message, severity: finding(path=path, message=message, severity=severity, pointer=(message,)),
        NAMES, NAMES, st.sampled_from(Severity),
    ), max_size=4).map(lambda found: Report(tuple(found), tuple(dict.fromkeys(one.path for one in found))))


@given(reports())
def test_sarif_is_read_by_a_strict_model(report):
    log = json.loads("".join(sarif_report(report)))
    run = Sarif.model_validate(log).runs[0]
    assert len(run.results or ()) == len(report.findings)
    assert [result["level"] for result in log["runs"][0]["results"]] == [
        {"info": "note"}.get(str(found.severity), str(found.severity)) for found in report.findings]


def test_sarif_names_rule_place_and_position():
    log = json.loads("".join(sarif_report(Report((finding(),), ("a/b.json", "c d.json")))))
    run = log["runs"][0]
    (result,) = run["results"]
    assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"] == "GS201"
    (location,) = result["locations"]
    assert location["physicalLocation"] == {
        "artifactLocation": {"uri": "a/b.json"},
        "region": {"startLine": 2, "startColumn": 3, "endLine": 2, "endColumn": 5},
    }
    assert location["logicalLocations"] == [{"fullyQualifiedName": "/top_k"}]
    assert [artifact["location"]["uri"] for artifact in run["artifacts"]] == ["a/b.json", "c%20d.json"]


def test_a_fingerprint_stays_when_lines_move():
    first, moved, other = finding(), finding(span=Span(9, 1, 9, 2)), finding(pointer=("top_p",))
    names = [json.loads("".join(gitlab_report(Report((one,), ()))))[0]["fingerprint"] for one in (first, moved, other)]
    assert names[0] == names[1] != names[2]


@given(reports())
def test_gitlab_fingerprints_are_unique(report):
    issues = json.loads("".join(gitlab_report(report)))
    assert len({issue["fingerprint"] for issue in issues}) == len(report.findings)
    assert {issue["severity"] for issue in issues} <= {"info", "minor", "major", "critical", "blocker"}


@given(reports())
def test_github_gives_one_line_a_finding(report):
    lines = "".join(github_report(report)).split("\n")
    assert len(lines) == len(report.findings) + 1
    assert all(line.startswith(("::error file=", "::warning file=", "::notice file=")) for line in lines[:-1])


def test_github_escapes_what_its_reader_divides_at():
    (line,) = github_report(Report((finding(path="a:b,c", message="50%\nof it", severity=Severity.ERROR),), ()))
    assert line == ("::error file=a%3Ab%2Cc,line=2,endLine=2,col=3,endColumn=5,title=GS201 some-rule"
                    "::50%25%0Aof it. help\n")


@given(reports())
def test_junit_is_xml_that_counts_right(report):
    suites = ElementTree.fromstring("".join(junit_report(report)).encode("utf-8"))
    cases = suites.findall("./testsuite/testcase")
    failed = {found.path for found in report.findings if found.severity > Severity.INFO}
    assert len(cases) == int(suites.attrib["tests"]) == len(report.files)
    assert sum(case.find("failure") is not None for case in cases) == int(suites.attrib["failures"]) == len(failed)


def test_junit_shows_clean_files_and_notes():
    note = finding(severity=Severity.INFO, path="b")
    suites = ElementTree.fromstring("".join(junit_report(Report((finding(), note), ("a/b.json", "b", "c")))))
    shown = {case.attrib["name"]: [child.tag for child in case] for case in suites.iter("testcase")}
    assert shown == {"a/b.json": ["failure"], "b": ["system-out"], "c": []}


@pytest.mark.parametrize("write", [sarif_report, gitlab_report, github_report, junit_report])
def test_a_report_without_findings_is_one_too(write):
    assert isinstance("".join(write(Report((), ("a",)))), str)
