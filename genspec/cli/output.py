"""Where results go: standard output, or a file."""

import os
import sys
from collections.abc import Iterable
from typing import TextIO

from genspec.cli.errors import Failure
from genspec.lint.report.paint import Paint, ansi, plain
from genspec.writing import write_whole

PIPE_CLOSED = 141
"""The status of a program whose reader has gone, as shells report it: 128 + SIGPIPE."""


def paint_for(stream: TextIO | None, no_color: bool) -> Paint:
    """Return how to print on a stream: in colour on a terminal, unless the user wants none."""
    unwanted = no_color or bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"
    return ansi if not unwanted and stream is not None and stream.isatty() else plain


def emit(pieces: Iterable[str]) -> None:
    """Write to standard output. A reader that closes the pipe early, like `head`, ends the run quietly."""
    if sys.stdout is None:                      # closed by whoever started us
        return
    try:
        for piece in pieces:
            sys.stdout.write(piece)
        sys.stdout.flush()
    except BrokenPipeError:
        discard()
        raise SystemExit(PIPE_CLOSED) from None
    except OSError as error:
        discard()
        raise Failure(f"standard output cannot be written: {error.strerror or error}") from None


def discard() -> None:
    """Send what is still buffered nowhere, so that leaving does not fail on it again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def save(pieces: Iterable[str], path: str) -> None:
    """Write to a file, whole or not at all; to a device or a pipe, as it comes."""
    data = "".join(pieces).encode("utf-8", "backslashreplace")      # all of it: the report may quote that very file
    try:
        if os.path.isfile(path) or not os.path.exists(path):
            write_whole(path, data)
        else:
            with open(path, "wb") as file:
                file.write(data)
    except OSError as error:
        raise Failure(f"{path}: cannot be written: {error.strerror or error}") from None
