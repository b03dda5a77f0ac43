"""genspec check --baseline: findings that are known already are left out of the report."""

import os
from argparse import Namespace
from collections import Counter
from collections.abc import Iterable

from genspec.cli.errors import Failure
from genspec.lint.baseline import BaselineError, Entry, baseline_text, compared, entry_of, read_baseline
from genspec.lint.check import Report
from genspec.lint.report.text import plural
from genspec.writing import write_whole


def without_known(report: Report, options: Namespace) -> Report:
    """Return a report without the findings of the baseline, and write the baseline where that is asked for."""
    path: str = options.baseline
    if options.update_baseline:
        write(path, baseline_text(map(entry_of, report.findings)))
        note = f"{path}: {plural(len(report.findings), 'finding')} written; from now on only others are reported."
        return report._replace(findings=(), notes=(*report.notes, note))
    known = read(path)
    result = compared(report.findings, known)
    looked_at = set(report.files)
    gone = [entry for entry in result.gone if entry.path in looked_at or not os.path.lexists(entry.path)]
    notes = [f"{path}: {plural(result.known, 'known finding')} left out."] if result.known else []
    if gone and options.prune_baseline:
        write(path, baseline_text(without(known, gone)))
        notes.append(f"{path}: {plural(len(gone), 'finding')} taken out.")
    elif gone:
        notes.append(f"{path}: {len(gone)} of its findings are there no more: --prune-baseline takes them out.")
    return report._replace(findings=result.new, notes=(*report.notes, *notes))


def without(known: Iterable[Entry], gone: Iterable[Entry]) -> list[Entry]:
    """Return the entries that stay."""
    return list((Counter(known) - Counter(gone)).elements())


def read(path: str) -> list[Entry]:
    """Read the baseline. A file that is not there yet is made by --update-baseline."""
    if not os.path.lexists(path):
        raise Failure(f"{path}: there is no such file: begin it with --baseline {path} --update-baseline")
    try:
        return read_baseline(path)
    except BaselineError as error:
        raise Failure(str(error)) from None


def write(path: str, text: str) -> None:
    """Write the baseline, whole or not at all."""
    try:
        write_whole(path, text.encode())
    except OSError as error:
        raise Failure(f"{path}: cannot be written: {error.strerror or error}") from None
