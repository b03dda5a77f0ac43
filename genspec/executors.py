"""Who runs the chunks of a large run: processes of this machine, or a Dask cluster. Any `Executor` would do."""

import os
import signal
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing import active_children, get_context

DASK = "dask://"
CONNECT_SECONDS = 30


class NoExecutor(Exception):
    """An executor that cannot be had; the message says why."""


@contextmanager
def local(workers: int) -> Iterator[tuple[Executor, int]]:
    """Give an executor with so many processes. With one the chunks run here: the decoder has its process anyway."""
    pool: Executor = ThreadPoolExecutor(1) if workers == 1 else ProcessPoolExecutor(
        workers, get_context("spawn"), initializer=end_quietly)
    before = set(active_children())
    try:
        yield pool, workers
    except BaseException:
        for child in set(active_children()) - before:
            child.terminate()       # one that started while another one died would wait for ever, and Python for it
        raise
    finally:
        pool.shutdown(wait=workers == 1, cancel_futures=True)


def end_quietly() -> None:
    """Let ^C end a process of the pool at once and without a word: whoever started it says what there is to say.

    A run in the background of a shell ignores ^C, and so do its processes.
    """
    if signal.getsignal(signal.SIGINT) != signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextmanager
def dask(address: str) -> Iterator[tuple[Executor, int]]:
    """Give the executor of a Dask cluster, and how many chunks it runs at once. Raises `NoExecutor`."""
    try:
        from distributed import Client
    except ImportError:
        raise NoExecutor("dask is not installed: pip install 'genspec[dask]'") from None
    try:
        client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        raise NoExecutor(f"no Dask scheduler answers at {address}: {error}") from None
    with client:
        slots = sum(client.nthreads().values())
        if not slots:
            raise NoExecutor(f"the Dask scheduler at {address} has no workers")
        yield client.get_executor(pure=False, retries=2), slots


@contextmanager
def executor_for(given: str | None, workers: int | None) -> Iterator[tuple[Executor, int]]:
    """Give the executor of a command line: `dask://host:port`, or the cores of this machine. Raises `NoExecutor`."""
    if given is None:
        with local(workers or cores()) as pool:
            yield pool
    elif given.startswith(DASK) and given != DASK:
        with dask(given.replace(DASK, "tcp://", 1)) as cluster:
            yield cluster
    else:
        raise NoExecutor(f"{given!r:.60} is no executor: write dask://host:port")


def cores() -> int:
    """Return how many cores this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1
