"""Small questions about JSON values, for the rules."""

from typing import TypeGuard


def whole(value: object) -> TypeGuard[int]:
    """Tell whether a value is an integer. A bool is none."""
    return type(value) is int


def real(value: object) -> TypeGuard[int | float]:
    """Tell whether a value is a number. A bool is none."""
    return type(value) is int or type(value) is float


def is_sequence(value: object) -> TypeGuard[list[int]]:
    """Tell whether a value is a list of token ids, one at least."""
    return isinstance(value, list) and bool(value) and all(whole(item) and item >= 0 for item in value)


def whole_from(value: object) -> int | None:
    """Return the integer that was meant: 2 for 2, 2.0 and "2"; None when that is not clear."""
    if isinstance(value, str):
        return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else None
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 1e9 else None
    return value if whole(value) else None


def ids(value: object) -> list[int]:
    """Return the token ids that a value gives: itself, or those in it."""
    if isinstance(value, list):
        return [item for item in value if whole(item)]
    return [value] if whole(value) else []


def named(tokens: list[int]) -> str:
    """Name one id or a few: `2`, `2, 3 and 7`."""
    shown_ids = [str(token) for token in tokens[:4]] + (["more"] if len(tokens) > 4 else [])
    return " and ".join(filter(None, [", ".join(shown_ids[:-1]), shown_ids[-1]]))
