"""What a bare word means, in files that have no types of their own: command lines, Modelfiles."""

import re

INTEGER = re.compile(r"[+-]?[0-9]{1,300}")
DECIMAL = re.compile(r"[+-]?(?:[0-9]{1,300}\.?[0-9]{0,300}|\.[0-9]{1,300})(?:[eE][+-]?[0-9]{1,3})?")


def number(text: str) -> object:
    """Return the number that a word spells, or the word as it stands. One beyond every float is a word."""
    if INTEGER.fullmatch(text):
        return int(text)
    value = float(text) if DECIMAL.fullmatch(text) else None
    return text if value is None or abs(value) == float("inf") else value
