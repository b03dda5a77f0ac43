"""DEV-26: guidance in a beam mode."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from genspec.config.mode import Mode
from genspec.config.plan import Operation
from genspec.conform.deviations.counterfactual import Situation
from genspec.conform.deviations.made.guided_groups import ByGroup
from genspec.conform.deviations.made.moved import InItsBatch
from genspec.conform.deviations.made.placeholders import in_its_batch
from genspec.conform.oracle.requests import with_operations
from genspec_reference.context import Context
from genspec_reference.model import evaluate
from genspec_reference.operations.guidance import guidance
from genspec_reference.request import Request
from genspec_reference.scores import Scores
from genspec_reference.step import unconditional_logits

Unconditional = Callable[[Context], Scores]
"""Give the logits of u for the row that is asked about."""


@dataclass(frozen=True)
class Guided:
    """Guidance with a u of its own."""

    scale: float
    u: Unconditional

    def __call__(self, scores: Scores, context: Context) -> Scores:
        """Guide. float[V] -> float[V]."""
        return guidance(scores, self.scale, self.u(context))


def guided_in(request: Request) -> tuple[int, Guided] | None:
    """Return the place of guidance among the operations, and what it does there; None without it."""
    def u(context: Context) -> Scores:
        logits = unconditional_logits(request, context.tokens)
        assert logits is not None
        return logits

    for place, one in enumerate(request.plan.operations):
        function = one.arguments.get("function")
        if isinstance(function, Guided):
            return place, function
        if one.name == "guidance":
            return place, Guided(float(str(one.arguments["scale"])), u)
    return None


def with_function(request: Request, place: int, function: Callable[[Scores, Context], Scores]) -> Request:
    """Give the request with a function in the place of an operation."""
    operations = request.plan.operations
    instead = Operation("processor", {"function": function}, operations[place].clause)
    return with_operations(request, (*operations[:place], instead, *operations[place + 1:]))


@dataclass(slots=True)
class ByPlace:
    """The u that goes on with the tokens that a place of the beam has held.

    The reference asks for the open hypotheses of a step in the order of their places.
    """

    request: Request
    step: int = -1
    place: int = 0
    held: dict[int, tuple[int, ...]] = field(default_factory=dict)

    @property
    def places(self) -> int:
        """Return how many places there are."""
        return 1 if self.request.plan.beams is None else self.request.plan.beams.num_beams

    def logits(self, context: Context) -> Scores:
        """Give the logits of u for the hypothesis at the next place. float[V]."""
        step = len(context.tokens) - context.prompt_length
        place = self.place % self.places if step == self.step else 0     # a step may be asked for again
        self.step, self.place = step, place + 1
        before = self.held.get(place, ())[:max(0, step - 1)]
        self.held[place] = (*before, context.tokens[-1]) if step else ()
        given = self.request.negative_prompt
        row = (self.request.prompt[-1:] if given is None else given) + self.held[place]
        return evaluate(self.request.model, row, self.request.source).logits


def u_follows_the_place(situation: Situation) -> Situation | None:
    """Let u follow the place of a beam instead of its hypothesis."""
    beams = situation.request.plan.beams
    if beams is None:
        return None
    if situation.call.negative_prompts is not None and beams.num_beams > beams.num_beam_groups:
        return None                         # DEV-27: refused, unless each group has one place
    changed, search = by_place(situation.request), in_its_batch(situation)
    if changed is None:
        return None
    if isinstance(search, InItsBatch):
        search = replace(search, batch=tuple(by_place(one) or one for one in search.batch))
    return replace(situation, request=changed, search=search)


def by_place(request: Request) -> Request | None:
    """Give a request whose u follows a place; None without guidance."""
    found = guided_in(request)
    if found is None:
        return None
    place, guided = found
    u = (ByGroup if request.plan.mode is Mode.GROUP_BEAM_SEARCH else ByPlace)(request)
    return with_function(request, place, Guided(guided.scale, u.logits))
