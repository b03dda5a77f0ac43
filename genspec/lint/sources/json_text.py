"""Reads JSON text. Valid text takes the standard library's way; anything else is read again with care."""

import json

from genspec.lint.sources.document import Document
from genspec.lint.sources.limits import DEEPEST, LONGEST_INTEGER
from genspec.lint.sources.positions import Locator

INFINITIES = (float("inf"), float("-inf"))
CONTAINERS = (dict, list)


class CarefulError(ValueError):
    """The text holds something that the standard library takes and a config must not have."""


def members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Build an object, unless two keys are equal."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise CarefulError
    return found


def finite(text: str) -> float:
    """Read a number, unless it is beyond every float."""
    value = float(text)
    if value in INFINITIES:
        raise CarefulError
    return value


def integer(text: str) -> int:
    """Read an integer, unless it is absurdly long."""
    if len(text) > LONGEST_INTEGER:
        raise CarefulError
    return int(text)


def refuse(text: str) -> object:
    """Refuse NaN and the infinities."""
    raise CarefulError


READER = json.JSONDecoder(object_pairs_hook=members, parse_float=finite, parse_int=integer, parse_constant=refuse)


def parse_document(path: str, data: bytes) -> Document:
    """Read the bytes of a file as JSON. Never fails: what is wrong is in the document's problems."""
    try:
        text = data.decode()
        value = read_valid(text)
    except (ValueError, RecursionError):
        return read_broken(path, data)
    return Document(path, text, value, (), Locator(text))


def read_valid(text: str) -> object:
    """Read JSON, and raise ValueError or RecursionError for anything that is not plain and valid."""
    value = READER.decode(text)
    if text.count("[") + text.count("{") > DEEPEST and too_deep(value):
        raise CarefulError
    return value


def too_deep(value: object) -> bool:
    """Tell whether brackets are nested too deeply. One level at a time, so that the stack stays flat."""
    level = [value]
    for _ in range(DEEPEST):
        level = [
            inner for outer in level if isinstance(outer, CONTAINERS)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
    return any(isinstance(inner, CONTAINERS) for inner in level)


def read_broken(path: str, data: bytes) -> Document:
    """Read what can be read of a text that is not JSON, and say what is wrong with it."""
    from genspec.lint.sources.decoding import decode, impostor
    from genspec.lint.sources.recovery import Recovery

    text, problems = decode(data)
    if text is None:
        return Document(path, "", None, tuple(problems), Locator("", valid=False))
    if other := impostor(text):
        return Document(path, text, None, (*problems, other), Locator(text, valid=False))
    root, faults = Recovery(text).read()
    return Document(path, text, root.value if root else None, (*problems, *faults), Locator(text, root, valid=False))
