"""DEV-34 and DEV-69: scores, and totals of hypotheses, beyond the numbers of float32."""

from dataclasses import replace
from typing import Any

import numpy as np

from genspec.config.plan import Operation
from genspec.conform.deviations.counterfactual import Situation
from genspec.conform.deviations.made.nothing_left import takes_first
from genspec.conform.deviations.made.placeholders import in_its_batch
from genspec.conform.deviations.made.refusals import BEAMS
from genspec.conform.oracle.requests import with_operations
from genspec.conform.oracle.tolerance import GREATEST
from genspec_reference.context import Context
from genspec_reference.operations.exponential_decay_length_penalty import exponential_decay_length_penalty
from genspec_reference.scores import Scores


def in_float32(situation: Situation) -> Situation | None:
    """Hold what `exponential_decay_length_penalty` gives in float32: plus infinity is refused, or taken by greedy."""
    request = situation.request
    place = next((at for at, one in enumerate(request.plan.operations)
                  if one.name == "exponential_decay_length_penalty"), None)
    if place is None:
        return None
    greedy = takes_first(request)
    given: dict[str, Any] = dict(request.plan.operations[place].arguments)

    def held(scores: Scores, context: Context) -> Scores:
        raised = exponential_decay_length_penalty(
            scores, given["start"], given["factor"], eos=given["eos"], tokens=context.tokens,
            prompt_length=context.prompt_length,
        )
        with np.errstate(invalid="ignore"):
            beyond = np.isfinite(scores) & (raised - scores > GREATEST["float32"])      # what is added may be too great
        narrow = narrowed(np.where(beyond, np.inf, raised), context)
        if not greedy or not np.isposinf(narrow).any():
            return narrow
        taken = np.full_like(narrow, -np.inf)
        taken[int(np.flatnonzero(np.isposinf(narrow))[0])] = 0.0
        return taken

    operations = request.plan.operations
    holding = Operation("processor", {"function": held}, operations[place].clause)
    return replace(
        situation, request=with_operations(request, (*operations[:place], holding, *operations[place + 1:]))
    )


def overflows_behind_the_lowest(situation: Situation) -> Situation | None:
    """Hold what comes behind `remove_invalid_values` in float32: its lowest number becomes minus infinity. DEV-69."""
    plan = situation.request.plan
    operations, in_beams = plan.operations, plan.mode in BEAMS
    place = next((at for at, one in enumerate(operations) if one.name == "remove_invalid_values"), None)
    if place is None or (place + 1 == len(operations) and not in_beams):
        return None
    holding = Operation("processor", {"function": narrowed}, "REMOVE-INVALID-VALUES-2")
    behind = tuple(each for one in operations[place + 1:] for each in (one, holding))
    request = with_operations(situation.request, (*operations[:place + 1], *behind))
    return replace(situation, request=request, search=in_its_batch(situation) if in_beams else situation.search)


def narrowed(scores: Scores, _: Context) -> Scores:
    """Hold scores in float32. float[V] -> float[V]."""
    with np.errstate(over="ignore"):
        return np.asarray(scores.astype(np.float32), dtype=np.float64)
