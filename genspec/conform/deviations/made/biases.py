"""DEV-28: of equal sequences in `sequence_bias` the last one alone acts."""

from dataclasses import replace
from typing import Any

from genspec.config.plan import Operation
from genspec.conform.deviations.counterfactual import Situation
from genspec.conform.oracle.requests import with_operations


def last_of_equal_biases(situation: Situation) -> Situation | None:
    """Keep of equal sequences the last one."""
    request = situation.request
    given = request.plan.operation("sequence_bias")
    if given is None:
        return None
    biases: Any = given.arguments["biases"]
    last = {tuple(sequence): bias for sequence, bias in biases}
    if len(last) == len(biases):
        return None
    kept = Operation(given.name, {**given.arguments, "biases": tuple(last.items())}, given.clause)
    operations = tuple(kept if one is given else one for one in request.plan.operations)
    return replace(situation, request=with_operations(request, operations))
