"""Locally typical truncation. Text: docs/spec/typical_p.md. Source: Meister et al., TACL 2023."""

import numpy as np

from genspec_reference.operations.top_k import gap_after
from genspec_reference.scores import Scores, entropy, log_softmax, mask, softmax, support


def typical_p(
    scores: Scores, p: float, min_keep: int = 1, typical_boundary: str = ">=", typical_ties: str = "kept"
) -> Scores:
    """Keep the tokens whose surprise is nearest to the entropy, in order, until their mass reaches `p`.

    `scores`: float[V]; `p`: in (0, 1]. Returns float[V], minus infinity for every other token.
    """
    distance = distances(scores)
    ranked = np.argsort(distance, kind="stable")                    # TYPICAL-P-2  nearest first, then lowest id
    last = last_rank(softmax(scores)[ranked], p, typical_boundary)
    keep = np.arange(scores.size) < max(last + 1, min_keep)         # TYPICAL-P-2, TYPICAL-P-4
    if typical_ties == "kept":
        keep |= distance[ranked] <= distance[ranked[last]]          # TYPICAL-P-3
    return mask(scores, ranked[~keep])


def distances(scores: Scores) -> Scores:
    """Give how far each token's surprise is from the entropy, in nats. float[V] -> float[V]. TYPICAL-P-2.

    A token that cannot be produced is infinitely far. TYPICAL-P-5
    """
    return np.abs(-log_softmax(scores) - entropy(scores))


def last_rank(ranked_probabilities: Scores, p: float, typical_boundary: str) -> int:
    """Give the first rank whose mass, with all before it, reaches `p`, or passes it. float[V]. TYPICAL-P-2."""
    mass = np.cumsum(ranked_probabilities)
    short = mass <= p if typical_boundary == ">" else mass < p
    return min(int(short.sum()), mass.size - 1)


def typical_p_margin(
    scores: Scores, p: float, min_keep: int = 1, typical_boundary: str = ">=", typical_ties: str = "kept"
) -> float:
    """Give the least change that makes another token the last one that is kept.

    Of probability mass, at p, or of a distance in nats, in the ranking: the smaller number. Tokens of equal scores
    are equally far in every decoder. TYPICAL-P-2, TYPICAL-P-3
    """
    distance = distances(scores)
    ranked = np.argsort(distance, kind="stable")
    q = softmax(scores)[ranked]
    last = ranked[last_rank(q, p, typical_boundary)]
    others = distance[np.isfinite(distance) & (scores != scores[last])]
    swapped = float(np.abs(others - distance[last]).min(initial=np.inf))
    dropped = gap_after(-distance, support(typical_p(scores, p, min_keep, typical_boundary, typical_ties)).size)
    return min(mass_margin(q, distance[ranked], p, min_keep, typical_ties), dropped, swapped)


def mass_margin(q: Scores, distance: Scores, p: float, min_keep: int, typical_ties: str) -> float:
    """Give the least distance of `p` from a mass at which one more token would be kept.

    `q`, `distance`: float[V], in the order of the ranking.
    """
    decides = np.isfinite(distance[1:]) & (np.arange(1, q.size) >= min_keep)
    if typical_ties == "kept":
        decides &= distance[1:] > distance[:-1]                     # equally far tokens are kept together
    return float(np.abs(np.cumsum(q)[:-1][decides] - p).min(initial=np.inf))
