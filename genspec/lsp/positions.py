"""Positions of the protocol: lines and columns from 0, columns in UTF-16 units."""

from lsprotocol.types import Position, Range

from genspec.lint.finding import Span
from genspec.lint.report.block import split


def range_of(span: Span, lines: list[str]) -> Range:
    """Return a span as the protocol has it."""
    return Range(position_of(span.line, span.column, lines), position_of(span.end_line, span.end_column, lines))


def position_of(line: int, column: int, lines: list[str]) -> Position:
    """Return a place, given in characters from 1, as the protocol has it."""
    text = lines[line - 1] if line <= len(lines) else ""
    return Position(line - 1, units(text[:column - 1]))


def units(text: str) -> int:
    """Count the UTF-16 units of a text."""
    return len(text) + sum(letter > "\uffff" for letter in text)


def column_of(position: Position, lines: list[str]) -> int:
    """Return the column of a position, in characters from 1."""
    text = lines[position.line] if position.line < len(lines) else ""
    column = 0
    while column < len(text) and units(text[:column]) < position.character:
        column += 1
    return column + 1


def is_inside(position: Position, span: Span, lines: list[str]) -> bool:
    """Tell whether a position is in a span, or at its end."""
    place = (position.line + 1, column_of(position, lines))
    return (span.line, span.column) <= place <= (span.end_line, span.end_column)


def lines_of(text: str) -> list[str]:
    """Split a text into lines as positions count them."""
    return split(text)
