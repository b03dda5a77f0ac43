"""The code frame: the line a finding speaks of, the line before it, and carets under the place."""

from collections.abc import Iterator

from genspec.lint.finding import Span
from genspec.lint.report.paint import BLUE, Paint
from genspec.lint.report.printable import printable, width

BEFORE, AFTER = 40, 100
"""How much of a long line is shown before the place and from the place on, in characters."""


def frame(source: list[str], span: Span, paint: Paint, colour: str) -> Iterator[str]:
    """Yield the frame of a span. Of a place over several lines the first is shown; no text, no frame."""
    if not 1 <= span.line <= len(source) or source == [""]:
        return
    gutter = " " * len(str(span.line))
    bar = paint("|", BLUE)
    line = source[span.line - 1]
    first = span.column - 1
    start = max(0, first - BEFORE) if len(line) > BEFORE + AFTER else 0
    if span.line > 1:
        yield f"{paint(f'{span.line - 1:>{len(gutter)}}', BLUE)} {bar} {window(source[span.line - 2], start)}"
    yield f"{paint(str(span.line), BLUE)} {bar} {window(line, start)}"
    left = lead(start) + printable(line[start:first])
    under = printable(line[first : min(last_column(span, line), start + BEFORE + AFTER)])
    yield f"{gutter} {bar} {' ' * width(left)}{paint('^' * max(1, width(under)), colour)}"


def last_column(span: Span, line: str) -> int:
    """Return where the carets end: at the end of the place, or of its first line when it goes on below."""
    return span.end_column - 1 if span.end_line == span.line else len(line)


def window(line: str, start: int) -> str:
    """Return the part of a line that is shown, with an ellipsis where something is left out."""
    end = start + BEFORE + AFTER
    return lead(start) + printable(line[start:end]) + ("..." if len(line) > end else "")


def lead(start: int) -> str:
    """Return the ellipsis that stands for what comes before the window."""
    return "..." if start else ""
