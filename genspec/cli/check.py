"""genspec check."""

import sys
from collections.abc import Iterable
from pathlib import Path

import click

from genspec.cli.app import failed
from genspec.cli.output import emit, paint_for, save
from genspec.cli.progress import Progress
from genspec.cli.source import STDIN, check_stdin, text_of
from genspec.lint.check import Report, check_paths
from genspec.lint.report.json import json_report
from genspec.lint.report.paint import Paint, plain
from genspec.lint.report.text import text_report
from genspec.lint.settings import Settings, SettingsError, load_settings

CLEAN, FOUND, NO_INPUT = 0, 1, 3
"""Statuses of a run: nothing as bad as the threshold, something, nothing to read. Errors end with 2."""

HERE = (Path(),)


@click.command("check", epilog="Status: 0 nothing found, 1 findings from warnings up, 2 error, 3 no input found.")
@click.argument("paths", nargs=-1, metavar="[PATH]...", type=click.Path(path_type=Path))
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="How to report.")
@click.option("--select", multiple=True, metavar="RULES", help="Run only these: codes, prefixes like GS2, names.")
@click.option("--ignore", multiple=True, metavar="RULES", help="Do not run these. The closest selector decides.")
@click.option("--target", metavar="TARGET", help="The decoder the files are for, like transformers==4.46.")
@click.option("--min-severity", metavar="SEVERITY", help="Report and fail from info, warning or error up.")
@click.option("--exit-zero", is_flag=True, help="Leave with 0 although there are findings.")
@click.option("--stdin-filename", metavar="PATH", help="Read standard input, as if it stood at this path.")
@click.option("--output", metavar="FILE", type=click.Path(path_type=Path), help="Write the report to a file.")
@click.option("--no-color", is_flag=True, help="Print no colours on a terminal (as NO_COLOR=1).")
def command(
    *,
    paths: tuple[Path, ...],
    form: str,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    target: str | None,
    min_severity: str | None,
    exit_zero: bool,
    stdin_filename: str | None,
    output: Path | None,
    no_color: bool,
) -> int:
    """Find what is wrong in generation configs.

    A PATH is a file, or a folder in which every generation_config.json is checked, at any depth, except what
    .gitignore names. `-` is standard input. Without PATH the current folder is checked.
    """
    stdin = reads_stdin(paths, stdin_filename)
    start = Path(stdin_filename or ".") if stdin else (paths or HERE)[0]
    settings = settings_for(
        start,
        {"select": select or None, "ignore": ignore or None, "target": target, "min-severity": min_severity},
    )
    text = None
    if stdin:
        report, text = check_stdin(stdin_filename or STDIN, settings)
    else:
        with Progress() as progress:
            report = check_paths(paths or HERE, settings, progress)
    paint = plain if output else paint_for(sys.stdout, no_color)
    pieces = report_pieces(report, form, text, paint)
    if output:
        save(pieces, output)
    else:
        emit(pieces)
    return status(report, settings, exit_zero, paths)


def reads_stdin(paths: tuple[Path, ...], stdin_filename: str | None) -> bool:
    """Tell whether standard input is the file to check."""
    dash = Path("-") in paths
    if (dash and len(paths) > 1) or (stdin_filename and paths and not dash):
        raise click.UsageError("standard input is checked alone: give no PATH but `-` with it.")
    if stdin_filename == "":
        raise click.UsageError("--stdin-filename names no file.")
    return dash or stdin_filename is not None


def settings_for(start: Path, options: dict[str, object]) -> Settings:
    """Load the settings; what is wrong with them is a usage error."""
    try:
        return load_settings(start, options)
    except SettingsError as error:
        raise click.UsageError(str(error)) from None


def report_pieces(report: Report, form: str, stdin: str | None, paint: Paint) -> Iterable[str]:
    """Return the report in the form asked for."""
    if form == "json":
        return [json_report(report)]
    return text_report(report, text_of if stdin is None else lambda _: stdin, paint)


def status(report: Report, settings: Settings, exit_zero: bool, paths: tuple[Path, ...]) -> int:
    """Return the status of the run."""
    if not report.files:
        failed(f"no generation_config.json found in {', '.join(map(str, paths or HERE))}")
        return NO_INPUT
    return FOUND if report.reaches(settings.fails_at) and not exit_zero else CLEAN
