"""genspec check --fix and --diff."""

import sys
from argparse import Namespace
from collections.abc import Sequence

from genspec.cli.errors import Failure, UsageError
from genspec.cli.output import emit
from genspec.cli.progress import Progress
from genspec.cli.reporting import CLEAN, FOUND, status, write_report
from genspec.cli.source import document_from_stdin, text_of
from genspec.lint.check import Report
from genspec.lint.fixing.fix import fixed
from genspec.lint.fixing.run import Change, NotWritten, Repair, diff, repair_paths
from genspec.lint.judge import Judge
from genspec.lint.report.paint import plain
from genspec.lint.report.text import text_report
from genspec.lint.settings import Settings


def run_fixes(options: Namespace, paths: Sequence[str], settings: Settings, name: str | None) -> int:
    """Fix what can be fixed, report what is left, and return the status.

    ``name``: what standard input is called, when that is what is checked: it comes out fixed.
    Raises `UsageError` for an option of reports that would do nothing.
    """
    refuse_idle(options, name)
    if name is not None:
        return run_on_stdin(options, settings, name)
    try:
        with Progress() as progress:
            repair = repair_paths(
                paths, settings, unsafe=options.unsafe_fixes, write=not options.diff, progress=progress)
    except NotWritten as error:
        raise Failure(str(error)) from None
    if options.diff:
        return print_diff(repair)
    report = repair.report
    if options.baseline is not None:
        from genspec.cli.baseline import without_known

        report = without_known(report, options)
    write_report(report, options, text_of)
    return status(report, settings, options.exit_zero, paths)


def refuse_idle(options: Namespace, name: str | None) -> None:
    """Refuse options that ask for a report where standard output holds a diff, or the fixed text."""
    idle = {"--format": options.format != "text", "--output": options.output, "--baseline": options.baseline}
    given = " and ".join(option for option, value in idle.items() if value)
    if given and (options.diff or name is not None):
        what = "--diff prints a diff" if options.diff else "--fix prints the fixed text of standard input"
        raise UsageError(f"{what}, and no report: leave out {given}")


def run_on_stdin(options: Namespace, settings: Settings, name: str) -> int:
    """Write the fixed text to standard output, and to standard error what is left."""
    before = document_from_stdin(name)
    judge = Judge(settings)
    result = fixed(before, judge, options.unsafe_fixes)
    report = Report(result.left, (name,), len(result.applied), judge.notes)
    if options.diff:
        changes = (Change(name, before.text, result.document.text, result.applied),) if result.applied else ()
        return print_diff(Repair(report, changes))
    emit([result.document.text])
    if sys.stderr is not None:
        sys.stderr.write("".join(text_report(report, lambda _: result.document.text, plain)))
    return status(report, settings, options.exit_zero, ())


def print_diff(repair: Repair) -> int:
    """Print what would change. The status says whether anything would."""
    emit(diff(repair.changes))
    return FOUND if repair.changes else CLEAN
