"""DEV-24: guidance with tokens at minus infinity gives NaN, and what becomes of NaN behind it."""

from dataclasses import fields, replace
from functools import partial

import numpy as np

from genspec.backends.call import Call
from genspec.config.mode import Mode
from genspec.conform.deviations.counterfactual import Search, Situation
from genspec.conform.deviations.made.guided import guided_in
from genspec.conform.deviations.made.marked import first_alone, marked
from genspec.conform.deviations.made.moved import InItsBatch
from genspec.conform.deviations.made.nothing_left import takes_first, with_scores
from genspec.conform.deviations.made.placeholders import in_its_batch
from genspec.conform.deviations.made.refusals import BEAMS
from genspec.conform.deviations.made.rounds import Read, Rounds, is_plain, rounds_of
from genspec.conform.deviations.made.trail import Trail, ending, followed
from genspec_reference import GenerateOutput, Table
from genspec_reference.request import Request
from genspec_reference.scores import Scores


def nan_goes_on(situation: Situation) -> Situation | None:
    """Let the scores of guidance be NaN where a token of u is at minus infinity.

    Greedy search takes the first one, a draw is refused, and a search ranks it above all numbers.
    """
    found = guided_in(situation.request)
    if found is None or not (has_minus_infinity(situation.call) or situation.request.plan.mode is Mode.DOLA):
        return None
    trail, mode = Trail(found[1]), situation.request.plan.mode
    request = followed(situation.request, found[0], trail)
    if takes_first(request):
        answered = situation.answered and with_scores(situation.answered, first_nan_alone)
        search = situation.search if mode is not Mode.ASSISTED or is_plain(request) else rounds_of(situation)
        return replace(situation, request=ending(request, trail.take), answered=answered, search=search)
    if mode not in BEAMS:
        return replace(situation, request=ending(request, trail.spoil))
    search = ranking_nan(situation)
    answered = situation.answered and marked(situation.answered)
    return replace(situation, request=ending(request, trail.nans), search=search, answered=answered)


def nan_goes_on_in_rounds(situation: Situation) -> Situation | None:
    """Let the scores of guidance be NaN in assisted decoding, whatever row is read for u. DEV-24, beside DEV-50."""
    rounds = rounds_of(situation)
    if rounds is None or guided_in(situation.request) is None or not has_minus_infinity(situation.call):
        return None
    given = {one.name: getattr(rounds, one.name) for one in fields(rounds)}
    answered = situation.answered and with_scores(situation.answered, first_nan_alone)
    return replace(situation, search=NanRounds(**given), answered=answered)


class NanRounds(Rounds):
    """Rounds in which guidance gives NaN."""

    def __call__(self, request: Request, *, rounding: int = 0) -> GenerateOutput:
        """Decode a request. Raises `Rejected` where nothing is left, or NaN is to be drawn from."""
        found = guided_in(request)
        if found is None:
            return super().__call__(request, rounding=rounding)
        place, guided = found
        trail = Trail(replace(guided, u=Read(request).logits) if self.dropped else guided)
        last = trail.take if takes_first(request) else trail.spoil
        return super().__call__(ending(followed(request, place, trail), last), rounding=rounding)


def ranking_nan(situation: Situation) -> Search:
    """Give the search that ranks NaN, and marks it in all rows."""
    search = in_its_batch(situation)
    if isinstance(search, InItsBatch):
        return replace(search, ranks_nan=True)
    return partial(ranked_with_nan, search=search)


def ranked_with_nan(request: Request, *, rounding: int, search: Search) -> GenerateOutput:
    """Give all rows of the search of transformers."""
    return marked(search(request, rounding=rounding))


def has_minus_infinity(call: Call) -> bool:
    """Tell whether the model gives minus infinity, or the assistant: no other than a table does, but for DoLa's."""
    tables = (one for one in (call.model, call.assistant) if isinstance(one, Table))
    return any(-np.inf in line for table in tables for line in table.lines)


def first_nan_alone(scores: Scores) -> Scores:
    """Give scores in which the first NaN is all that is left. float[V] -> float[V]."""
    given = np.asarray(scores, dtype=np.float64)
    return first_alone(given, np.flatnonzero(np.isnan(given)).tolist())
