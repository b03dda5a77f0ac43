"""Calls that are placed where no vector stands and none is likely to be drawn, judged as drawn ones are.

Each shows one thing: its tokens are others when a field is not read, when two operations change places, when a row is
not remembered from its first token. Its seed was sought for that, and the tests of the kit seek it again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache

from genspec.backends.call import Call
from genspec.conform.cases.case import Who
from genspec.conform.cases.drawn import Drawn
from genspec.conform.cases.placed.attention import attention_calls
from genspec.conform.cases.placed.batches import BATCHES
from genspec.conform.cases.placed.choices import CHOICE_CALLS
from genspec.conform.cases.placed.defaults import DEFAULTS
from genspec.conform.cases.placed.edges import EDGES
from genspec.conform.cases.placed.ends import ENDS
from genspec.conform.cases.placed.fields import FIELD_CALLS
from genspec.conform.cases.placed.long import LONG
from genspec.conform.cases.placed.orders import ORDER_CALLS
from genspec.conform.cases.placed.sources import source_calls
from genspec.conform.question import Told
from genspec.conform.verdict import Kind, Verdict

CALLS: Mapping[str, tuple[tuple[str, ...], Call]] = {
    **DEFAULTS, **ENDS, **EDGES, **LONG, **CHOICE_CALLS, **FIELD_CALLS, **ORDER_CALLS,
}
"""Of each name the clauses and the call."""


@dataclass(frozen=True)
class Placed(Drawn):
    """A call with the clauses that it shows."""

    shows: tuple[str, ...] = ()

    @property
    def clauses(self) -> tuple[str, ...]:
        """Name the clauses that it shows."""
        return self.shows

    @property
    def boundary(self) -> bool:
        """Say yes: it is there for that."""
        return True

    def judged(self, told: Told, who: Who) -> Verdict:
        """Judge an answer; what it violates is the clause that the oracle finds, and what the call is there for."""
        said = super().judged(told, who)
        if said.kind is not Kind.VIOLATES:
            return said
        return replace(said, clauses=tuple(dict.fromkeys((*said.clauses, *self.shows))))


@cache
def placed(profile: str) -> tuple[Placed, ...]:
    """Give the calls of a profile; nearly all speak of the semantics of transformers."""
    return of_profile(profile, CALLS)


@cache
def batches(profile: str) -> tuple[Placed, ...]:
    """Give the calls of several prompts, for decoders that take them together."""
    return of_profile(profile, BATCHES)


def attentive(profile: str, batched: bool) -> tuple[Placed, ...]:
    """Give the calls on a model that reads its whole row by attention, for decoders that name this kind."""
    return tuple(Placed(f"placed/{name}", call, shows) for name, shows, call in attention_calls(profile, batched))


def sourced(profile: str, batched: bool) -> tuple[Placed, ...]:
    """Give the calls on an encoder-decoder as a checkpoint holds it, for decoders that name this kind."""
    return tuple(Placed(f"placed/{name}", call, shows) for name, shows, call in source_calls(profile, batched))


def of_profile(profile: str, calls: Mapping[str, tuple[tuple[str, ...], Call]]) -> tuple[Placed, ...]:
    """Make cases of the calls of a profile."""
    return tuple(Placed(f"placed/{name}", call, shows)
                 for name, (shows, call) in calls.items() if call.profile == profile)
