"""The end of genspec check: its report in the forms that are wanted, and its status."""

import os
import sys
from argparse import Namespace
from collections.abc import Iterable, Sequence

from genspec.cli.errors import Failure, UsageError, failed, meant
from genspec.cli.output import emit, paint_for, save
from genspec.lint.check import Report
from genspec.lint.report.paint import Paint, plain
from genspec.lint.report.text import TextOf, text_report
from genspec.lint.settings import Settings

CLEAN, FOUND, NO_INPUT = 0, 1, 3
"""Statuses of a run: nothing as bad as the threshold, something, nothing to read. Errors end with 2."""

FORMATS = ("text", "json", "sarif", "github", "gitlab", "junit")


def write_report(report: Report, options: Namespace, read: TextOf) -> None:
    """Write the report to the files that were asked for, and print it: last, as a reader that leaves ends the run.

    Raises `Failure` for a file that cannot be written, when all else is.
    """
    failure = None
    for form, path in outputs_of(options):
        if path is None:
            emit(report_pieces(report, form, read, paint_for(sys.stdout, options.no_color)))
            continue
        try:
            save(report_pieces(report, form, read, plain), path)
        except Failure as error:
            failure = failure or error
    if failure is not None:
        raise failure


def outputs_of(options: Namespace) -> list[tuple[str, str | None]]:
    """Return each report that is wanted: its format, and its file; None, the last one, is standard output."""
    files: dict[str, str] = {}
    printed = True
    for given in options.output or ():
        form, named, path = given.partition("=")
        if not named or not form.isalnum():
            form, path, printed = options.format, given, False
        elif form not in FORMATS:
            raise UsageError(f"--output: no format is called {form!r:.60}: {meant(form, list(FORMATS))} "
                             f"A file of this name is written `./{given}`")
        if path == "":
            raise UsageError("--output names no file")
        if path in files:
            raise UsageError(f"--output: two reports are to be written to {path}: give each a file of its own")
        files[path] = form
    wanted: list[tuple[str, str | None]] = [(form, path) for path, form in files.items()]
    return [*wanted, (options.format, None)] if printed else wanted


def report_pieces(report: Report, form: str, read: TextOf, paint: Paint) -> Iterable[str]:
    """Return the report in the form asked for."""
    if form == "text":
        return text_report(report, read, paint)
    from importlib import import_module

    pieces: Iterable[str] = getattr(import_module(f"genspec.lint.report.{form}"), f"{form}_report")(report)
    return pieces


def status(report: Report, settings: Settings, exit_zero: bool, paths: Sequence[str]) -> int:
    """Return the status of the run. ``paths``: what was to be checked, nothing for standard input."""
    if paths and not any(map(os.path.lexists, paths)):
        failed(f"no such file or folder: {', '.join(paths)}")
        return NO_INPUT
    if not report.files:
        failed(f"no file to check found in {', '.join(paths)}")
        return NO_INPUT
    return FOUND if report.reaches(settings.fails_at) and not exit_zero else CLEAN
