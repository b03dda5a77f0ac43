"""DEV-86: `exponential_decay_length_penalty` on an EOS that is banned already gives NaN."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from genspec.config.decision import Rejected
from genspec.config.plan import Operation
from genspec.conform.deviations.counterfactual import Situation
from genspec.conform.deviations.made.contrasts import contrasting, contrasts_of
from genspec.conform.deviations.made.marked import STAND_IN, Nans, marked
from genspec.conform.deviations.made.moved import MOVED, InItsBatch
from genspec.conform.deviations.made.nans import first_nan_alone, ranking_nan
from genspec.conform.deviations.made.nothing_left import takes_first, with_scores
from genspec.conform.deviations.made.refusals import BEAMS
from genspec.conform.oracle.requests import with_operations
from genspec_reference.context import Context
from genspec_reference.operations.exponential_decay_length_penalty import exponential_decay_length_penalty
from genspec_reference.request import Request
from genspec_reference.scores import Scores

NAME = "exponential_decay_length_penalty"
Function = Callable[[Scores, Context], Scores]


@dataclass(slots=True)
class Decay:
    """What is left of the EOS ids that become NaN, and what comes of them at the end of the pipeline."""

    given: dict[str, Any]
    banned: tuple[int, ...]                 # by operations behind this one, which write minus infinity
    spreads: bool                           # `renormalize_logits`: all scores become NaN
    taken: bool                             # greedy takes the first NaN; else a draw or a search has to take it
    tokens: list[int] = field(default_factory=list)
    nans: Nans = field(default_factory=Nans)                # what a search is told of them
    seen: bool = False                      # whether there were any

    def decay(self, scores: Scores, context: Context) -> Scores:
        """Raise the EOS ids, and note which become NaN. float[V] -> float[V]."""
        start, factor, eos = (self.given[name] for name in ("start", "factor", "eos"))
        k = len(context.tokens) - context.prompt_length - start
        grows = k > 0 and np.float64(factor) ** k >= 1      # what is infinite times 0 is NaN as well
        self.tokens = [
            token for token in eos if grows and token < scores.size and np.isneginf(scores[token])
            and token not in self.banned
        ]
        return exponential_decay_length_penalty(
            scores, start, factor, eos=eos, tokens=context.tokens, prompt_length=context.prompt_length
        )

    def take(self, scores: Scores, _: Context) -> Scores:
        """Give NaN back, or leave the token alone that greedy search takes. float[V] -> float[V]."""
        if not self.tokens:
            return scores
        if not self.taken:
            return np.full_like(scores, np.nan)
        alone = np.full_like(scores, -np.inf)
        alone[0 if self.spreads else min(self.tokens)] = STAND_IN
        return alone

    def tell(self, scores: Scores, _: Context) -> Scores:
        """Tell a search which scores are NaN. float[V] -> float[V]."""
        self.seen |= bool(self.tokens)
        self.nans.tokens = list(range(scores.size)) if self.tokens and self.spreads else self.tokens
        return scores


def banned_eos_becomes_nan(situation: Situation) -> Situation | None:
    """Let NaN be taken by greedy search, refused by a draw, and ranked above all numbers by a search."""
    request = situation.request
    place = place_of(request)
    if place is None:
        return None
    decay = decay_of(request, place)
    if request.plan.mode in (*BEAMS, *MOVED):
        return searched_with_nan(situation, place, decay)
    search = contrasts_of(situation)
    if search is not None:
        told = with_nan(request, place, decay, decay.tell, decay.nans)
        return contrasting(replace(situation, request=told), search)
    spoilt = with_nan(request, place, decay, decay.take)
    if takes_first(request):
        answered = situation.answered and with_scores(situation.answered, first_nan_alone)
        return replace(situation, request=spoilt, answered=answered)
    return replace(situation, request=spoilt) if situation.answered is None else None      # the draw is refused


def searched_with_nan(situation: Situation, place: int, decay: Decay) -> Situation | None:
    """Let a search rank NaN, where it meets one."""
    request = with_nan(situation.request, place, decay, decay.tell, decay.nans)
    search = ranking_nan(situation)
    if isinstance(search, InItsBatch):
        search = replace(search, batch=tuple(told_of_nan(one) for one in search.batch))
    with suppress(Rejected):
        search(request, rounding=0)
    if not decay.seen:
        return None
    answered = situation.answered and marked(situation.answered)
    return replace(situation, request=request, search=search, answered=answered)


def place_of(request: Request) -> int | None:
    """Return the place of the operation, or None without it."""
    return next((at for at, one in enumerate(request.plan.operations) if one.name == NAME), None)


def told_of_nan(request: Request) -> Request:
    """Give the request of another prompt of the batch, whose search is told which scores are NaN."""
    place = place_of(request)
    if place is None:
        return request
    decay = decay_of(request, place)
    return with_nan(request, place, decay, decay.tell, decay.nans)


def decay_of(request: Request, place: int) -> Decay:
    """Read what an operation does, and what stands behind it."""
    operations = request.plan.operations
    banned = tuple(token for one in operations[place + 1:] if one.name == "suppress" for token in ids_of(one))
    spreads = any(one.name == "renormalize" for one in operations)
    return Decay(dict(operations[place].arguments), banned, spreads, takes_first(request))


def with_nan(request: Request, place: int, decay: Decay, *ends: Function) -> Request:
    """Give the request with NaN where transformers has it, and with what is done about it at the end."""
    operations, clause = request.plan.operations, request.plan.operations[place].clause
    instead, *last = (Operation("processor", {"function": function}, clause) for function in (decay.decay, *ends))
    return with_operations(request, (*operations[:place], instead, *operations[place + 1:], *last))


def ids_of(operation: Operation) -> tuple[int, ...]:
    """Return the ids of a list of tokens."""
    ids: Any = operation.arguments["tokens"]
    return tuple(ids)
