"""A run over many files: in chunks, each by whoever is free, with the answers in the order of the files."""

import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future
from itertools import islice
from typing import NamedTuple

from genspec.lint.check import Progress
from genspec.lint.judge import Answer, check_found
from genspec.lint.settings import Settings
from genspec.lint.sources.walk import Found

CHUNK = 250
"""Files a chunk: tens of milliseconds of work, so that handing it over costs next to nothing."""

AHEAD = 3
"""Chunks that run, wait or are done for each worker. More would only be held in memory."""

Files = tuple[Found, ...]


class Task(NamedTuple):
    """A chunk that was handed over."""

    files: Files
    answer: "Future[Answer]"


class WorkerDied(Exception):
    """A process that checked files is gone. The message says among which files."""


class NotShared(Exception):
    """A worker does not see the files. The message says where it looked."""


def answers(
    found: Iterable[Found], settings: Settings, executor: Executor, workers: int, progress: Progress | None = None,
) -> Iterator[Answer]:
    """Yield what is said of files, chunk by chunk, and keep the executor busy meanwhile, and no more than that.

    Raises `WorkerDied` and `NotShared`.
    """
    here = os.getcwd()
    running: deque[Task] = deque()
    for files in chunks(found):
        running.append(handed_over(executor, files, settings, here))
        if len(running) >= workers * AHEAD:
            yield ended(running, progress)
    while running:
        yield ended(running, progress)


def chunks(found: Iterable[Found]) -> Iterator[Files]:
    """Divide files into chunks."""
    files = iter(found)
    while chunk := tuple(islice(files, CHUNK)):
        yield chunk


def handed_over(executor: Executor, files: Files, settings: Settings, here: str) -> Task:
    """Hand a chunk over. When the workers are gone already, asking for its answer says so."""
    try:
        return Task(files, executor.submit(check_chunk, files, settings, here))
    except BrokenExecutor as error:
        failed: Future[Answer] = Future()
        failed.set_exception(error)
        return Task(files, failed)


def ended(running: deque[Task], progress: Progress | None) -> Answer:
    """Wait for the chunk that was handed over first. Raises `WorkerDied`, and what the worker raised."""
    first, last = running[0].files[0], running[-1].files[-1]
    files, future = running.popleft()
    try:
        answer = future.result()
    except BrokenExecutor:
        raise WorkerDied(
            f"a process that checks files was killed, or ran out of memory, somewhere between {first.path} and "
            f"{last.path}; with --jobs 1 they are checked one after the other") from None
    if progress is not None:
        for file in files:
            progress(file.path)
    return answer


def check_chunk(files: Files, settings: Settings, here: str) -> Answer:
    """Check a chunk in a process that may stand in another folder. Raises `NotShared`.

    ``here``: the folder from which the paths are seen. Findings name the paths as they were given.
    """
    if os.getcwd() == here:
        return check_found(files, settings)
    if not os.path.isdir(here):
        raise NotShared(f"{here}: a worker does not see this folder: all of them need the same files at the same place")
    answer = check_found([file._replace(path=os.path.join(here, file.path)) for file in files], settings)
    folders = {os.path.dirname(os.path.join(here, file.path)): os.path.dirname(file.path) for file in files}
    return answer._replace(
        files=tuple(as_given(path, folders) for path in answer.files),
        findings=tuple(finding._replace(path=as_given(finding.path, folders)) for finding in answer.findings),
    )


def as_given(path: str, folders: dict[str, str]) -> str:
    """Return the path of a checked file, or of one beside it, in the way in which its folder was given."""
    folder, name = os.path.split(path)
    return os.path.join(folders.get(folder, folder), name)
