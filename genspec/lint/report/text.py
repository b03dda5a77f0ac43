"""The report for people: every finding with the line it speaks of, file by file, and a summary."""

from collections.abc import Callable, Iterator
from itertools import groupby
from operator import attrgetter

from genspec.lint.check import Report
from genspec.lint.finding import Severity
from genspec.lint.report.paint import CYAN, GREEN, RED, YELLOW, Paint, plain

COLOURS = {Severity.ERROR: RED, Severity.WARNING: YELLOW, Severity.INFO: CYAN}
TextOf = Callable[[str], str | None]


def text_report(report: Report, text_of: TextOf, paint: Paint = plain) -> Iterator[str]:
    """Yield a report in pieces, each ending in a line break.

    ``text_of``: the text of a file by its path, None when it has none to show.
    """
    if report.findings:
        yield from blocks(report, text_of, paint)
    yield "".join(line + "\n" for line in summary(report, paint))


def blocks(report: Report, text_of: TextOf, paint: Paint) -> Iterator[str]:
    """Yield the findings, one a piece."""
    from genspec.lint.report.block import finding_lines, split  # most runs find nothing

    for path, findings in groupby(report.findings, key=attrgetter("path")):
        source = split(text_of(path))
        for finding in findings:
            lines = finding_lines(finding, source, COLOURS[finding.severity], paint)
            yield "".join(line + "\n" for line in lines) + "\n"


def summary(report: Report, paint: Paint) -> Iterator[str]:
    """Yield the closing lines: how much was read, what was found, where to read on."""
    counted = ", ".join(
        paint(plural(count, str(severity)), COLOURS[severity])
        for severity in sorted(Severity, reverse=True)
        if (count := report.count(severity))
    )
    yield f"{plural(len(report.files), 'file')} checked: {counted or paint('nothing found', GREEN)}."
    yield from report.notes
    if report.fixed:
        yield f"{plural(report.fixed, 'fault')} fixed."
    if report.findings:
        yield from fixable(report)
        worst = max(report.findings, key=lambda finding: finding.severity)
        yield f"`genspec rule {worst.code}` says more about {worst.name}."


def fixable(report: Report) -> Iterator[str]:
    """Yield a line on the fixes that there are."""
    fixes = [finding.fix for finding in report.findings if finding.fix is not None]
    safe = sum(fix.safe for fix in fixes)
    unsafe = len(fixes) - safe
    ways = [f"{safe} with --fix"] * bool(safe) + [f"{unsafe} with --fix --unsafe-fixes"] * bool(unsafe)
    if ways:
        yield f"genspec can fix {' and '.join(ways)}."


def plural(count: int, noun: str) -> str:
    """Count a noun."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
