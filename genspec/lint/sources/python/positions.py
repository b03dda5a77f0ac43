"""Where Python code stands: `ast` counts the bytes of a line, the linter the characters of the text."""

import ast
import re
from typing import NamedTuple

LINE_END = re.compile(r"\r\n|\n|\r")


class Lines:
    """The lines of one text, as Python counts them."""

    def __init__(self, text: str) -> None:
        """Find where the lines begin."""
        self.text = text
        self.starts = [0, *(match.end() for match in LINE_END.finditer(text))]

    def offset(self, line: int, column: int) -> int:
        """Return the offset of a place in the text. ``line`` counts from 1, ``column`` in bytes of UTF-8 from 0."""
        start = self.starts[line - 1]
        end = self.starts[line] if line < len(self.starts) else len(self.text)
        part = self.text[start:end]
        return start + (column if part.isascii() else len(part.encode()[:column].decode(errors="replace")))


class Piece(NamedTuple):
    """A setting in the text: the whole of it, its name, its value. Offsets, ends exclusive."""

    start: int
    end: int
    name_end: int
    value_start: int
    value_end: int


def piece_of_keyword(keyword: ast.keyword, lines: Lines) -> Piece:
    """Find `name=value` in a call."""
    assert keyword.arg is not None
    start = lines.offset(keyword.lineno, keyword.col_offset)
    value_start, value_end = ends(keyword.value, lines)
    return Piece(start, value_end, start + len(keyword.arg), value_start, value_end)


def piece_of_member(key: ast.expr, value: ast.expr, lines: Lines) -> Piece:
    """Find `"name": value` in a dict."""
    start, name_end = ends(key, lines)
    value_start, value_end = ends(value, lines)
    return Piece(start, value_end, name_end, value_start, value_end)


def piece_of_assignment(target: ast.Attribute, value: ast.expr, lines: Lines) -> Piece:
    """Find `receiver.name = value`; its name is the attribute with all before it."""
    return piece_of_member(target, value, lines)


def ends(node: ast.expr, lines: Lines) -> tuple[int, int]:
    """Return where an expression begins and ends."""
    assert node.end_lineno is not None and node.end_col_offset is not None
    return lines.offset(node.lineno, node.col_offset), lines.offset(node.end_lineno, node.end_col_offset)
