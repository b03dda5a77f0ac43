"""The report as workflow commands: GitHub Actions shows each finding at its line."""

from collections.abc import Iterator

from genspec.lint.check import Report
from genspec.lint.finding import Finding, Severity

COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def github_report(report: Report) -> Iterator[str]:
    """Yield a line a finding."""
    for finding in report.findings:
        yield f"::{COMMANDS[finding.severity]} {properties(finding)}::{data(finding.sentences)}\n"


def properties(finding: Finding) -> str:
    """Write where a finding is. Columns are left out for a place of several lines, as the runner wants it."""
    span = finding.span
    members = {"file": finding.path, "line": span.line, "endLine": span.end_line}
    if span.line == span.end_line:
        members |= {"col": span.column, "endColumn": span.end_column}
    members["title"] = f"{finding.code} {finding.name}"
    return ",".join(f"{name}={escaped(str(value))}" for name, value in members.items())


def data(text: str) -> str:
    """Escape a message: the runner reads lines."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def escaped(text: str) -> str:
    """Escape a property."""
    return data(text).replace(":", "%3A").replace(",", "%2C")
