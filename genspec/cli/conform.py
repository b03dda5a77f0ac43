"""genspec conform. What asks and judges is imported when it runs."""

import sys
import time
from argparse import Namespace
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from genspec.cli.campaign import seconds
from genspec.cli.errors import Failure, UsageError, complain
from genspec.cli.output import emit, save
from genspec.cli.parser import Parser, at_least, one_of
from genspec.cli.progress import Progress

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from genspec.conform.expectations.expected import Expectations
    from genspec.conform.kit.report import Report

FORMATS = ("text", "json", "summary", "junit", "html")
LEVELS = ("L0", "L1", "L2", "L3", "L4")


def add_arguments(parser: Parser) -> None:
    """Declare the command line."""
    parser.description = """Hold a decoder to the specification: published vectors and drawn calls, each answer judged
        under a clause.

        TARGET is module:factory, a function without arguments that returns a decoder; or transformers, torch,
        reference; or an engine, as llama.cpp; or vllm:DIR@URL and openai:DIR@URL, a running server and the checkpoint
        that it serves; or cmd:"COMMAND", a program that speaks the protocol. It runs in a process of its own, which may
        crash or hang. The guide, docs/guide/conform.md, shows a whole adapter."""
    parser.epilog = """Status: 0 no violation, 1 violations (or cases that failed or timed out), 2 usage error or broken
        adapter, 3 nothing was run, 130 interrupted."""
    parser.add_operands("TARGET", least=1, most=1)
    option = parser.add_option
    option("--profile", metavar="NAME", help="The semantics to hold it to; default: its own.")
    option("--level", action="append", type=one_of(*LEVELS), metavar="L0..L4",
           help="Only this level; may be given again.")
    option("--select", action="append", metavar="CLAUSE", help="Only cases of this clause, or page: TOP-P-2, TOP-P.")
    option("--case", metavar="ID", help="Only this case: the id of a report, or an input of L3 as JSON.")
    option("--seed", type=at_least(0), default=0, metavar="N", help="Of the drawn cases; default 0.")
    option("--max-cases", type=at_least(1), metavar="N", help="So many, spread over the clauses, boundaries first.")
    option("--max-failures", type=at_least(1), metavar="N", help="End after so many failures.")
    option("--time-limit", type=seconds, metavar="S", help="Begin no more cases after this time.")
    option("--case-limit", type=seconds, default=10.0, metavar="S", help="The most for one case; default 10.")
    option("--format", type=one_of(*FORMATS), default="text", metavar="NAME",
           help=f"{', '.join(FORMATS)}; default text.")
    option("--coverage", action="store_true", help="In a text, list every value class and every choice point.")
    option("--output", metavar="FILE", help="Write the report there.")
    option("--resume", action="store_true", help="Go on with the run whose report is to be FILE.")
    option("--expectations", metavar="FILE",
           help="What is expected to fail: fail on anything new, and on what is stale.")
    option("--update-expectations", action="store_true",
           help="Write FILE from this run: begin it, or bring it up to date.")
    option("--workers", type=at_least(1), default=1, metavar="N", help="How many decoders run at once; default 1.")


def run(options: Namespace) -> int:
    """Run the kit and return the status."""
    if options.resume and options.output is None:
        raise UsageError("--resume needs the --output of the run to go on with")
    require_place(options.output)
    expectations = expected_by(options)
    report = made(options, None if options.update_expectations else expectations)
    if options.update_expectations:
        report = with_updated(report, Path(options.expectations))
    deliver(report, options)
    return report.status


def deliver(report: "Report", options: Namespace) -> None:
    """Write a report where it is wanted."""
    written = formatted(report, options.format or "text", getattr(options, "coverage", False))
    if options.output is None:
        emit(written)
    else:
        save(written, options.output)


def expected_by(options: Namespace) -> "Expectations | None":
    """Read the expectations; None where there are none to be held to."""
    if options.expectations is None:
        if options.update_expectations:
            raise UsageError("--update-expectations needs the --expectations FILE to write")
        return None
    from genspec.conform.expectations.file import BadExpectations, read

    path = Path(options.expectations)
    if options.update_expectations and not path.exists():
        return None
    try:
        return read(path)
    except BadExpectations as error:
        raise UsageError(str(error)) from None


def with_updated(report: "Report", path: Path) -> "Report":
    """Write the expectations anew and hold the run to them. A run that has shown nothing changes nothing."""
    from genspec.conform.cases.select import known_ids
    from genspec.conform.expectations.expected import held
    from genspec.conform.expectations.file import BadExpectations, parsed
    from genspec.conform.expectations.update import updated
    from genspec.conform.kit.report import NOTHING_RAN

    if report.status == NOTHING_RAN:
        return report
    ids = known_ids()
    try:
        new = updated(path.read_text(encoding="utf-8") if path.exists() else None, str(path), report, ids)
    except BadExpectations as error:
        raise UsageError(str(error)) from None
    save([new.text], str(path))
    complain(f"{path}: {new.added:,} added, {new.removed:,} removed, {new.kept:,} kept")
    compared = held(parsed(new.text, str(path)), report.results, ids=ids, drawn=report.run.drawn,
                    complete=report.run.complete)
    return replace(report, held=compared)


def made(options: Namespace, expectations: "Expectations | None") -> "Report":
    """Run what a command line asks for."""
    require_profile(options.profile)
    from concurrent.futures import BrokenExecutor

    from genspec.conform.kit.run import run as run_kit
    from genspec.conform.kit.smoke import BrokenAdapter
    from genspec.conform.workers.told import NoDecoder

    with Cases() as progress, executor(options.workers) as pool:
        try:
            return run_kit(
                options.operands[0], levels=options.level, clauses=options.select or (), profile=options.profile,
                max_cases=options.max_cases, max_failures=options.max_failures, seed=options.seed,
                time_limit=options.time_limit, case=options.case, case_seconds=options.case_limit,
                output=options.output, resume=options.resume, executor=pool, progress=progress.told,
                expectations=expectations, **({"shrink_seconds": 0.0} if options.update_expectations else {}),
            )
        except KeyboardInterrupt:
            complain(f"\ngenspec: interrupted: {going_on(options)}")
            raise
        except BrokenExecutor:
            raise Failure(f"a process of the run was ended from outside, for want of memory perhaps: "
                          f"{going_on(options)}") from None
        except (NoDecoder, BrokenAdapter) as error:
            raise UsageError(str(error)) from None
        except ImportError as error:
            if "hypothesis" not in str(error):
                raise
            raise Failure("calls are drawn with hypothesis: pip install 'genspec[testing]', or give --level L0 "
                          "--level L1 --level L2") from None
        except ValueError as error:
            if type(error).__name__ not in ("UnknownName", "JournalError"):
                raise
            raise UsageError(str(error)) from None


def going_on(options: Namespace) -> str:
    """Say how a run that was broken off goes on."""
    return "the same command with --resume goes on" if options.output else "a run with --output FILE can go on"


def require_profile(name: str | None) -> None:
    """Raise `UsageError` for a profile that there is not."""
    from genspec.cli.errors import meant
    from genspec.config.profiles import PROFILES

    if name is not None and name not in PROFILES:
        raise UsageError(f"no profile is called {name!r:.60}: {meant(name, sorted(PROFILES))}")


def require_place(output: str | None) -> None:
    """Raise `UsageError` before a run whose report has no place: for a folder, or a file in a folder that is none."""
    if output is not None and Path(output).is_dir():
        raise UsageError(f"--output: {Path(output)} is a folder: name the file for the report")
    if output is not None and not Path(output).parent.is_dir():
        raise UsageError(f"--output: {output}: there is no folder {Path(output).parent}: make it first")


def formatted(report: "Report", name: str, coverage: bool) -> Iterable[str]:
    """Write a report in a format; a text with every class of values and every choice point, if they are wanted."""
    from importlib import import_module

    lines: Callable[..., Iterable[str]] = import_module(f"genspec.conform.report.{name}").lines
    return lines(report, whole=coverage) if name == "text" else lines(report)


@contextmanager
def executor(workers: int) -> Iterator["Executor | None"]:
    """Give processes that run chunks, or none for one worker."""
    if workers == 1:
        yield None
        return
    from genspec.executors import local

    with local(workers) as (pool, _):
        yield pool


class Cases(Progress):
    """Count cases on standard error, when that is a terminal and the run is long. Used as a context."""

    def __enter__(self) -> "Cases":
        """Begin."""
        return self

    def told(self, wanted: int, done: int, failed: int) -> None:
        """Say how far the run has come."""
        if self.wanted and time.monotonic() >= self.next:
            self.next, self.shown = time.monotonic() + 0.1, True
            sys.stderr.write(f"\r\x1b[K{done:,} of {wanted:,} cases, {failed:,} failed ...")
            sys.stderr.flush()
