"""DEV-47 and DEV-110: contrastive search as releases before 4.57 do it, token by token and in their numbers."""

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genspec.backends.call import Call
from genspec.config.mode import Mode
from genspec.config.plan import DecodingPlan
from genspec.conform.deviations.counterfactual import Situation
from genspec.conform.deviations.made.marked import marked, nans_in, with_last
from genspec.conform.oracle.tolerance import magnitude, tolerance
from genspec_reference import GenerateOutput
from genspec_reference.model import evaluate
from genspec_reference.request import Request
from genspec_reference.rows import decode_rows
from genspec_reference.scores import Scores
from genspec_reference.select import Choice
from genspec_reference.step import Scored, score_row


@dataclass(frozen=True)
class Contrasts:
    """A search whose candidates are the `top_k` of all tokens, banned ones too."""

    padding: float | None = None            # all numbers of a hidden state that stands before the row. DEV-110

    def __call__(self, request: Request, *, rounding: int = 0) -> GenerateOutput:
        """Decode a request. Raises `Rejected` for a model without hidden states."""
        return marked(decode_rows(request, lambda row: partial(self.taken, request, rounding), score=scored))

    def taken(self, request: Request, rounding: int, tokens: tuple[int, ...], scores: Scores) -> Choice:
        """Take a candidate: of values that are NaN the first, whatever it is."""
        import torch

        rules = request.plan.contrastive
        assert rules is not None, "a plan of this mode has them"
        near = nearly(scores, rounding, len(tokens))
        q, ids = torch.topk(torch.softmax(torch.from_numpy(near), dim=-1), rules.top_k)
        likeness = torch.tensor([self.likeness(request, (*tokens, int(token))) for token in ids])
        values = (1 - rules.penalty_alpha) * q - rules.penalty_alpha * likeness
        token = int(ids[int(torch.max(values, dim=0).indices)])
        return Choice(token, float(scores[token]), np.inf)

    def likeness(self, request: Request, tokens: tuple[int, ...]) -> float:
        """Give the greatest likeness of the newest position to one before it; NaN where a state has the length 0."""
        layers = evaluate(request.model, tokens, request.source).hidden_states
        assert layers, "the reference refuses a model without any"
        *earlier, newest = directions(layers[-1])
        if self.padding is not None:
            earlier += directions(np.full_like(layers[-1][:1], self.padding))
        return float(np.max([newest @ direction for direction in earlier]))


def scored(request: Request, tokens: tuple[int, ...], **given: Any) -> Scored:
    """Give the scores of the token after a row, NaN where other deviations have it, or nothing is left. DEV-22."""
    row = nans_in(request).put(score_row(request, tokens, **given))
    spoilt = bool(request.plan.operation("renormalize")) and np.all(row.scores == -np.inf)
    return with_last(row, np.full_like(row.scores, np.nan)) if spoilt else row


def nearly(scores: Scores, rounding: int, place: int) -> "NDArray[np.float32]":
    """Give scores in float32, a little off in all ways of rounding but one. float[V]."""
    if rounding:
        chance = np.random.default_rng((rounding, place))
        scores = scores + chance.uniform(-1, 1, scores.shape) * tolerance("float32", magnitude([scores])) / 4
    with np.errstate(over="ignore"):
        return scores.astype(np.float32)


def directions(states: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """Divide each state by its length, NaN where that is 0. float[n, d] -> n times float[d]."""
    with np.errstate(invalid="ignore"):
        return list(states / np.linalg.norm(states, axis=1, keepdims=True))


def contrasts_of(situation: Situation) -> Contrasts | None:
    """Give the search that other deviations have made, or a new one; None in another mode."""
    if situation.request.plan.mode is not Mode.CONTRASTIVE_SEARCH:
        return None
    return situation.search if isinstance(situation.search, Contrasts) else Contrasts()


def contrasting(situation: Situation, search: Contrasts) -> Situation:
    """Give a prompt another search, in whose scores a number stands for NaN."""
    return replace(situation, search=search, answered=situation.answered and marked(situation.answered))


def banned_are_candidates(situation: Situation) -> Situation | None:
    """Let banned tokens be candidates, and NaN win. DEV-47."""
    search = contrasts_of(situation)
    return None if search is None else contrasting(situation, search)


def padding_is_compared(situation: Situation) -> Situation | None:
    """Let the padding in front of a row count among the earlier positions. DEV-110."""
    search, call = contrasts_of(situation), situation.call
    longest = max(map(len, call.prompts))
    if search is None or not 0 < len(call.prompts[situation.number]) < longest:
        return None
    from genspec.backends.transformers.layers import UNREAD

    return contrasting(situation, replace(search, padding=UNREAD))


def has_too_few_tokens(call: Call, plan: DecodingPlan) -> bool:
    """DEV-47: `top_k` tokens are asked for, and there are V."""
    return plan.contrastive is not None and plan.contrastive.top_k > call.model.vocab_size
