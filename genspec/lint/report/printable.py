"""Text from files, made safe for a terminal."""

import unicodedata


def printable(text: str) -> str:
    """Spell out what a terminal would obey or hide: control characters, direction marks, lone surrogates."""
    return text if text.isprintable() else "".join(map(shown, text))


def shown(letter: str) -> str:
    """Return one character as it is printed. A tab is four spaces wide."""
    if letter.isprintable():
        return letter
    return "    " if letter == "\t" else letter.encode("unicode_escape").decode()


def width(text: str) -> int:
    """Return the number of columns that a terminal needs for printable text."""
    return len(text) if text.isascii() else sum(map(columns, text))


def columns(letter: str) -> int:
    """Return the columns of one character: two for East Asian wide ones, none for combining marks."""
    if unicodedata.category(letter) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1
