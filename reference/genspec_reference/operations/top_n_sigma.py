"""Truncation by standard deviations. Text: docs/spec/top_n_sigma.md. Source: Tang et al., Top-nσ, 2024."""

import numpy as np

from genspec_reference.arguments import refuse_unless
from genspec_reference.scores import Scores, mask, support


def top_n_sigma(scores: Scores, n: float) -> Scores:
    """Keep the scores within `n` standard deviations of the highest. float[V] -> float[V]. TOP-N-SIGMA-2.

    Raises `Rejected` for an `n` that is not a real number above 0. TOP-N-SIGMA-1
    """
    refuse_unless(0 < n < np.inf, "n", n, "TOP-N-SIGMA-1", "a real number above 0")
    return mask(scores, scores < lowest_kept(scores, n))


def top_n_sigma_margin(scores: Scores, n: float) -> float:
    """Give the least distance in nats of a score below the highest from the threshold. TOP-N-SIGMA-2, TOP-N-SIGMA-3."""
    lower = scores[support(scores)]
    lower = lower[lower < scores.max()]
    return float(np.abs(lower - lowest_kept(scores, n)).min(initial=np.inf))


def lowest_kept(scores: Scores, n: float) -> float:
    """Give the lowest score that is kept; minus infinity when no token is left. TOP-N-SIGMA-2, TOP-N-SIGMA-3."""
    left = scores[support(scores)]
    return float(left.max() - n * left.std()) if left.size else -np.inf
