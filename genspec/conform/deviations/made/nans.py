"""DEV-24: guidance with tokens at minus infinity gives NaN, and what becomes of NaN behind it."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from genspec.backends.call import Call
from genspec.config.plan import Operation
from genspec.conform.deviations.counterfactual import Search, Situation
from genspec.conform.deviations.made.guided import Guided, guided_in, with_function
from genspec.conform.deviations.made.marked import NAN, Nans, nan_marked
from genspec.conform.deviations.made.nothing_left import takes_first, with_scores
from genspec.conform.deviations.made.placeholders import in_its_batch
from genspec.conform.deviations.made.refusals import BEAMS
from genspec.conform.oracle.requests import with_operations
from genspec_reference import GenerateOutput, Row, Table
from genspec_reference.context import Context
from genspec_reference.request import Request
from genspec_reference.scores import Scores, log_softmax

WRITES = frozenset({
    "no_repeat_ngram", "encoder_no_repeat_ngram", "min_length", "min_new_tokens", "suppress", "begin_suppress",
    "forced_bos", "forced_eos",
})
"""Operations that write a number where they ban or force; what others add to NaN leaves NaN."""

STAND_IN = 0.5
"""The number that stands for NaN between the operations: none of them writes it."""


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


def nan_goes_on(situation: Situation) -> Situation | None:
    """Let the scores of guidance be NaN where a token of u is at minus infinity.

    Greedy search takes the first one, a draw is refused, and a search ranks it above all numbers.
    """
    found = guided_in(situation.request)
    if found is None or not has_minus_infinity(situation.call):
        return None
    trail, mode = Trail(found[1]), situation.request.plan.mode
    request = followed(situation.request, found[0], trail)
    if takes_first(request):
        answered = situation.answered and with_scores(situation.answered, first_nan_alone)
        return replace(situation, request=ending(request, trail.take), answered=answered)
    if mode not in BEAMS:
        return replace(situation, request=ending(request, trail.spoil))
    search = partial(ranked_with_nan, search=in_its_batch(situation))
    answered = situation.answered and marked(situation.answered)
    return replace(situation, request=ending(request, trail.nans), search=search, answered=answered)


def ranked_with_nan(request: Request, *, rounding: int, search: Search) -> GenerateOutput:
    """Give all rows of the search of transformers."""
    return marked(search(request, rounding=rounding))


def marked(output: GenerateOutput) -> GenerateOutput:
    """Let a number stand for NaN, which is equal to nothing, in all that is compared."""
    def real(row: Row) -> Row:
        return replace(row, score=NAN) if row.score is not None and np.isnan(row.score) else row

    return with_scores(replace(output, rows=tuple(map(real, output.rows))), nan_marked)


def has_minus_infinity(call: Call) -> bool:
    """Tell whether the model gives minus infinity: no other than a table does."""
    return isinstance(call.model, Table) and any(-np.inf in line for line in call.model.lines)


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


def first_nan_alone(scores: Scores) -> Scores:
    """Give scores in which the first NaN is all that is left. float[V] -> float[V]."""
    given = np.asarray(scores, dtype=np.float64)
    return first_alone(given, np.flatnonzero(np.isnan(given)).tolist())


def first_alone(scores: Scores, tokens: list[int]) -> Scores:
    """Leave the first of some tokens alone, where there are any. float[V] -> float[V]."""
    if not tokens:
        return scores
    alone = np.full_like(scores, -np.inf)
    alone[tokens[0]] = 0.0
    return alone
