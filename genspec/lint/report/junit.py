"""The report as JUnit XML, which every CI server shows: a test case a file."""

from collections.abc import Iterator
from itertools import groupby
from operator import attrgetter
from xml.sax.saxutils import escape, quoteattr

from genspec.lint.check import Report
from genspec.lint.finding import Finding, Severity
from genspec.lint.report.printable import printable


def junit_report(report: Report) -> Iterator[str]:
    """Yield a report as one test suite. A note fails nothing."""
    by_path = {path: list(found) for path, found in
               groupby(sorted(report.findings, key=attrgetter("path")), key=attrgetter("path"))}
    paths = list(dict.fromkeys((*report.files, *by_path)))
    failed = sum(any(map(fails, by_path.get(path, ()))) for path in paths)
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    yield f'<testsuites name="genspec" tests="{len(paths)}" failures="{failed}" errors="0">\n'
    yield f'<testsuite name="genspec check" tests="{len(paths)}" failures="{failed}" errors="0" skipped="0">\n'
    for path in paths:
        yield from case(path, by_path.get(path, []))
    yield "</testsuite>\n</testsuites>\n"


def case(path: str, findings: list[Finding]) -> Iterator[str]:
    """Yield one file: a failure that lists what is wrong, and notes as its output."""
    name = f"<testcase classname={attribute('genspec.check')} name={attribute(path)}"
    if not findings:
        yield f"{name}/>\n"
        return
    yield f"{name}>\n"
    if worst := sorted(filter(fails, findings), key=attrgetter("severity"), reverse=True):
        message = attribute(f"{worst[0].code} {worst[0].message}")
        yield f"<failure type={attribute(worst[0].code)} message={message}>{text(worst)}</failure>\n"
    if notes := [finding for finding in findings if not fails(finding)]:
        yield f"<system-out>{text(notes)}</system-out>\n"
    yield "</testcase>\n"


def fails(finding: Finding) -> bool:
    """Tell whether a finding is more than a note."""
    return finding.severity > Severity.INFO


def text(findings: list[Finding]) -> str:
    """Write findings a line each."""
    lines = (
        f"{found.path}:{found.span.line}:{found.span.column}: {found.code} {found.severity} {found.message}"
        for found in findings
    )
    return escape("\n".join(map(printable, lines)))


def attribute(value: str) -> str:
    """Write an attribute, in quotes."""
    return quoteattr(printable(value))
