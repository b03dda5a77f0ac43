"""Standard input as a file, and the texts that code frames show."""

import sys
from collections.abc import Callable

from genspec.cli.errors import Failure
from genspec.lint.check import Report
from genspec.lint.judge import Judge
from genspec.lint.settings import Settings
from genspec.lint.sources.document import Document, Problem
from genspec.lint.sources.limits import MOST_BYTES
from genspec.lint.sources.positions import Locator
from genspec.lint.sources.readers import reader_of
from genspec.lint.sources.reading import read_bytes, too_large


def check_stdin(path: str, settings: Settings) -> tuple[Report, Callable[[str], str]]:
    """Check standard input as if it stood at a path. Returns the report, and the text for its code frames."""
    document = document_from_stdin(path)
    judge = Judge(settings)
    return Report(tuple(judge(document)), (path,), notes=judge.notes), lambda _: document.text


def document_from_stdin(path: str) -> Document:
    """Read standard input, and no more of it than a file may have. Raises `Failure` where there is none."""
    if sys.stdin is None:
        raise Failure("standard input is closed: there is nothing to check")
    data = sys.stdin.buffer.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        return Document(path, "", None, (too_large(len(data)),), Locator(""))
    return reader_of(path)(path, data)


def text_of(path: str) -> str | None:
    """Return the text of a file as its findings count it, or None when it cannot be read."""
    from genspec.lint.sources.decoding import decode  # half a millisecond of patterns

    data = read_bytes(path)
    return None if isinstance(data, Problem) else decode(data)[0]
