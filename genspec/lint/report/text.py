"""The report for people: every finding with the line it speaks of, file by file, and a summary."""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache

from genspec.lint.check import Report
from genspec.lint.finding import Finding, Fix, Severity
from genspec.lint.report.frame import frame
from genspec.lint.report.paint import BLUE, BOLD, CYAN, GREEN, RED, YELLOW, Paint, plain
from genspec.lint.report.printable import printable

COLOURS = {Severity.ERROR: RED, Severity.WARNING: YELLOW, Severity.INFO: CYAN}
LONGEST = 600
"""The most characters of one message: a key can be as long as its file."""

LINE_END = re.compile(r"\r\n|\n|\r")

TextOf = Callable[[str], str | None]


def text_report(report: Report, text_of: TextOf, paint: Paint = plain) -> Iterator[str]:
    """Yield a report in pieces, each ending in a line break.

    ``text_of``: the text of a file by its path, None when it has none to show.
    """
    lines_of = lru_cache(maxsize=1)(lambda path: split(text_of(path)))
    for finding in report.findings:
        yield "".join(line + "\n" for line in finding_lines(finding, lines_of(finding.path), paint)) + "\n"
    yield "".join(line + "\n" for line in summary(report, paint))


def split(text: str | None) -> list[str]:
    """Split a text into lines as positions count them: CRLF, LF and a lone CR each end one."""
    return LINE_END.split(text) if text else []


def finding_lines(finding: Finding, source: list[str], paint: Paint) -> Iterator[str]:
    """Yield a finding: place and message, the code frame, what to do."""
    colour = COLOURS[finding.severity]
    place = f"{printable(finding.path)}:{finding.span.line}:{finding.span.column}"
    rule = f"{paint(finding.code, colour, BOLD)} {paint(str(finding.severity), colour)}"
    yield f"{paint(place, BOLD)}: {rule} [{finding.clause}] {cut(printable(finding.message))}"
    yield from frame(source, finding.span, paint, colour)
    yield f"  {paint('help:', BLUE)} {cut(printable(finding.help))}"
    if finding.fix:
        yield f"  {paint('fix:', GREEN)} {cut(fix_text(finding.fix))}"


def fix_text(fix: Fix) -> str:
    """Say what a fix does, and whether a decoder may notice."""
    return printable(fix.message) + ("" if fix.safe else " (can change the output)")


def cut(text: str) -> str:
    """Shorten a text that is much longer than anyone reads."""
    return text if len(text) <= LONGEST else text[: LONGEST - 3] + "..."


def summary(report: Report, paint: Paint) -> Iterator[str]:
    """Yield the closing lines: how much was read, what was found, where to read on."""
    counted = ", ".join(
        paint(plural(count, str(severity)), COLOURS[severity])
        for severity in sorted(Severity, reverse=True)
        if (count := report.count(severity))
    )
    yield f"{plural(len(report.files), 'file')} checked: {counted or paint('nothing found', GREEN)}."
    if report.findings:
        worst = max(report.findings, key=lambda finding: finding.severity)
        yield f"`genspec rule {worst.code}` says more about {worst.name}."


def plural(count: int, noun: str) -> str:
    """Count a noun."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
