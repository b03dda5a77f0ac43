"""DEV-37: which of equal scores at the boundary of the nucleus stay."""

from dataclasses import replace

from genspec.config.plan import Operation
from genspec.conform.deviations.counterfactual import Situation
from genspec.conform.oracle.requests import with_operations
from genspec_reference.context import Context
from genspec_reference.operations.top_p import top_p
from genspec_reference.pipeline import arguments_of
from genspec_reference.scores import Scores


def highest_ids_first(situation: Situation) -> Situation | None:
    """Keep the highest of equal ids, as a sort from the lowest score up does."""
    request = situation.request
    given = request.plan.operation("top_p")
    if given is None:
        return None

    def kept(scores: Scores, context: Context) -> Scores:
        arguments = arguments_of(top_p, given.arguments, context, request.plan.profile)
        return top_p(scores[::-1], **{**arguments, "unfiltered": None})[::-1]

    truncated = Operation("processor", {"function": kept}, given.clause)
    operations = tuple(truncated if one is given else one for one in request.plan.operations)
    return replace(situation, request=with_operations(request, operations))
