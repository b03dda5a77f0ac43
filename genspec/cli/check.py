"""genspec check. What a run on clean files does without is imported late: most of its time is start-up."""

import os
import sys
from argparse import Namespace
from collections.abc import Sequence

from genspec.cli.errors import Failure, UsageError
from genspec.cli.jobs import spread_for
from genspec.cli.parser import Parser, at_least, one_of
from genspec.cli.progress import Progress
from genspec.cli.reporting import FORMATS, outputs_of, status, write_report
from genspec.cli.source import check_stdin, text_of
from genspec.lint.judge import check_paths
from genspec.lint.report.text import TextOf
from genspec.lint.settings import Settings, SettingsError, load_settings

HERE = (".",)


def add_arguments(parser: Parser) -> None:
    """Declare the command line."""
    parser.description = """Find what is wrong in generation configs.

        A PATH is a file, or a folder in which generation configs, the model folders around them, Python programs and
        notebooks are checked, at any depth, except what .gitignore names. `-` is standard input. Without PATH the
        current folder is checked."""
    parser.epilog = "Status: 0 nothing found, 1 findings from warnings up, 2 error, 3 no input found, 130 interrupted."
    parser.add_operands("[PATH]...", least=0, most=sys.maxsize)
    option = parser.add_option
    option("--format", type=one_of(*FORMATS), default="text", metavar="NAME",
           help=f"How to report: {', '.join(FORMATS)}.")
    option("--select", action="append", metavar="RULES", help="Run only these: codes, prefixes like GS2, names.")
    option("--ignore", action="append", metavar="RULES", help="Do not run these. The closest selector decides.")
    option("--target", action="append", metavar="TARGET",
           help="The decoder the files are for, like transformers==4.46 or vllm>=0.10. May be given again.")
    option("--min-severity", metavar="SEVERITY", help="Report and fail from info, warning or error up.")
    option("--fix", action="store_true", help="Apply the fixes after which every engine decodes as before.")
    option("--unsafe-fixes", action="store_true", help="With --fix or --diff: also those that can change an output.")
    option("--diff", action="store_true", help="Print what the fixes would change, and change nothing.")
    option("--baseline", metavar="FILE", help="Report only what this file does not know yet.")
    option("--update-baseline", action="store_true", help="Write what is found into the baseline, and report nothing.")
    option("--prune-baseline", action="store_true", help="Take out of the baseline what is found no more.")
    option("--jobs", type=at_least(1), metavar="N",
           help="How many processes; default 1 for few files, else one a core.")
    option("--executor", metavar="dask://HOST:PORT", help="Check on a Dask cluster, which sees the same files.")
    option("--exit-zero", action="store_true", help="Leave with 0 although there are findings.")
    option("--stdin-filename", metavar="PATH", help="Read standard input, as if it stood at this path.")
    option("--output", action="append", metavar="[NAME=]FILE",
           help="Write the report to a file; with a format's name, another one. May be given again.")
    option("--no-color", action="store_true", help="Print no colours on a terminal (as NO_COLOR=1).")


def run(options: Namespace) -> int:
    """Check, report, and return the status."""
    outputs_of(options)
    if options.baseline == "" or (options.baseline is None and (options.update_baseline or options.prune_baseline)):
        raise UsageError("--update-baseline and --prune-baseline need the file: --baseline FILE")
    paths = [tidy(path) for path in options.operands]
    name = stdin_name(options.operands, options.stdin_filename)
    settings = settings_for(paths[0] if paths and name is None else options.stdin_filename or ".", options)
    if options.fix or options.diff:
        if options.executor is not None or options.jobs is not None:
            raise UsageError("--jobs and --executor are for checks: leave them out with --fix and --diff")
        from genspec.cli.fixing import run_fixes

        return run_fixes(options, paths or HERE, settings, name)
    if options.unsafe_fixes:
        raise UsageError("--unsafe-fixes goes with --fix or --diff")
    read: TextOf = text_of
    if name is None:
        with Progress() as progress:
            report = check_paths(paths or HERE, settings, progress, *spread_for(options, settings, progress))
    else:
        report, read = check_stdin(name, settings)
    if options.baseline is not None:
        from genspec.cli.baseline import without_known

        report = without_known(report, options)
    write_report(report, options, read)
    return status(report, settings, options.exit_zero, (paths or HERE) if name is None else ())


def tidy(path: str) -> str:
    """Return a path without what it says for nothing, like a slash at its end. `..` may follow a link, and stays."""
    return path if ".." in path else os.path.normpath(path)


def stdin_name(paths: Sequence[str], given: str | None) -> str | None:
    """Return what standard input is called in the report, or None when it is not the file to check."""
    dash = "-" in paths
    if (dash and len(paths) > 1) or (given and paths and not dash):
        raise UsageError("standard input is checked alone: give no PATH but `-` with it")
    if given == "":
        raise UsageError("--stdin-filename names no file")
    return given or ("<stdin>" if dash else None)


def settings_for(start: str, options: Namespace) -> Settings:
    """Load the settings that hold at a path. An option that means nothing is a usage error."""
    given = {
        "select": options.select, "ignore": options.ignore,
        "target": options.target, "min-severity": options.min_severity,
    }
    try:
        return load_settings(start, given)
    except SettingsError as error:
        of_the_command_line = str(error).startswith("--")
        raise (UsageError if of_the_command_line else Failure)(str(error)) from None
