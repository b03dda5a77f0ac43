"""One finding as a block of lines: place and message, the line it speaks of, what to do."""

import re
from collections.abc import Iterator

from genspec.lint.finding import Finding, Fix
from genspec.lint.report.frame import frame
from genspec.lint.report.paint import BLUE, BOLD, GREEN, Paint
from genspec.lint.report.printable import printable

LONGEST = 600
"""The most characters of one message: a key can be as long as its file."""

LINE_END = re.compile(r"\r\n|\n|\r")


def split(text: str | None) -> list[str]:
    """Split a text into lines as positions count them: CRLF, LF and a lone CR each end one."""
    return LINE_END.split(text) if text else []


def finding_lines(finding: Finding, source: list[str], colour: str, paint: Paint) -> Iterator[str]:
    """Yield a finding: place and message, the code frame, what to do."""
    place = f"{printable(finding.path)}:{finding.span.line}:{finding.span.column}"
    rule = f"{paint(finding.code, colour, BOLD)} {paint(str(finding.severity), colour)}"
    if finding.confidence != "high":
        rule += f" ({finding.confidence} confidence)"
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
