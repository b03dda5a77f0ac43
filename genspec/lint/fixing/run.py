"""Fix files: what `genspec check --fix` and `--diff` do."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from genspec.lint.check import Progress, Report, documents
from genspec.lint.finding import Finding
from genspec.lint.fixing.fix import fixed
from genspec.lint.judge import Judge
from genspec.lint.settings import Settings
from genspec.lint.sources.walk import Path
from genspec.writing import write_whole


class Change(NamedTuple):
    """What became of one file."""

    path: str
    before: str
    after: str
    applied: tuple[Finding, ...]    # whose fixes were applied


class Repair(NamedTuple):
    """A run with its fixes."""

    report: Report                  # what is left
    changes: tuple[Change, ...]


class NotWritten(Exception):
    """A file that could not be written; those before it are. The message names it."""


def repair_paths(
    paths: Iterable[Path], settings: Settings, *, unsafe: bool = False, write: bool = True,
    progress: Progress | None = None,
) -> Repair:
    """Check files and fix what can be fixed, each file as soon as it is checked. Raises `NotWritten`.

    ``unsafe``: also where an engine may decode differently afterwards. ``write``: change the files.
    """
    judge = Judge(settings)
    findings: list[Finding] = []
    files: list[str] = []
    changes: list[Change] = []
    for before in documents(paths, progress):
        result = fixed(before, judge, unsafe)
        files.append(before.path)
        findings += result.left
        if result.applied:
            changes.append(Change(before.path, before.text, result.document.text, result.applied))
            if write:
                write_text(changes[-1])
    applied = sum(len(change.applied) for change in changes)
    return Repair(Report(tuple(findings), tuple(files), applied, judge.notes), tuple(changes))


def write_text(change: Change) -> None:
    """Write a changed file. Raises `NotWritten`."""
    try:
        write_whole(change.path, change.after.encode())
    except OSError as error:
        raise NotWritten(f"{change.path}: cannot be written: {error.strerror or error}") from None


def diff(changes: Iterable[Change]) -> Iterator[str]:
    """Yield the changes as a unified diff, a file a piece."""
    from difflib import unified_diff

    for change in changes:
        lines = unified_diff(
            lines_of(change.before), lines_of(change.after), f"a/{change.path}", f"b/{change.path}",
        )
        yield "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def lines_of(text: str) -> list[str]:
    """Split a text at its line feeds, which stay."""
    *whole, rest = text.split("\n")
    return [f"{line}\n" for line in whole] + ([rest] if rest else [])
