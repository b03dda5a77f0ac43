"""Nucleus (top-p) truncation. Text: docs/spec/top_p.md. Source: Holtzman et al., ICLR 2020."""

import numpy as np

from genspec_reference.operations.top_k import gap_after
from genspec_reference.scores import Scores, descending, mask, softmax, support


def top_p(
    scores: Scores, p: float, min_keep: int = 1, *, unfiltered: Scores | None = None, nucleus_boundary: str = "<",
    nucleus_mass: str = "renormalised", nucleus_ties: str = "ranked",
) -> Scores:
    """Keep the most probable tokens, in order, until their mass reaches `p`.

    `scores`: float[V]; `p`: in [0, 1]; `unfiltered`: float[V], the scores before the first truncation of the step.
    Returns float[V], minus infinity outside the nucleus.
    """
    ranked = descending(scores)                                     # TOP-P-3  ties: lowest id first
    above = mass_above(masses(scores, unfiltered, nucleus_mass)[ranked])
    keep = above <= p if nucleus_boundary == "<=" else above < p    # TOP-P-2  the token that crosses p stays
    keep[:min_keep] = True                                          # TOP-P-4
    if nucleus_ties == "kept":
        keep = scores[ranked] >= scores[ranked[keep]].min()         # TOP-P-6
    return mask(scores, ranked[~keep])


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
    possible = support(scores)
    if possible.size and nucleus_mass == "renormalised":
        scores = scores[possible]               # what is gone already has no mass and decides nothing: TOP-P-7
    nucleus = top_p(scores, p, min_keep, unfiltered=unfiltered, nucleus_boundary=nucleus_boundary,
                    nucleus_mass=nucleus_mass, nucleus_ties=nucleus_ties)
    ranked = descending(scores)[:support(scores).size]
    above = mass_above(masses(scores, unfiltered, nucleus_mass)[ranked])
    decides = np.arange(ranked.size) >= min_keep
    if nucleus_ties == "kept":
        decides[1:] &= scores[ranked[1:]] < scores[ranked[:-1]]     # the first of several equal tokens decides
    return min(float(np.abs(above[decides] - p).min(initial=np.inf)), gap_after(scores, support(nucleus).size))
