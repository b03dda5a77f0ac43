"""The command that shows a case again."""

import shlex

from genspec.conform.kit.report import Report, Result


def command(report: Report, result: Result) -> str:
    """Write the command line."""
    words = [*report.verb, report.target]
    if report.run.profile != report.decoder.profile:
        words += ["--profile", report.run.profile]
    return shlex.join([*words, "--case", result.case])
