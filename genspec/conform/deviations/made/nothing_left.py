"""DEV-22 and DEV-23: what is taken where every token is banned, and where a logit is no real number."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from genspec.config.mode import Mode
from genspec.config.plan import DecodingPlan, Operation
from genspec.conform.deviations.counterfactual import Situation
from genspec.conform.oracle.requests import with_operations
from genspec_reference import GenerateOutput
from genspec_reference.context import Context
from genspec_reference.model import Model
from genspec_reference.output import Step
from genspec_reference.request import Request
from genspec_reference.scores import Scores

FIRST = (Mode.GREEDY, Mode.ASSISTED, Mode.DOLA)
"""Modes that take token 0 where no score is above another, when they do not draw."""


RAISING = ("ETA-CUTOFF-1", "TOP-H-1")
"""The clauses of the operations that raise where every score is minus infinity. DEV-22."""


def raises_at_nothing(plan: DecodingPlan) -> bool:
    """Tell whether an operation of a plan raises where nothing is left, as it is or as another deviation makes it."""
    return any(one.clause in RAISING for one in plan.operations)


def takes_first(request: Request) -> bool:
    """Tell whether a mode takes the first of several tokens, whatever their scores; a draw is refused."""
    return request.plan.mode in FIRST and not request.plan.draws


def first_token_taken(situation: Situation) -> Situation | None:
    """Let token 0 win where every score is minus infinity, or NaN after `renormalize_logits`. DEV-22."""
    request = situation.request
    if not takes_first(request):
        return None
    taken = Operation("processor", {"function": first_of_none}, "SCORES-6")
    answered = situation.answered and with_scores(situation.answered, mended_scores)
    return replace(
        situation, request=with_operations(request, (*request.plan.operations, taken)), answered=answered,
    )


def first_of_none(scores: Scores, _: Context) -> Scores:
    """Give token 0 where nothing is left. float[V] -> float[V]."""
    return first_alone(scores) if np.all(scores == -np.inf) else scores


def first_alone(scores: Scores) -> Scores:
    """Give scores that leave token 0 alone. float[V] -> float[V]."""
    only = np.full_like(scores, -np.inf)
    only[0] = 0.0
    return only


def with_scores(output: GenerateOutput, change: Callable[[Scores], Scores]) -> GenerateOutput:
    """Give an answer whose scores of every step are changed."""
    def changed(step: Step) -> Step:
        return step if step.scores is None else replace(step, scores=tuple(map(change, step.scores)))

    return replace(output, runs=tuple(tuple(map(changed, run)) for run in output.runs))


def mended_scores(scores: Scores) -> Scores:
    """Mend the scores of one hypothesis. float[V] -> float[V]."""
    given = np.asarray(scores, dtype=np.float64)
    return first_alone(given) if np.all(np.isnan(given) | (given == -np.inf)) else given


def highest_is_alone(situation: Situation) -> Situation | None:
    """Let greedy search take the first NaN, or else the first plus infinity, of the logits. DEV-23."""
    request = situation.request
    if request.plan.mode is not Mode.GREEDY or request.plan.operations:
        return None
    return replace(situation, request=replace(request, model=Highest(request.model)))


@dataclass(frozen=True, slots=True)
class Highest:
    """A model of whose logits the one that torch ranks first is left, where one is no real number."""

    model: Model

    def __call__(self, tokens: tuple[int, ...], source: tuple[int, ...] = ()) -> Scores:
        """Ask the model. float[V]."""
        given = np.asarray(self.model(tokens, *((source,) if source else ())), dtype=np.float64)
        highest = np.flatnonzero(np.isnan(given)) if np.isnan(given).any() else np.flatnonzero(np.isposinf(given))
        if not highest.size:
            return given
        alone = np.full_like(given, -np.inf)
        alone[highest[0]] = 0.0
        return alone
