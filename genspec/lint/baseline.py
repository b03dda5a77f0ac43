"""A baseline: the findings that are there already, so that a run reports what is new."""

import json
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from genspec.lint.finding import Finding, json_pointer
from genspec.lint.sources.document import Problem
from genspec.lint.sources.reading import read_bytes

VERSION = 1
MEMBERS = ("path", "code", "pointer", "message")


class BaselineError(ValueError):
    """A file that is no baseline; the message says what to do."""


class Entry(NamedTuple):
    """One finding as it is recognised again: nothing in it changes when lines are moved."""

    path: str
    code: str
    pointer: str
    message: str


class Compared(NamedTuple):
    """Findings held against a baseline."""

    new: tuple[Finding, ...]
    known: int                          # findings that the baseline has
    gone: tuple[Entry, ...]             # entries that are found no more


def entry_of(finding: Finding) -> Entry:
    """Return a finding as an entry."""
    return Entry(finding.path.replace("\\", "/"), finding.code, json_pointer(finding.pointer), finding.message)


def compared(findings: Iterable[Finding], baseline: Iterable[Entry]) -> Compared:
    """Divide findings into new ones and those of a baseline, each entry standing for one of them."""
    left = Counter(baseline)
    new = []
    known = 0
    for finding in findings:
        entry = entry_of(finding)
        if left[entry] > 0:
            left[entry] -= 1
            known += 1
        else:
            new.append(finding)
    return Compared(tuple(new), known, tuple(sorted(left.elements())))


def baseline_text(entries: Iterable[Entry]) -> str:
    """Write a baseline: a line an entry, sorted, so that changes of it can be read."""
    lines = ",\n".join(json.dumps(entry._asdict()) for entry in sorted(entries))
    body = f"\n{lines}\n" if lines else ""
    return f'{{"version": {VERSION}, "findings": [{body}]}}\n'


def read_baseline(path: str) -> list[Entry]:
    """Read a baseline. Raises `BaselineError`."""
    data = read_bytes(path)
    if isinstance(data, Problem):
        raise BaselineError(f"{path}: {data.message}")
    try:
        value = json.loads(data)
        if value["version"] != VERSION:
            raise BaselineError(f"{path}: a baseline of version {value['version']!r:.20}, not {VERSION}: "
                                "write it anew with --update-baseline")
        return [Entry(*(text(item[name]) for name in MEMBERS)) for item in value["findings"]]
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        if isinstance(error, BaselineError):
            raise
        raise BaselineError(f"{path}: is no baseline: write one with --update-baseline") from None


def text(value: object) -> str:
    """Return a value that has to be a text. Raises TypeError."""
    if not isinstance(value, str):
        raise TypeError(value)
    return value
