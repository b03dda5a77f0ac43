"""How genspec check divides many files among processes. What that takes is imported when there are many."""

from argparse import Namespace
from collections.abc import Iterable, Iterator

from genspec.cli.errors import Failure, UsageError
from genspec.lint.check import Progress
from genspec.lint.judge import Answer, Spread, check_found
from genspec.lint.settings import Settings
from genspec.lint.sources.walk import Found

FEW = 4000
"""Up to so many files one process is as quick as several, which have to start first."""

ONE_CHUNK = 250
"""So many files are not divided, whatever is asked for."""


def spread_for(options: Namespace, settings: Settings, progress: Progress) -> tuple[Spread | None, int]:
    """Return who checks the files when there are many, and how many are few. None: this process checks them all."""
    if options.executor is not None and options.jobs is not None:
        raise UsageError("--jobs is for this machine, and --executor brings its own: give one of them")
    if options.jobs == 1:
        return None, 0

    def spread(found: Iterable[Found]) -> Iterator[Answer]:
        return spread_out(found, settings, options, progress)

    return spread, 0 if options.executor else ONE_CHUNK if options.jobs else FEW


def spread_out(
    found: Iterable[Found], settings: Settings, options: Namespace, progress: Progress,
) -> Iterator[Answer]:
    """Check files in processes of this machine or on a cluster."""
    from genspec.executors import NoExecutor, cores, executor_for
    from genspec.lint.many import NotShared, WorkerDied, answers

    if options.executor is None and (options.jobs or cores()) == 1:
        yield check_found(found, settings, progress)
        return
    try:
        with executor_for(options.executor, options.jobs) as (executor, workers):
            yield from answers(found, settings, executor, workers, progress)
    except NoExecutor as error:
        raise UsageError(str(error)) from None
    except (NotShared, WorkerDied) as error:
        raise Failure(str(error)) from None
