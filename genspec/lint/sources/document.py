"""A JSON file as the linter holds it: its value, what is wrong with its text, and where everything stands."""

from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple

from genspec.lint.finding import Pointer, Span


class ProblemKind(StrEnum):
    """What can be wrong with a file before its keys are looked at."""

    UNREADABLE = "unreadable"           # no permission, a directory, a broken or circular link, gone
    TOO_LARGE = "too-large"             # more bytes than a generation config can sensibly have
    LFS_POINTER = "lfs-pointer"         # Git LFS left its pointer instead of the file
    ENCODING = "encoding"               # not UTF-8, or with a byte order mark
    SYNTAX = "syntax"                   # not JSON: empty, HTML, a missing comma, ...
    TOO_DEEP = "too-deep"               # brackets nested deeper than any config
    DUPLICATE_KEY = "duplicate-key"
    NOT_FINITE = "not-finite"           # NaN, Infinity, 1e400
    NUMBER_TOO_LONG = "number-too-long"  # an integer of thousands of digits


class Problem(NamedTuple):
    """One fault of the text itself."""

    kind: ProblemKind
    message: str
    span: Span = Span()
    pointer: Pointer = ()


class Document(NamedTuple):
    """A file that was read.

    ``value`` is the JSON value, with everything that could be recovered when the text is broken (of two equal keys
    the last one, as JSON parsers do), or None when there was nothing. ``locate`` maps a pointer to its span, of the
    key alone or of the whole member.
    """

    path: str
    text: str
    value: object
    problems: tuple[Problem, ...]
    locate: Callable[[Pointer, bool], Span]
