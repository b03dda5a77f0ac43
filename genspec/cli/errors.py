"""Errors that the user can do something about, and how any error is said: on one line of standard error."""

import os
import sys

ERROR = 2
"""The status of a run that could not do what was asked."""


class Failure(Exception):
    """Something outside genspec does not work."""

    status = ERROR


class UsageError(Failure):
    """A command line, or settings, that mean nothing."""


def failed(message: str, error: Exception | None = None) -> int:
    """Say on one line what went wrong, and return the status to leave with."""
    if error is not None and os.environ.get("GENSPEC_TRACEBACK") == "1":
        import traceback

        traceback.print_exception(error)
    line = "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in message)
    complain(f"genspec: error: {line}")
    return ERROR


def complain(line: str) -> None:
    """Write a line to standard error, if there is one and somebody still reads it."""
    try:
        if sys.stderr is not None:
            print(line, file=sys.stderr)
    except OSError:
        pass


def meant(word: str, known: list[str]) -> str:
    """Name the one of the known words that a word is close to, or all of them."""
    from difflib import get_close_matches

    close = get_close_matches(word, known, n=1)
    return f"did you mean `{close[0]}`?" if close else f"there are {', '.join(known)}."
