"""`prefix_allowed_tokens` as transformers 5 has it, which may force what it allows. DEV-32."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from genspec_reference.context import Allowed, Context
from genspec_reference.request import Request
from genspec_reference.scores import Scores


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
