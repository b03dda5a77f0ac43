"""Which scores are NaN, from guidance to the end of the pipeline. DEV-24."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from genspec.config.plan import Operation
from genspec.conform.deviations.made.guided import Guided, with_function
from genspec.conform.deviations.made.marked import STAND_IN, Nans, first_alone
from genspec.conform.oracle.requests import with_operations
from genspec_reference.context import Context
from genspec_reference.request import Request
from genspec_reference.scores import Scores, log_softmax

WRITES = frozenset({
    "no_repeat_ngram", "encoder_no_repeat_ngram", "min_length", "min_new_tokens", "suppress", "begin_suppress",
    "forced_bos", "forced_eos",
})
"""Operations that write a number where they ban or force; what others add to NaN leaves NaN."""

@dataclass(slots=True)
class Trail:
    """Which tokens have the score NaN, from guidance to the end of the pipeline."""

    guided: Guided
    nans: Nans = field(default_factory=Nans)

    def guide(self, scores: Scores, context: Context) -> Scores:
        """Guide, and note which tokens become NaN. float[V] -> float[V]."""
        u = self.guided.u(context)
        spoilt = np.isneginf(log_softmax(u))                                # inf - inf
        if self.guided.scale == 0:
            spoilt |= np.isneginf(log_softmax(scores))                      # 0 · inf
        self.nans.tokens = np.flatnonzero(spoilt).tolist()
        return self.standing(replace(self.guided, u=lambda _: u)(scores, context))

    def follow(self, scores: Scores, _: Context, *, name: str) -> Scores:
        """Note what an operation has left of NaN. float[V] -> float[V]."""
        if not self.nans.tokens:
            return scores
        if name in WRITES:
            self.nans.tokens = [token for token in self.nans.tokens if scores[token] == STAND_IN]
        if name == "renormalize":
            self.nans.tokens = list(range(scores.size))
        if name == "remove_invalid_values":
            scores = scores.copy()
            scores[self.nans.tokens] = 0.0
            self.nans.tokens = []
        return self.standing(scores)

    def standing(self, scores: Scores) -> Scores:
        """Let a number stand for every NaN. float[V] -> float[V]."""
        held = scores.copy()
        held[self.nans.tokens] = STAND_IN
        return held

    def take(self, scores: Scores, _: Context) -> Scores:
        """Leave the first NaN alone, where there is one: greedy search takes it. float[V] -> float[V]."""
        return first_alone(scores, self.nans.tokens)

    def spoil(self, scores: Scores, _: Context) -> Scores:
        """Give NaN back: a draw is refused. float[V] -> float[V]."""
        held = scores.copy()
        held[self.nans.tokens] = np.nan
        return held


def followed(request: Request, place: int, trail: Trail) -> Request:
    """Give the request with a trail through its operations, from guidance on."""
    guided = with_function(request, place, trail.guide).plan.operations
    behind = [
        each for one in guided[place + 1:]
        for each in (one, Operation("processor", {"function": partial(trail.follow, name=one.name)}, one.clause))
    ]
    return with_operations(request, (*guided[:place + 1], *behind))


def ending(request: Request, function: Callable[[Scores, Context], Scores]) -> Request:
    """Give the request with one operation more."""
    last = Operation("processor", {"function": function}, "GUIDANCE-4")
    return with_operations(request, (*request.plan.operations, last))
