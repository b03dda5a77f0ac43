"""Where things stand: offsets into a text become lines and columns, pointers become spans."""

import json
import re
from bisect import bisect_right
from functools import lru_cache
from itertools import accumulate

from genspec.lint.finding import Pointer, Span

MOST_ENTRIES = 100_000
"""Behind so many items of one list, or members of one object, positions are those of the whole."""

FAR = 20_000
"""Beyond this offset lines are looked up: counting them again for each finding takes the square of a long file."""

BREAK = re.compile(r"(\r\n|\n|\r)")
BLANK = re.compile(r"[ \t\n\r]*+")
MEMBER = re.compile(r'[ \t\n\r]*+("(?:[^"\\]|\\.)*+")[ \t\n\r]*+:[ \t\n\r]*+')
AFTER = re.compile(r"[ \t\n\r]*+[],}]")
SCAN = json.JSONDecoder().raw_decode


class Node:
    """A value in the text. A member of an object also knows where its key stands. Offsets, ends exclusive."""

    __slots__ = ("children", "end", "key_end", "key_start", "start", "value")

    def __init__(self, start: int, end: int, value: object = None, key_start: int = -1, key_end: int = -1) -> None:
        """Take the place of the value, and that of its key in a member of an object."""
        self.start, self.end, self.value = start, end, value
        self.key_start, self.key_end = key_start, key_end   # -1: no member of an object
        self.children: dict[str | int, Node] | None = None  # None: a word, or a bracket that nobody has looked into


def position(text: str, offset: int) -> tuple[int, int]:
    """Return the line and the column of an offset. CRLF, LF and a lone CR each end a line."""
    if text[offset - 1:offset + 1] == "\r\n":
        offset -= 1
    if offset > FAR:
        ends = breaks_in(text)
        line = bisect_right(ends, offset)
        return line + 1, offset - (ends[line - 1] if line else 0) + 1
    breaks = text.count("\n", 0, offset) + text.count("\r", 0, offset) - text.count("\r\n", 0, offset)
    last = max(text.rfind("\n", 0, offset), text.rfind("\r", 0, offset))
    return breaks + 1, offset - last


@lru_cache(maxsize=2)
def breaks_in(text: str) -> list[int]:
    """Return the offsets behind the line breaks of a text."""
    ends = accumulate(map(len, BREAK.split(text)))      # of a line, of its break, of a line, of its break, ...
    return list(ends)[1::2]


def span_between(text: str, start: int, end: int) -> Span:
    """Return the stretch between two offsets."""
    return Span(*position(text, start), *position(text, end))


class Locator:
    """Finds the spans of one text.

    The tree of a broken text is given, complete. That of valid JSON grows where it is asked for: most files are
    clean and need none, and of the others only a few keys are looked at.
    """

    __slots__ = ("root", "text", "valid")

    def __init__(self, text: str, root: Node | None = None, valid: bool = True) -> None:
        """Take a text of valid JSON, or the tree of another text."""
        self.text, self.root, self.valid = text, root, valid

    def __call__(self, pointer: Pointer, on_key: bool = False) -> Span:
        """Return the span of what a pointer names: a whole member, a key alone, an item, or the whole document.

        A pointer to nothing gets the span of its nearest ancestor that is there.
        """
        node = self.root = self.root or self.top()
        if node is None:
            return Span()
        for part in pointer:
            child = self.children(node).get(part)
            if child is None:
                on_key = False
                break
            node = child
        if node.key_start < 0:
            return span_between(self.text, node.start, node.end)
        return span_between(self.text, node.key_start, node.key_end if on_key else node.end)

    def top(self) -> Node | None:
        """Return the document, not looked into yet."""
        start, end = match_end(BLANK, self.text, 0), len(self.text.rstrip(" \t\n\r"))
        return Node(start, end) if self.valid else None

    def children(self, node: Node) -> dict[str | int, Node]:
        """Return the members or the items of a node."""
        if node.children is None:
            grow = {"{": members, "[": items}.get(self.text[node.start:node.start + 1]) if self.valid else None
            node.children = grow(self.text, node.start + 1) if grow else {}
        return node.children


def members(text: str, offset: int) -> dict[str | int, Node]:
    """Find the members of an object in valid JSON, from behind its bracket on."""
    found: dict[str | int, Node] = {}
    while len(found) < MOST_ENTRIES and (match := MEMBER.match(text, offset)):
        start, (key_start, key_end) = match.end(), match.span(1)
        end = SCAN(text, start)[1]
        key = match[1][1:-1] if "\\" not in match[1] else SCAN(text, key_start)[0]
        found[key] = Node(start, end, None, key_start, key_end)
        offset = match_end(AFTER, text, end)
    return found


def items(text: str, offset: int) -> dict[str | int, Node]:
    """Find the items of a list in valid JSON, from behind its bracket on."""
    found: dict[str | int, Node] = {}
    offset = match_end(BLANK, text, offset)
    while len(found) < MOST_ENTRIES and text[offset] != "]":
        end = SCAN(text, offset)[1]
        found[len(found)] = Node(offset, end)
        after = match_end(AFTER, text, end)
        offset = match_end(BLANK, text, after) if text[after - 1] == "," else after - 1
    return found


def match_end(pattern: re.Pattern[str], text: str, offset: int) -> int:
    """Return where a pattern that is known to match ends."""
    match = pattern.match(text, offset)
    return match.end() if match else offset
