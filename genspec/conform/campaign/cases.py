"""The calls of a chunk, drawn by Hypothesis, and the smallest call that still shows a finding."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any

from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable

from genspec.backends.call import Call
from genspec.config.mode import Mode
from genspec.conform.campaign.campaign import Campaign
from genspec.conform.campaign.decoders import found

Shows = Callable[[Call], bool]
"""Whether a call shows what is looked for."""

ALONE = threading.RLock()
"""Hypothesis seeds the random numbers of the whole process while it draws."""


def calls_of(campaign: Campaign, number: int) -> list[Call]:
    """Draw the calls of a chunk: always the same ones. Fewer when the strategy has no more."""
    drawn: list[Call] = []
    with suppress(Unsatisfiable):
        explore(campaign, number, campaign.count_of(number), drawn.append, (Phase.generate,))
    return drawn


def minimal(campaign: Campaign, number: int, target: Call, shows: Shows, seconds: float) -> Call:
    """Let Hypothesis shrink a call that a chunk draws, as long as it shows the same, for so many seconds.

    The chunk is drawn again and fails at the target. Of what shows the same, the last one that failed is the least.
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
        explore(campaign, number, campaign.count_of(number), check, (Phase.generate, Phase.shrink))
    return least


class Shown(Exception):
    """A call shows what is looked for."""


def explore(
    campaign: Campaign, number: int, count: int, check: Callable[[Call], None], phases: tuple[Phase, ...]
) -> None:
    """Run a check on the calls of a chunk."""

    @seed(campaign.seed_of(number))
    @settings(
        max_examples=count, phases=phases, database=None, deadline=None, derandomize=False, print_blob=False,
        report_multiple_bugs=False, suppress_health_check=list(HealthCheck), verbosity=Verbosity.quiet,
    )
    @given(strategy_of(campaign.strategy, campaign.profile, campaign.modes))
    def run(call: Call) -> None:
        check(call)

    with ALONE, the_same_everywhere():
        run()


@cache
def strategy_of(path: str, profile: str, modes: tuple[str, ...]) -> st.SearchStrategy[Call]:
    """Make the strategy of a campaign."""
    wanted = {"decoder_modes": tuple(map(Mode, modes))} if modes else {}
    return found(path)(profile=profile, **wanted)   # type: ignore[no-any-return]


@contextmanager
def the_same_everywhere() -> Iterator[None]:
    """Keep Hypothesis from drawing constants that it finds in the source of whatever is imported.

    Since 6.131 it does so, and a chunk would depend on who runs it.
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
