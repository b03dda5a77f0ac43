"""The file of expectations: TOML with one entry a line, so that a diff says which cases changed."""

import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from genspec.conform.expectations.expected import FAILED, WORDS, Expectations, Expected

VERSION = 1
MEMBERS = ("version", "drawn", "cases", "groups")
ENTRY = re.compile(r'\s*(?P<key>"(?:[^"\\]|\\.)*")\s*=\s*\{')
"""A line that holds an entry as this file writes them. People may write others, until an update has to find them."""


class BadExpectations(ValueError):
    """A file that holds no expectations; the message says where, and what to do."""


def read(path: Path) -> Expectations:
    """Read a file. Raises `BadExpectations`."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise BadExpectations(f"{path} does not exist: --update-expectations makes it from a run") from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadExpectations(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from None
    return parsed(text, str(path))


def parsed(text: str, name: str) -> Expectations:
    """Read expectations from a text. Raises `BadExpectations`."""
    try:
        data = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise BadExpectations(f"{name}: no TOML: {error}") from None
    for member in data:
        if member not in MEMBERS:
            raise BadExpectations(f"{name}: `{member:.60}` means nothing here: there are {', '.join(MEMBERS)}")
    if type(data.get("version")) is not int or data["version"] != VERSION:
        raise BadExpectations(f"{name}: `version` is to be {VERSION}, not {data.get('version')!r:.40}")
    if not isinstance(data.get("drawn", ""), str):
        raise BadExpectations(f"{name}: `drawn` is a text that --update-expectations writes, not {data['drawn']!r:.40}")
    cases, groups = (entries(data.get(table, {}), f"{name}: [{table}]") for table in ("cases", "groups"))
    return Expectations(name, cases, groups, data.get("drawn", ""))


def entries(given: Any, where: str) -> Mapping[str, Expected]:
    """Read the entries of a table. Raises `BadExpectations`."""
    if not isinstance(given, dict):
        raise BadExpectations(f"{where} is to be a table, not {given!r:.40}")
    return {key: entry(value, f"{where} {key!r:.80}") for key, value in given.items()}


def entry(given: Any, where: str) -> Expected:
    """Read an entry. Raises `BadExpectations`."""
    if not isinstance(given, dict) or not {"verdict"} <= set(given) <= {"verdict", "reason"}:
        raise BadExpectations(f'{where} is to be {{ verdict = "violates", reason = "..." }}, not {given!r:.60}')
    verdicts = given["verdict"] if isinstance(given["verdict"], list) else [given["verdict"]]
    if not all(isinstance(word, str) and word in WORDS for word in verdicts) or not set(verdicts) & set(FAILED):
        raise BadExpectations(f"{where}: `verdict` is {', '.join(FAILED)}, or a list of them, with which `conforms` "
                              f"may stand; not {given['verdict']!r:.60}")
    if not isinstance(given.get("reason", ""), str):
        raise BadExpectations(f"{where}: `reason` is a text, not {given['reason']!r:.60}")
    return Expected(tuple(verdicts), given.get("reason", ""))


def line_of(key: str, expected: Expected) -> str:
    """Write an entry on its line."""
    words = list(expected.verdicts) if len(expected.verdicts) > 1 else expected.verdicts[0]
    return f"{quoted(key)} = {{ verdict = {quoted(words)}, reason = {quoted(expected.reason)} }}"


def quoted(value: str | list[str]) -> str:
    """Write a text, or a list of them, as TOML has it: as JSON, but for DEL and halves of surrogate pairs."""
    clean = [whole(word) for word in value] if isinstance(value, list) else whole(value)
    return json.dumps(clean, ensure_ascii=False).replace("\x7f", "\\u007f")


def whole(text: str) -> str:
    """Spell out halves of surrogate pairs, which no file has."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def key_on(line: str) -> str | None:
    """Give the key of the entry on a line, or None."""
    found = ENTRY.match(line)
    return next(iter(tomllib.loads(f"{found['key']} = 0"))) if found else None
