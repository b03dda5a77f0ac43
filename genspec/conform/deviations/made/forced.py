"""DEV-32: what `prefix_allowed_tokens` allows is forced where it is banned, in a beam mode for all beams at once."""

from dataclasses import replace
from typing import Any

from genspec.config.mode import Mode
from genspec.config.plan import Operation
from genspec.conform.deviations.counterfactual import Situation
from genspec.conform.deviations.deviation import numbers
from genspec.conform.deviations.made.forcing import Forced
from genspec.conform.deviations.made.placeholders import in_its_batch
from genspec.conform.oracle.requests import with_operations

BEAMS = (Mode.BEAM_SEARCH, Mode.BEAM_SAMPLE)


def banned_are_forced(situation: Situation) -> Situation | None:
    """Let `prefix_allowed_tokens` force what it allows, where that is at minus infinity already."""
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
