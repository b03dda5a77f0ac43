"""Run a campaign: hand chunks to an executor, keep what comes back, shrink what nothing explains."""

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from contextlib import AbstractContextManager
from typing import TypeVar

from genspec.backends.decoder import Info
from genspec.conform.campaign.campaign import Campaign
from genspec.conform.campaign.chunk import ChunkResult, run_chunk
from genspec.conform.campaign.finding import Finding
from genspec.conform.campaign.grouping import by_signature, findings_of
from genspec.conform.campaign.store import Store
from genspec.conform.campaign.summary import Summary, summary_of

Opened = Callable[[], AbstractContextManager[tuple[Executor, int]]]
"""How to get an executor, with the number of tasks that it runs at once."""

T = TypeVar("T")
R = TypeVar("R")
ATTEMPTS = 3
"""How often the workers of a campaign may die before it gives up."""


def run_campaign(
    campaign: Campaign, info: Info, store: Store, opened: Opened, *, resume: bool = False,
    deadline: float | None = None, shrink_seconds: float = 60.0, progress: Callable[[int], None] = lambda cases: None,
) -> Summary:
    """Run what is missing of a campaign and return the sums of all of it. ``deadline``: in seconds of the clock."""
    done = store.begin(campaign, info, resume)
    progress(sum(result.cases for result in done.values()))
    todo = [number for number, _ in campaign.chunks() if number not in done]

    def chunk(executor: Executor, number: int) -> "Future[ChunkResult]":
        return executor.submit(run_chunk, campaign, number)

    for number, result in completed(todo, chunk, opened, deadline):
        store.add(result)
        done[number] = result
        progress(result.cases)
    results = [done[number] for number in sorted(done)]
    findings = found_in(campaign, results, opened, shrink_seconds)
    store.keep(findings, campaign, info)
    return summary_of(campaign, info, results, findings)


def found_in(campaign: Campaign, results: Iterable[ChunkResult], opened: Opened, seconds: float) -> list[Finding]:
    """Group and shrink what nothing explains."""
    groups = by_signature([one for result in results for one in result.occurrences])

    def shrink(executor: Executor, number: int) -> "Future[list[Finding]]":
        return executor.submit(findings_of, campaign, groups[number], seconds)

    shrunk = dict(completed(range(len(groups)), shrink, opened, None)) if groups else {}
    return [finding for number in sorted(shrunk) for finding in shrunk[number]]


def completed(
    tasks: Iterable[T], submit: Callable[[Executor, T], "Future[R]"], opened: Opened, deadline: float | None
) -> Iterator[tuple[T, R]]:
    """Run tasks and give each with its result, in the order in which they end. Workers that died are replaced."""
    left = list(tasks)
    for attempt in range(ATTEMPTS):
        try:
            with opened() as (executor, slots):
                for task, result in fed(left, submit, executor, slots, deadline):
                    left.remove(task)
                    yield task, result
            return
        except BrokenExecutor:
            if attempt == ATTEMPTS - 1:
                raise


def fed(
    tasks: Iterable[T], submit: Callable[[Executor, T], "Future[R]"], executor: Executor, slots: int,
    deadline: float | None,
) -> Iterator[tuple[T, R]]:
    """Keep an executor busy, and no more than that: what is not begun when the time is over is left."""
    waiting = iter(list(tasks))
    running: dict[Future[R], T] = {}
    while True:
        while len(running) < slots + 1 and (deadline is None or time.monotonic() < deadline):
            task = next(waiting, None)
            if task is None:
                break
            running[submit(executor, task)] = task
        if not running:
            return
        ended, _ = wait(running, return_when=FIRST_COMPLETED)
        for future in ended:
            yield running.pop(future), future.result()
