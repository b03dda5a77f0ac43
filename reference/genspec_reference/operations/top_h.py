"""Top-H truncation. Text: docs/spec/top_h.md. Source: Baghaei Potraghloo et al., NeurIPS 2025."""

import numpy as np

from genspec_reference.operations.top_k import gap_after
from genspec_reference.scores import Scores, descending, log_softmax, mask, support


def top_h(scores: Scores, h: float) -> Scores:
    """Keep the most probable tokens, in order, while their part of the entropy is at most `h` of it.

    `scores`: float[V]; `h`: in (0, 1]. Returns float[V], minus infinity for every other token.
    """
    ranked = descending(scores)                             # TOP-H-3  ties: lowest id first
    reached = np.cumsum(entropy_terms(scores)[ranked])
    keep = reached <= h * reached[-1]                       # TOP-H-2
    keep[0] = True                                          # TOP-H-4
    return mask(scores, ranked[~keep])


def entropy_terms(scores: Scores) -> Scores:
    """Give what each token adds to the entropy, in nats. float[V] -> float[V]. TOP-H-2."""
    log_q = log_softmax(scores)
    terms = np.zeros_like(scores)
    left = support(scores)
    terms[left] = -np.exp(log_q[left]) * log_q[left]
    return terms


def top_h_margin(scores: Scores, h: float) -> float:
    """Give the least change that makes another token the last one that is kept.

    Of entropy, at its limit (TOP-H-2), or of a score, in the ranking (TOP-H-3), both in nats: the smaller number.
    """
    reached = np.cumsum(entropy_terms(scores)[descending(scores)])
    decided = reached[1:support(scores).size]               # the first stays in any case: TOP-H-4
    at_limit = np.abs(decided - h * reached[-1]).min(initial=np.inf)
    return min(float(at_limit), gap_after(scores, support(top_h(scores, h)).size))
