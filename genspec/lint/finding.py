"""What the linter reports, from the rule that sees it to the report that prints it.

These, and what else `genspec check` needs, are named tuples: `dataclasses` alone would take a fifth of its time.
"""

from enum import IntEnum
from typing import Literal, NamedTuple

Pointer = tuple[str | int, ...]
"""The way to a value from the top of a document: keys and indices, outermost first."""


Confidence = Literal["high", "medium"]
"""How sure a finding is: medium where a rule reads signs instead of facts."""


class Severity(IntEnum):
    """How bad a finding is. Ordered, so that a threshold is a comparison."""

    INFO = 1
    WARNING = 2
    ERROR = 3

    def __str__(self) -> str:
        """Spell the severity as options and reports do."""
        return self.name.lower()


class Span(NamedTuple):
    """A stretch of text. Lines and columns count from 1, columns in characters; the end column is exclusive."""

    line: int = 1
    column: int = 1
    end_line: int = 1
    end_column: int = 1


class Edit(NamedTuple):
    """One change to a document, as an operation of JSON Patch (RFC 6902)."""

    op: Literal["add", "replace", "remove", "move"]
    pointer: Pointer
    value: object = None            # for add and replace
    to: Pointer | None = None       # for move


class Fix(NamedTuple):
    """A change that removes a finding. Safe: no supported engine decodes differently after it."""

    message: str                    # an imperative sentence
    edits: tuple[Edit, ...]
    safe: bool


class Finding(NamedTuple):
    """One fault at one place, complete for any report."""

    code: str
    name: str
    severity: Severity
    message: str
    path: str
    pointer: Pointer
    span: Span
    clause: str
    help: str                       # what to do about it
    url: str                        # the page of the rule
    fix: Fix | None = None
    confidence: Confidence = "high"

    @property
    def sentences(self) -> str:
        """Return what is wrong, and what to do about it, as one text."""
        return f"{self.message}{'' if self.message.endswith('?') else '.'} {self.help}"


def json_pointer(pointer: Pointer) -> str:
    """Spell a pointer as RFC 6901 does: `/eos_token_id/0`; the whole document is the empty string."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in pointer)
