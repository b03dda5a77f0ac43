"""Nucleus (top-p) truncation. Text: docs/spec/top_p.md. Source: Holtzman et al., ICLR 2020."""

import numpy as np

from genspec_reference.operations.top_k import gap_after
from genspec_reference.scores import Scores, mask, ranking, softmax


def top_p(
    scores: Scores, p: float, min_keep: int = 1, *, unfiltered: Scores | None = None, nucleus_boundary: str = "<",
    nucleus_mass: str = "renormalised", nucleus_ties: str = "ranked",
) -> Scores:
    """Keep the most probable tokens, in order, until their mass reaches `p`.

    `scores`: float[V]; `p`: in [0, 1]; `unfiltered`: float[V], the scores before the first truncation of the step.
    Returns float[V], minus infinity outside the nucleus.
    """
    ranked = ranking(scores)                                            # TOP-P-3  ties: lowest id first
    above = mass_above(masses(scores, unfiltered, nucleus_mass)[ranked])
    count = nucleus_size(scores[ranked], above, p, min_keep, boundary=nucleus_boundary, ties=nucleus_ties)
    return mask(scores, ranked[count:])                                 # TOP-P-2


def nucleus_size(ranked: Scores, above: Scores, p: float, min_keep: int, *, boundary: str, ties: str) -> int:
    """Count the tokens that are kept, from ranked scores and the mass above each. float[n], float[n]."""
    short = above <= p if boundary == "<=" else above < p               # TOP-P-2  the token that crosses p stays
    count = max(int(short.sum()), min_keep)                             # TOP-P-4
    if ties == "kept" and count < ranked.size:
        return int((ranked >= ranked[count - 1]).sum())                 # TOP-P-6
    return count


def masses(scores: Scores, unfiltered: Scores | None, nucleus_mass: str) -> Scores:
    """Give the probabilities that are added up: of what is left, or of all. float[V] -> float[V]. TOP-P-5."""
    return softmax(unfiltered if nucleus_mass == "full" and unfiltered is not None else scores)


def mass_above(ranked_probabilities: Scores) -> Scores:
    """Give the mass ranked strictly above each token. float[V] -> float[V]."""
    return np.concatenate(([0.0], np.cumsum(ranked_probabilities)[:-1]))


def top_p_margin(
    scores: Scores, p: float, min_keep: int = 1, *, unfiltered: Scores | None = None, nucleus_boundary: str = "<",
    nucleus_mass: str = "renormalised", nucleus_ties: str = "ranked",
) -> float:
    """Give the least change that takes another token into the nucleus, or one out of it.

    Of probability mass, at p (TOP-P-2), or of a score in nats, in the ranking (TOP-P-3): the smaller number.
    """
    ranked = ranking(scores)
    above, left = mass_above(masses(scores, unfiltered, nucleus_mass)[ranked]), scores[ranked]
    decides = np.arange(left.size) >= min_keep
    if nucleus_ties == "kept":
        decides[1:] &= left[1:] < left[:-1]     # the first of several equal tokens decides
    at_p = np.abs(above[decides] - p).min(initial=np.inf)
    size = nucleus_size(left, above, p, min_keep, boundary=nucleus_boundary, ties=nucleus_ties)
    return min(float(at_p), gap_after(left, size))
