"""Score vectors and what every operation asks of them. Text: docs/spec/scores.md."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Scores = NDArray[np.float64]
"""float[V]: one score a token, in nats. Minus infinity: the token cannot be produced. SCORES-1."""

Tokens = NDArray[np.intp]
"""int[n]: token ids."""


def as_scores(values: ArrayLike) -> Scores:
    """Copy numbers into float64. [V] -> float[V]. Raises ValueError for another shape, or no number at all."""
    scores = np.array(values, dtype=np.float64)
    if scores.ndim != 1 or scores.size == 0:
        raise ValueError(f"scores are one number a token, float[V]; this has the shape {scores.shape}")
    return scores


def log_softmax(scores: Scores) -> Scores:
    """Give the logarithm of the probabilities. float[V] -> float[V]. SCORES-3.

    All minus infinity stays so; NaN or plus infinity anywhere gives NaN everywhere (SCORES-2).
    """
    below = below_the_highest(scores)
    return below if below.max() == -np.inf else np.asarray(below - np.log(np.exp(below).sum()))


def softmax(scores: Scores) -> Scores:
    """Give the probabilities. float[V] -> float[V]; all zero when every score is minus infinity. SCORES-3."""
    weights = np.exp(below_the_highest(scores))
    total = weights.sum()
    return weights if total == 0 else np.asarray(weights / total)


def below_the_highest(scores: Scores) -> Scores:
    """Subtract the highest score, so that no exponential overflows. float[V] -> float[V]. SCORES-2, SCORES-3."""
    highest_score = scores.max()
    if highest_score == -np.inf:
        return scores.copy()
    return scores - highest_score if highest_score < np.inf else np.full_like(scores, np.nan)


def entropy(scores: Scores) -> float:
    """Give the entropy of the softmax in nats. SCORES-4."""
    log_q = log_softmax(scores)
    kept = log_q > -np.inf
    return float(-(np.exp(log_q[kept]) * log_q[kept]).sum())


def descending(scores: Scores) -> Tokens:
    """Rank all tokens, highest score first, equal scores lowest id first. float[V] -> int[V]. SCORES-5."""
    return np.concatenate((ranking(scores), np.flatnonzero(~(scores > -np.inf))))


def ranking(scores: Scores) -> Tokens:
    """Rank the tokens that can be produced, as `descending` ranks all. float[V] -> int[n]. SCORES-1, SCORES-5."""
    possible = support(scores)
    return possible[np.argsort(-scores[possible], kind="stable")]


def highest(scores: Scores, count: int) -> Tokens:
    """Give the first `count` tokens of the ranking, or all there are. float[V] -> int[min(count, V)]. SCORES-5."""
    possible = support(scores)
    if count >= possible.size:
        return descending(scores)[:count]
    threshold = np.partition(scores[possible], -count)[-count]
    candidates = np.flatnonzero(scores >= threshold)
    return candidates[ranking(scores[candidates])[:count]]


def mask(scores: Scores, tokens: ArrayLike) -> Scores:
    """Give these tokens the score minus infinity, by ids or by bool[V]. float[V] -> float[V]."""
    chosen, masked = np.asarray(tokens), scores.copy()
    masked[chosen if chosen.dtype == np.bool_ else chosen.astype(np.intp)] = -np.inf
    return masked


def support(scores: Scores) -> Tokens:
    """Give the tokens that can be produced, in order of their ids. float[V] -> int[n]. SCORES-1."""
    return np.flatnonzero(scores > -np.inf)
