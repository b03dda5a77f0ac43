"""DEV-86: `exponential_decay_length_penalty` on an EOS that is banned already gives NaN."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from genspec.config.plan import Operation
from genspec.conform.deviations.counterfactual import Situation
from genspec.conform.deviations.made.before_5 import as_expected, is_refused
from genspec.conform.deviations.made.nans import first_nan_alone
from genspec.conform.deviations.made.nothing_left import takes_first, with_scores
from genspec.conform.oracle.requests import with_operations
from genspec_reference.context import Context
from genspec_reference.operations.exponential_decay_length_penalty import exponential_decay_length_penalty
from genspec_reference.request import Request
from genspec_reference.scores import Scores

NAME = "exponential_decay_length_penalty"


@dataclass(slots=True)
class Decay:
    """What is left of the EOS ids that become NaN, and what comes of them at the end of the pipeline."""

    given: dict[str, Any]
    banned: tuple[int, ...]                 # by operations behind this one, which write minus infinity
    spreads: bool                           # `renormalize_logits`: all scores become NaN
    taken: bool                             # greedy takes the first NaN; else a draw or a search has to take it
    tokens: list[int] = field(default_factory=list)

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
        alone[0 if self.spreads else min(self.tokens)] = 0.0
        return alone


def banned_eos_becomes_nan(situation: Situation) -> Situation | None:
    """Let NaN be taken by greedy search, refused by a draw, and decide anything in a search."""
    request = situation.request
    place = next((at for at, one in enumerate(request.plan.operations) if one.name == NAME), None)
    if place is None:
        return None
    spoilt = with_nan(request, place)
    if takes_first(request):
        answered = situation.answered and with_scores(situation.answered, first_nan_alone)
        return replace(situation, request=spoilt, answered=answered)
    if situation.answered is None:
        return replace(situation, request=spoilt)           # the draw is refused
    return as_expected(situation) if is_refused(spoilt) and request.plan.beams is not None else None


def with_nan(request: Request, place: int) -> Request:
    """Give the request with NaN where transformers has it."""
    operations = request.plan.operations
    banned = tuple(token for one in operations[place + 1:] if one.name == "suppress" for token in ids_of(one))
    spreads = any(one.name == "renormalize" for one in operations)
    decay = Decay(dict(operations[place].arguments), banned, spreads, takes_first(request))
    instead = Operation("processor", {"function": decay.decay}, operations[place].clause)
    last = Operation("processor", {"function": decay.take}, operations[place].clause)
    return with_operations(request, (*operations[:place], instead, *operations[place + 1:], last))


def ids_of(operation: Operation) -> tuple[int, ...]:
    """Return the ids of a list of tokens."""
    ids: Any = operation.arguments["tokens"]
    return tuple(ids)
