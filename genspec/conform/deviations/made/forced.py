"""DEV-32: what `prefix_allowed_tokens` allows is forced where it is banned, in a beam mode for all beams at once."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from genspec.config.mode import Mode
from genspec.config.plan import Operation
from genspec.conform.deviations.counterfactual import Situation
from genspec.conform.deviations.deviation import numbers
from genspec.conform.oracle.requests import with_operations
from genspec_reference.context import Allowed, Context
from genspec_reference.request import Request
from genspec_reference.scores import Scores

BEAMS = (Mode.BEAM_SEARCH, Mode.BEAM_SAMPLE)


@dataclass
class Forced:
    """`prefix_allowed_tokens`, which may give 0 to what it allows."""

    allowed: Allowed
    forces: bool
    banned: list[bool] = field(default_factory=list)    # of each row that it was asked for, whether all is banned

    def __call__(self, scores: Scores, context: Context) -> Scores:
        """Ban what is not allowed. float[V] -> float[V]."""
        ids = list(self.allowed(context.tokens))
        self.banned.append(bool(np.all(scores[ids] == -np.inf)))
        masked = np.full_like(scores, -np.inf)
        masked[ids] = 0.0 if self.forces and self.banned[-1] else scores[ids]
        return masked


def banned_are_forced(situation: Situation) -> Situation | None:
    """Let `prefix_allowed_tokens` force what it allows, where that is at minus infinity already."""
    from genspec.conform.deviations.made.placeholders import in_its_batch

    request = situation.request
    given = request.plan.operation("prefix_allowed_tokens")
    if given is None or numbers(situation.info.version) < (5,):
        return None
    allowed: Any = given.arguments["allowed_tokens"]
    in_beams = request.plan.mode in BEAMS
    forcing = Operation("processor", {"function": Forced(allowed, forces=not in_beams)}, given.clause)
    operations = tuple(forcing if one is given else one for one in request.plan.operations)
    search = in_its_batch(situation) if in_beams else situation.search
    return replace(situation, request=with_operations(request, operations), search=search)


def forced_in(request: Request) -> Forced | None:
    """Return the operation that forces, where a deviation has made one."""
    found = (one.arguments.get("function") for one in request.plan.operations)
    return next((one for one in found if isinstance(one, Forced)), None)


@contextmanager
def told_together(request: Request) -> Iterator[list[bool]]:
    """Collect which rows are banned altogether, without forcing any."""
    forced = forced_in(request)
    if forced is None:
        yield []
        return
    forced.banned, forced.forces = [], False
    yield forced.banned
    forced.forces = bool(forced.banned) and all(forced.banned)
