"""The process in which a decoder runs: `python -m genspec.conform.workers.serving`, asked by served.py.

It is given calls or questions and never the expected answers. Standard output carries the protocol, so what a decoder
prints goes nowhere.
"""

import faulthandler
import os
import pickle
import signal
import sys
import traceback
import warnings
from importlib import import_module
from typing import IO, Any, Protocol

from genspec.conform.workers.served import Hello, Job
from genspec.conform.workers.told import Broken, NoDecoder

GRACE = 10.0
"""Seconds after which a process ends itself when whoever asked it is gone."""
LONGEST = 2000
"""Letters of a message of an exception."""


class Worker(Protocol):
    """What the opener of a job makes."""

    hello: Any                          # said when it is ready

    def answer(self, message: Any) -> object:
        """Answer a message. An exception is an answer, too."""


def main() -> None:
    """Load the decoder, say which it is, answer until nobody asks any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)    # ^C is for whoever asks, not an answer of the decoder
    asked, told = streams()
    job: Job = pickle.load(asked)
    try:
        worker = opened(job)
        say(told, Hello(worker.hello))
    except BaseException as error:      # a module that calls sys.exit is no decoder, either
        kind = "" if isinstance(error, NoDecoder) else f"{type(error).__name__}: "      # which says it all itself
        say(told, f"{kind}{error}{place_of(error)}")
        return
    warnings.simplefilter("ignore")
    limit_memory(job.memory_mib)
    while True:
        try:
            message = pickle.load(asked)
        except EOFError:
            return
        faulthandler.dump_traceback_later(job.seconds + GRACE, exit=True, file=sys.stderr)
        say(told, answered(worker, message))
        faulthandler.cancel_dump_traceback_later()


def opened(job: Job) -> Worker:
    """Make the worker of a job."""
    module, _, function = job.opener.partition(":")
    made: Worker = getattr(import_module(module), function)(job.name)
    return made


def streams() -> tuple[IO[bytes], IO[bytes]]:
    """Take the pipes of the protocol away from whatever reads standard input or prints."""
    asked, told = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 0)
    os.dup2(nowhere, 1)
    return asked, told


def say(told: IO[bytes], message: object) -> None:
    """Send one message; what cannot be sent is a fault of the decoder."""
    try:
        written = pickle.dumps(message)
    except Exception as error:
        written = pickle.dumps(Broken(type(error).__name__, f"the answer cannot leave its process: {error}"))
    told.write(written)
    told.flush()


def answered(worker: Worker, message: Any) -> object:
    """Answer a message; an exception is what is told then."""
    try:
        return worker.answer(message)
    except BaseException as error:      # a decoder that calls sys.exit is broken, too
        return Broken(type(error).__name__, f"{str(error)[:LONGEST]}{place_of(error)}")


def place_of(error: BaseException) -> str:
    """Say where an exception was raised, when that is not in genspec or Python's own files."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if is_foreign(frame.filename)]
    return f" ({os.path.basename(frames[-1].filename)}, line {frames[-1].lineno})" if frames else ""


def is_foreign(filename: str) -> bool:
    """Tell whether a file is one that the author of a decoder may have written."""
    here = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    return not filename.startswith((here, "<", os.path.dirname(os.__file__)))


def limit_memory(mib: int) -> None:
    """Let the process grow by so many MiB and no more, and leave no image when it crashes, where that can be done."""
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if not mib:
            return

        with open("/proc/self/statm", encoding="ascii") as file:
            now = int(file.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (now + (mib << 20),) * 2)
    except (ImportError, OSError, ValueError):
        pass


if __name__ == "__main__":
    main()
