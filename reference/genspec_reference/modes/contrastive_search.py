"""Contrastive search: a probable token that is unlike what stands before it. Text: docs/spec/contrastive_search.md.

Source: Su et al., A Contrastive Framework for Neural Text Generation, NeurIPS 2022.
"""

from functools import partial

import numpy as np
from numpy.typing import NDArray

from genspec.config.decision import Reason, Rejected
from genspec_reference.model import evaluate
from genspec_reference.output import GenerateOutput
from genspec_reference.request import Request
from genspec_reference.rows import decode_rows
from genspec_reference.scores import Scores, Tokens, highest, softmax, support
from genspec_reference.select import Choice, first_of, require_a_token


def contrastive_search(request: Request) -> GenerateOutput:
    """Weigh the probability of each candidate against its likeness to the row, at every step. CONTRASTIVE-SEARCH-7."""
    return decode_rows(request, lambda row: partial(contrast, request))


def contrast(request: Request, tokens: tuple[int, ...], scores: Scores) -> Choice:
    """Take the candidate of the greatest value, equal values the first ranked. CONTRASTIVE-SEARCH-7.

    `scores`: float[V]. Raises `Rejected` when no token is left (SCORES-6).
    """
    require_a_token(scores)
    rules = request.plan.contrastive
    assert rules is not None, "a plan of this mode has them"
    candidates = candidates_of(scores, rules.top_k)
    penalties = np.array([penalty_of(request, tokens, int(candidate)) for candidate in candidates])
    values = (1 - rules.penalty_alpha) * softmax(scores)[candidates] - rules.penalty_alpha * penalties
    best = first_of(values, scores[candidates])
    return Choice(int(candidates[best.token]), best.score, min(best.margin, candidates_margin(scores, rules.top_k)))


def candidates_of(scores: Scores, count: int) -> Tokens:
    """Rank the most probable tokens. float[V] -> int[at most count]. CONTRASTIVE-SEARCH-2, CONTRASTIVE-SEARCH-3."""
    return highest(scores, min(count, support(scores).size))


def candidates_margin(scores: Scores, count: int) -> float:
    """Give the distance in nats of the last candidate to the first token that is none. CONTRASTIVE-SEARCH-3."""
    ranked = scores[highest(scores, count + 1)]
    return float(ranked[count - 1] - ranked[count]) if support(ranked).size > count else np.inf


def penalty_of(request: Request, tokens: tuple[int, ...], candidate: int) -> float:
    """Give the greatest likeness of a candidate to a position before it. CONTRASTIVE-SEARCH-5.

    Raises `Rejected` when the model gives no hidden states of all positions (CONTRASTIVE-SEARCH-8).
    """
    layers = evaluate(request.model, (*tokens, candidate), request.source).hidden_states
    if not layers or len(layers[-1]) != len(tokens) + 1:
        raise Rejected((Reason(
            "penalty_alpha", None, "CONTRASTIVE-SEARCH-8", "the model gives no hidden states of all positions.",
            "Give a model whose output has hidden_states, float[n, d] a layer, or unset the field.",
        ),))
    *earlier, newest = directions(layers[-1])
    return float(max(newest @ direction for direction in earlier))


def directions(states: NDArray[np.float64]) -> NDArray[np.float64]:
    """Divide each state by its length; a state of length 0 stays. float[n, d] -> float[n, d]. CONTRASTIVE-SEARCH-6."""
    lengths = np.linalg.norm(states, axis=1, keepdims=True)
    return np.asarray(states / np.where(lengths == 0, 1.0, lengths))
