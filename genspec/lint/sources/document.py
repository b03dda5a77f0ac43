"""A file as the linter holds it: its value, what is wrong with its text, and where everything stands."""

from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from genspec.lint.finding import Edit, Pointer, Span

if TYPE_CHECKING:
    from genspec.lint.suppression import Comment


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


class Source(StrEnum):
    """A kind of place where generation settings live. A rule says for which of them it speaks."""

    GENERATION_CONFIG = "generation_config.json"
    MODEL_FOLDER = "model folder"                       # the files of a model, seen together
    GENERATE_CALL = "call of generate"                  # of a model of transformers
    CONFIG_CALL = "GenerationConfig(...)"
    ASSIGNMENT = "generation_config.field = ..."
    PIPELINE_CALL = "call of pipeline"


class Place(NamedTuple):
    """One set of generation settings inside a document."""

    source: Source
    values: dict[str, object]               # what is known, by key
    at: Pointer = ()                        # where it stands
    unknown: frozenset[str] = frozenset()   # keys that are set to what nobody knows without running the program
    open: bool = False                      # whether more may be set where nobody sees it: `**options`, another file
    whole: bool = True                      # whether all arguments of the call are seen
    decoder_only: bool | None = None        # whether the model is; None: nobody knows


class Document(NamedTuple):
    """A file that was read.

    ``value`` is the JSON value, with everything that could be recovered when the text is broken (of two equal keys
    the last one, as JSON parsers do), or None when there was nothing. ``locate`` maps a pointer to its span, of the
    key alone or of the whole member. ``places`` are the settings in a file that is not itself a set of them, as a
    program; None stands for a file that is, whose kind is then told by its keys. ``rewrite`` makes
    the text after an edit, or None where it cannot; it is not needed for JSON. ``comments`` are those
    that silence findings.
    """

    path: str
    text: str
    value: object
    problems: tuple[Problem, ...]
    locate: Callable[[Pointer, bool], Span]
    places: tuple[Place, ...] | None = None
    rewrite: Callable[[Edit], str | None] | None = None
    comments: "tuple[Comment, ...]" = ()
