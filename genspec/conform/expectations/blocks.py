"""The lines of a file of expectations: which belong together, and where a new one goes."""

from collections.abc import Collection
from dataclasses import dataclass, field

from genspec.conform.expectations.file import key_on


@dataclass
class Block:
    """Lines that are no entries, and the entries below them."""

    head: list[str] = field(default_factory=list)
    entries: dict[str, str] = field(default_factory=dict)       # the line of each key

    @property
    def has_comment(self) -> bool:
        """Tell whether a comment stands right above the entries: it is about them, and about no others."""
        return bool(self.head) and self.head[-1].lstrip().startswith("#")

    def keep(self, keys: Collection[str]) -> None:
        """Drop entries that do not stay; with the last one goes the comment about it."""
        had = bool(self.entries)
        self.entries = {key: line for key, line in self.entries.items() if key in keys}
        while had and not self.entries and self.has_comment:
            self.head.pop()

    def lines(self) -> list[str]:
        """Give the lines: entries in the order of their keys where they were in that order."""
        return [*self.head, *self.entries.values()]

    def add(self, key: str, line: str) -> None:
        """Put an entry before the first one with a greater key."""
        before = [one for one in self.entries if one < key] if sorted(self.entries) == [*self.entries] else self.entries
        self.entries = {**{one: self.entries[one] for one in before}, key: line,
                        **{one: text for one, text in self.entries.items() if one not in before}}


def blocks_of(lines: list[str]) -> list[Block]:
    """Divide the lines of a table. A comment or an empty line below an entry begins another block."""
    blocks = [Block()]
    for line in lines:
        key = key_on(line)
        if key is not None:
            blocks[-1].entries[key] = line
            continue
        if blocks[-1].entries:
            blocks.append(Block())
        blocks[-1].head.append(line)
    return blocks


def block_for(key: str, blocks: list[Block]) -> Block:
    """Choose where a new entry goes: below no comment about others. A block for it is made where there is none."""
    free = [block for block in blocks if block.entries and not block.has_comment]
    if not free:
        blocks.insert(0, Block())
        return blocks[0]
    return next((block for block in reversed(free) if next(iter(block.entries)) < key), free[0])


def extent(lines: list[str], table: str) -> tuple[int | None, int]:
    """Find the lines below the head of a table."""
    heads = [(number, line.split("#")[0].strip()) for number, line in enumerate(lines) if line.lstrip().startswith("[")]
    for number, (at, head) in enumerate(heads):
        if head.replace(" ", "").replace('"', "").replace("'", "") == f"[{table}]":
            return at + 1, heads[number + 1][0] if number + 1 < len(heads) else len(lines)
    return None, len(lines)


def comment_of(line: str) -> str:
    """Give the comment behind an entry."""
    inside, escaped = False, False
    for place, letter in enumerate(line):
        if letter == '"' and not escaped:
            inside = not inside
        elif letter == "#" and not inside:
            return f"  {line[place:]}"
        escaped = letter == "\\" and not escaped
    return ""
