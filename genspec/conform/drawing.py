"""Calls drawn by Hypothesis, always the same ones for a seed, and the smallest call that still shows what one shows."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from hypothesis import HealthCheck, Phase, Verbosity, given, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable

from genspec.backends.call import Call

Shows = Callable[[Call], bool]
"""Whether a call shows what is looked for."""
Strategy = st.SearchStrategy[Call]

ALONE = threading.RLock()
"""Hypothesis seeds the random numbers of the whole process while it draws."""


def drawn(strategy: Strategy, seed: int, count: int) -> list[Call]:
    """Draw so many calls: always the same ones. Fewer when the strategy has no more."""
    calls: list[Call] = []
    with suppress(Unsatisfiable):
        explore(strategy, seed, count, calls.append, (Phase.generate,))
    return calls


def minimal(strategy: Strategy, seed: int, count: int, *, target: Call, shows: Shows, seconds: float) -> Call:
    """Let Hypothesis shrink a call that is drawn, as long as it shows the same, for so many seconds.

    The calls are drawn again and fail at the target. Of what shows the same, the last one that failed is the least.
    """
    if seconds <= 0:
        return target
    least, started, deadline = target, False, time.monotonic() + seconds
    sought = repr(target)       # a NaN in a config equals nothing, but looks the same

    def check(call: Call) -> None:
        nonlocal least, started
        started = started or repr(call) == sought
        if started and time.monotonic() < deadline and shows(call):
            least = call
            raise Shown

    with suppress(Exception):       # Shown, or what Hypothesis says of a check that the deadline made answer otherwise
        explore(strategy, seed, count, check, (Phase.generate, Phase.shrink))
    return least


class Shown(Exception):
    """A call shows what is looked for."""


def explore(
    strategy: Strategy, seed: int, count: int, check: Callable[[Call], None], phases: tuple[Phase, ...]
) -> None:
    """Run a check on calls that are drawn."""

    @seeded(seed)
    @settings(
        max_examples=count, phases=phases, database=None, deadline=None, derandomize=False, print_blob=False,
        report_multiple_bugs=False, suppress_health_check=list(HealthCheck), verbosity=Verbosity.quiet,
    )
    @given(strategy)
    def run(call: Call) -> None:
        check(call)

    with ALONE, the_same_everywhere():
        run()


@contextmanager
def the_same_everywhere() -> Iterator[None]:
    """Keep Hypothesis from drawing constants that it finds in the source of whatever is imported.

    Since 6.131 it does so, and what is drawn would depend on who runs it.
    """
    from hypothesis.internal.conjecture import providers

    internal: Any = providers
    before = getattr(internal, "_get_local_constants", None)
    if before is None:
        yield
        return
    none = internal.Constants()
    internal.CONSTANTS_CACHE.cache.clear()
    internal._get_local_constants = lambda: none
    try:
        yield
    finally:
        internal._get_local_constants = before
        internal.CONSTANTS_CACHE.cache.clear()
