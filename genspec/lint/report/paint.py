"""Colours for terminals."""

from collections.abc import Callable

BOLD, RED, GREEN, YELLOW, BLUE, CYAN, FAINT = "1", "31", "32", "33", "34", "36", "2"

Paint = Callable[..., str]
"""A text and the styles to give it, to the text to print."""


def plain(text: str, *styles: str) -> str:
    """Leave a text as it is."""
    return text


def ansi(text: str, *styles: str) -> str:
    """Wrap a text in the escape sequences of its styles."""
    return f"\x1b[{';'.join(styles)}m{text}\x1b[0m"
