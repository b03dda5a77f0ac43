"""Reads Jupyter notebooks: the code cells as one program, each finding where its line stands in the file."""

import ast
import json
import re
from bisect import bisect_right
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from genspec.lint.finding import Pointer, Span
from genspec.lint.sources.document import Comment, Document, untouched
from genspec.lint.sources.nothing import nothing
from genspec.lint.sources.positions import SCAN, Locator, Node, span_between
from genspec.lint.sources.python.quick import TRIGGERS
from genspec.lint.sources.python.reader import document_of, settings_in

MAGIC = re.compile(r"^([ \t]*)[%!?].*$", re.MULTILINE)
"""A line that is no Python: `%pip install ...`, `!ls`."""

NO_BREAK = re.compile(r"[^\r\n]")

ESCAPE = re.compile(r"\\(?:u[0-9a-fA-F]{4}|.)|[^\\]", re.DOTALL)
"""One character of a JSON string, or one half of a pair."""


class Piece(NamedTuple):
    """One JSON string of a cell: where its text begins in the program, and the string in the file."""

    start: int
    literal: int                        # offset of its first character behind the quote
    text: str


def parse_notebook(path: str, data: bytes) -> Document:
    """Read a notebook. One that is broken, or whose cells are no Python, holds nothing that can be checked."""
    if not any(trigger in data for trigger in TRIGGERS):
        return nothing(path)
    try:
        text = data.decode()
        cells = list(cells_of(text, json.loads(text)["cells"]))
        pieces = [piece for cell in cells for piece in cell]
        plain = "".join(map(plain_text, cells))
        document = document_of(path, plain, settings_in(plain))
    except (KeyError, TypeError, ValueError, SyntaxError, RecursionError, MemoryError):
        return nothing(path)

    def locate(pointer: Pointer, on_key: bool = False) -> Span:
        return span_in_file(text, pieces, plain, document.locate(pointer, on_key))

    comments = tuple(in_file(comment, text, pieces, plain) for comment in document.comments)
    return document._replace(text=text, locate=locate, rewrite=untouched, comments=comments)


def in_file(comment: Comment, text: str, pieces: list[Piece], program: str) -> Comment:
    """Return a comment of the program as one of the file. A cell may be one line there, and the program another."""
    span = span_in_file(text, pieces, program, comment.span)
    starts = line_starts(program)
    line = min(comment.line, len(starts) - 1)           # the text behind the last line break is empty
    place = span_in_file(text, pieces, program, Span(line, 1, line, starts[line] - starts[line - 1]))
    return Comment(place.line, comment.codes, span, place)


def cells_of(text: str, cells: list[dict[str, Any]]) -> Iterator[list[Piece]]:
    """Yield the strings of each code cell, with a line break behind them."""
    tree, start = Locator(text), 0
    cell_nodes = tree.children(tree.children(top(tree))["cells"])
    for number, cell in enumerate(cells):
        if cell["cell_type"] != "code":
            continue
        source, pieces = tree.children(cell_nodes[number])["source"], []
        nodes = [source] if isinstance(cell["source"], str) else list(tree.children(source).values())
        for node in nodes:
            pieces.append(Piece(start, node.start + 1, SCAN(text, node.start)[0]))
            start += len(pieces[-1].text)
        pieces.append(Piece(start, source.end - 1, "\n"))
        start += 1
        yield pieces


def plain_text(cell: list[Piece]) -> str:
    """Return a cell as Python. One that is none, as `%%bash`, is blank: the others still count."""
    plain = MAGIC.sub(blanked, "".join(piece.text for piece in cell))
    try:
        ast.parse(plain)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return NO_BREAK.sub(" ", plain)
    return plain


def top(tree: Locator) -> Node:
    """Return the whole document."""
    node = tree.top()
    assert node is not None
    tree.root = node
    return node


def blanked(match: re.Match[str]) -> str:
    """Put a statement that does nothing in place of a line that is no Python. The length stays."""
    return match[1] + "pass".ljust(len(match[0]) - len(match[1]))[:max(len(match[0]) - len(match[1]), 0)]


def span_in_file(text: str, pieces: list[Piece], program: str, span: Span) -> Span:
    """Return where a place of the program stands in the notebook's file."""
    starts = line_starts(program)
    first, last = (starts[line - 1] + column - 1 for line, column in
                   ((span.line, span.column), (span.end_line, span.end_column)))
    begin = offset_in_file(text, pieces, first)
    return span_between(text, begin, max(offset_in_file(text, pieces, last - 1) + 1, begin))


@lru_cache(maxsize=1)
def line_starts(program: str) -> list[int]:
    """Return where the lines of a program begin."""
    return [0, *(match.end() for match in re.finditer("\n", program))]


def offset_in_file(text: str, pieces: list[Piece], offset: int) -> int:
    """Return where a character of the program stands in the file."""
    piece = pieces[max(bisect_right(pieces, offset, key=lambda piece: piece.start) - 1, 0)]
    place = piece.literal
    for _ in range(min(offset - piece.start, len(piece.text))):
        match = ESCAPE.match(text, place)
        place = match.end() if match else place
    return place
