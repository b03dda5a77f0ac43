"""The report for people."""

import pytest

from genspec.lint.check import Report
from genspec.lint.finding import Edit, Finding, Fix, Severity, Span
from genspec.lint.report.block import LONGEST
from genspec.lint.report.paint import ansi
from genspec.lint.report.text import text_report

TEXT = '{\n  "top_k": 5\n}\n'


def finding(**changes):
    usual = {
        "code": "GS201", "name": "some-rule", "severity": Severity.WARNING, "message": "`top_k` has no effect",
        "path": "m/generation_config.json", "pointer": ("top_k",), "span": Span(2, 3, 2, 13), "clause": "MODE-2",
        "help": "Remove it.", "url": "https://example.org/GS201/", "fix": None,
    }
    return Finding(**(usual | changes))


def printed(*findings, files=("m/generation_config.json",), text=TEXT, **options):
    return "".join(text_report(Report(tuple(findings), tuple(files)), lambda _: text, **options))


def test_a_finding_names_place_rule_severity_clause_and_what_to_do():
    assert printed(finding()) == (
        "m/generation_config.json:2:3: GS201 warning [MODE-2] `top_k` has no effect\n"
        "1 | {\n"
        '2 |   "top_k": 5\n'
        "  |   ^^^^^^^^^^\n"
        "  help: Remove it.\n"
        "\n"
        "1 file checked: 1 warning.\n"
        "`genspec rule GS201` says more about some-rule.\n"
    )


def test_a_fix_says_whether_a_decoder_may_notice():
    remove = Edit("remove", ("top_k",))
    assert "  fix: Remove it\n" in printed(finding(fix=Fix("Remove it", (remove,), safe=True)))
    assert "  fix: Remove it (can change the output)\n" in printed(finding(fix=Fix("Remove it", (remove,), safe=False)))


def test_the_summary_counts_files_and_findings():
    error = finding(code="GS903", name="invalid-json", severity=Severity.ERROR)
    report = printed(finding(), error, finding(), files=[str(n) for n in range(1200)])
    assert report.endswith(
        "1,200 files checked: 1 error, 2 warnings.\n`genspec rule GS903` says more about invalid-json.\n"
    )


def test_a_clean_run_says_so():
    assert printed() == "1 file checked: nothing found.\n"


def test_names_and_messages_cannot_write_to_the_terminal():
    report = printed(finding(path="a\x1b[2J\nb\udcff", message="key `\x1b]0;x\x07` is unknown", help="\x00"))
    assert "\x1b" not in report and "\x07" not in report and "\x00" not in report
    assert r"a\x1b[2J\nb\udcff:2:3" in report


def test_a_message_as_long_as_its_file_is_cut():
    assert max(map(len, printed(finding(message="x" * 100_000)).splitlines())) < LONGEST + 100


def test_colours_appear_only_when_asked_for():
    assert "\x1b" not in printed(finding())
    assert "\x1b[33;1mGS201\x1b[0m" in printed(finding(), paint=ansi)


def test_a_file_without_text_gets_no_frame():
    report = "".join(text_report(Report((finding(),), ("m",)), lambda _: None))
    assert report.splitlines()[1] == "  help: Remove it."


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_every_line_end_that_positions_count_ends_a_line(line_end):
    assert printed(finding(), text=TEXT.replace("\n", line_end)) == printed(finding())
