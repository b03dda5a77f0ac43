"""What the reader of broken text keeps in mind: the brackets that are open, and what comes next in each."""

import re
from dataclasses import dataclass
from enum import Enum, auto

from genspec.lint.sources.positions import Node
from genspec.lint.sources.scanner import Token

OPENER = {"}": "{", "]": "["}
CLOSER = {"{": "}", "[": "]"}
OPEN_KEY = re.compile(r"\"([\w.-]+)\s*:")
VALUES = ("string", "scalar", "unknown")


class Expect(Enum):
    """What comes next inside a bracket."""

    KEY = auto()
    COLON = auto()
    VALUE = auto()
    COMMA = auto()


@dataclass(slots=True)
class Frame:
    """A bracket that is open: ``{``, ``[``, or, at the bottom, the text itself (no mark)."""

    mark: str
    node: Node
    expect: Expect
    children: dict[str | int, Node]     # the node's
    key: Token | None = None            # in an object: the key whose value is next, or was last
    comma: Token | None = None          # the comma just read
    end: int = 0                        # where the last value ended
    implied: bool = False               # never opened or closed too early: its end is not missed
