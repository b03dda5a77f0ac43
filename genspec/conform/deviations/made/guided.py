"""DEV-24 and DEV-26: guidance with tokens at minus infinity, and guidance in a beam mode."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from genspec.backends.call import Call
from genspec.config.mode import Mode
from genspec.config.plan import DecodingPlan, Operation
from genspec.conform.deviations.counterfactual import Situation
from genspec.conform.deviations.deviation import Seen, numbers
from genspec.conform.deviations.made.nothing_left import FIRST, with_scores
from genspec.conform.deviations.made.placeholders import in_its_batch
from genspec.conform.deviations.made.refusals import refuses
from genspec.conform.oracle.requests import with_operations
from genspec_reference import Table
from genspec_reference.context import Context
from genspec_reference.model import evaluate
from genspec_reference.operations.guidance import guidance
from genspec_reference.request import Request
from genspec_reference.scores import Scores, log_softmax
from genspec_reference.step import unconditional_logits

BEAMS = (Mode.BEAM_SEARCH, Mode.BEAM_SAMPLE)


def with_guidance(request: Request, function: Callable[[Scores, Context], Scores]) -> Request:
    """Give the request with another guidance."""
    operations = tuple(
        Operation("processor", {"function": function}, one.clause) if one.name == "guidance" else one
        for one in request.plan.operations
    )
    return with_operations(request, operations)


def scale_of(request: Request) -> float | None:
    """Return g, or None without guidance."""
    given = request.plan.operation("guidance")
    return None if given is None else float(str(given.arguments["scale"]))


@dataclass(slots=True)
class Nans:
    """Guidance that gives NaN where u is minus infinity, and what greedy search then takes. DEV-24."""

    request: Request
    scale: float
    added: bool                             # whether bans that add minus infinity stand behind it: they keep NaN
    tokens: list[int] = field(default_factory=list)

    def guide(self, scores: Scores, context: Context) -> Scores:
        """Note the tokens that become NaN, and go on with 0 for them. float[V] -> float[V]."""
        logits = unconditional_logits(self.request, context.tokens)
        assert logits is not None
        c, u = log_softmax(scores), log_softmax(logits)
        spoilt = np.isneginf(u) | (np.isneginf(c) & (self.scale == 0))      # 0 · inf, or inf - inf
        self.tokens = np.flatnonzero(spoilt).tolist()
        guided = np.zeros_like(c)
        guided[~spoilt] = u[~spoilt] + self.scale * (c[~spoilt] - u[~spoilt])
        return guided

    def zero(self, scores: Scores, _: Context) -> Scores:
        """Make every NaN 0. float[V] -> float[V]."""
        zeroed = scores.copy()
        zeroed[self.tokens] = 0.0
        return zeroed

    def take(self, scores: Scores, _: Context) -> Scores:
        """Leave the first NaN alone, where there is one. float[V] -> float[V]."""
        left = [token for token in self.tokens if self.added or scores[token] > -np.inf]
        if not left:
            return scores
        alone = np.full_like(scores, -np.inf)
        alone[0 if self.request.plan.operation("renormalize") else left[0]] = 0.0   # it makes every score NaN
        return alone


def nan_is_taken(situation: Situation, *, added: bool) -> Situation | None:
    """Let greedy search take the first token whose guided score is NaN."""
    request, scale = situation.request, scale_of(situation.request)
    if scale is None or request.plan.mode not in FIRST:
        return None
    nans = Nans(request, scale, added)
    guided = with_guidance(request, nans.guide)
    last = Operation("processor", {"function": nans.take}, "GUIDANCE-4")
    answered = situation.answered and with_scores(situation.answered, first_nan_alone)
    return replace(situation, request=with_operations(guided, (*guided.plan.operations, last)), answered=answered)


def nan_becomes_0(situation: Situation) -> Situation | None:
    """Let `remove_invalid_values` make 0 of the scores that guidance makes NaN, whatever bans them before."""
    request, scale = situation.request, scale_of(situation.request)
    place = next((at for at, one in enumerate(request.plan.operations) if one.name == "remove_invalid_values"), None)
    if scale is None or place is None:
        return None
    nans = Nans(request, scale, added=True)
    guided = with_guidance(request, nans.guide)
    operations, zeroed = guided.plan.operations, Operation("processor", {"function": nans.zero}, "GUIDANCE-4")
    changed = with_operations(guided, (*operations[:place + 1], zeroed, *operations[place + 1:]))
    return replace(situation, request=changed)


def first_nan_alone(scores: Scores) -> Scores:
    """Give scores in which the first NaN is all that is left, as `Nans.take` does. float[V] -> float[V]."""
    given = np.asarray(scores, dtype=np.float64)
    if not np.isnan(given).any():
        return given
    alone = np.full_like(given, -np.inf)
    alone[int(np.flatnonzero(np.isnan(given))[0])] = 0.0
    return alone


def spoils_a_beam(seen: Seen) -> bool:
    """Explain rows of a beam mode among whose scores there are NaN: there is no order among them. DEV-24."""
    plans = seen.call.plans if isinstance(seen.expected, tuple) else ()
    guided = any(plan.operation("guidance") is not None and plan.mode in BEAMS for plan in plans)
    return guided and has_minus_infinity(seen.call) and isinstance(seen.answer, tuple)


def has_minus_infinity(call: Call) -> bool:
    """Tell whether the model gives minus infinity."""
    return isinstance(call.model, Table) and any(-np.inf in line for line in call.model.lines)


def guides_to_nan(call: Call, plan: DecodingPlan) -> bool:
    """DEV-24: what is drawn from has NaN, which raises."""
    return plan.operation("guidance") is not None and plan.draws and has_minus_infinity(call)


def explains_nan(seen: Seen) -> bool:
    """Explain what NaN does in a beam mode and in a draw. DEV-24."""
    return spoils_a_beam(seen) or NAN_IN_A_DRAW(seen)


NAN_IN_A_DRAW = refuses(
    "RuntimeError|ValueError", "probability tensor contains either|distribution Categorical", guides_to_nan
)


def nan_survives_bans(situation: Situation) -> Situation | None:
    """Let NaN be taken though the token is banned: bans add minus infinity."""
    return nan_is_taken(situation, added=True)


def nan_falls_to_bans(situation: Situation) -> Situation | None:
    """Let NaN be taken unless the token is banned: some bans write minus infinity."""
    return nan_is_taken(situation, added=False)


@dataclass(slots=True)
class ByPlace:
    """Guidance whose u goes on with the tokens that a place of the beam has held. DEV-26.

    The reference asks for the open hypotheses of a step in the order of their places.
    """

    request: Request
    scale: float
    step: int = -1
    place: int = 0
    held: dict[int, tuple[int, ...]] = field(default_factory=dict)

    @property
    def places(self) -> int:
        """Return how many places there are."""
        return 1 if self.request.plan.beams is None else self.request.plan.beams.num_beams

    def guide(self, scores: Scores, context: Context) -> Scores:
        """Guide the hypothesis at the next place. float[V] -> float[V]."""
        step = len(context.tokens) - context.prompt_length
        place = self.place % self.places if step == self.step else 0     # a step may be asked for again
        self.step, self.place = step, place + 1
        before = self.held.get(place, ())[:max(0, step - 1)]
        self.held[place] = (*before, context.tokens[-1]) if step else ()
        given = self.request.negative_prompt
        row = (self.request.prompt[-1:] if given is None else given) + self.held[place]
        return guidance(scores, self.scale, evaluate(self.request.model, row, self.request.source).logits)


def u_follows_the_place(situation: Situation) -> Situation | None:
    """Let u follow the place of a beam instead of its hypothesis."""
    request, scale = situation.request, scale_of(situation.request)
    if scale is None or request.plan.mode not in BEAMS or situation.call.negative_prompts is not None:
        return None
    search = in_its_batch(situation) if numbers(situation.info.version) >= (5,) else None
    return replace(situation, request=with_guidance(request, ByPlace(request, scale).guide), search=search)


