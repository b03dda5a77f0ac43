"""Exclude top choices (XTC). Text: docs/spec/xtc.md. Source: p-e-w, text-generation-webui, PR 6335, 2024."""

from typing import Literal

import numpy as np

from genspec_reference.arguments import refuse_unless
from genspec_reference.operations.top_k import gap_after
from genspec_reference.scores import Scores, Tokens, descending, mask, softmax


def xtc(
    scores: Scores, threshold: float, probability: float, *, chance: float,
    xtc_boundary: Literal[">=", ">"] = ">=", xtc_ties: Literal["ranked", "kept"] = "ranked",
) -> Scores:
    """Take away every token of at least `threshold` but the least probable of them, with `probability`.

    `scores`: float[V]; `chance`: a number of (0, 1), drawn for the step. Returns float[V]. XTC-2, XTC-3, XTC-4
    Raises `Rejected` for a threshold or a probability outside [0, 1]. XTC-1
    """
    refuse_unless(0 <= threshold <= 1, "threshold", threshold, "XTC-1", "a real number in [0, 1]")
    refuse_unless(0 <= probability <= 1, "probability", probability, "XTC-1", "a real number in [0, 1]")
    if chance > probability:                                                # XTC-2
        return scores.copy()
    choices = top_choices(scores, threshold, xtc_boundary)                  # XTC-3
    if xtc_ties == "kept":                                                  # XTC-4
        return mask(scores, choices[scores[choices] > scores[choices].min(initial=np.inf)])
    return mask(scores, choices[:-1])


def xtc_margin(
    scores: Scores, threshold: float, probability: float, *, chance: float,
    xtc_boundary: Literal[">=", ">"] = ">=", xtc_ties: Literal["ranked", "kept"] = "ranked",
) -> float:
    """Give the least distance at which another token would be the one that stays. XTC-3, XTC-4.

    In probability mass to the threshold, below the first token; in nats between the last choice and the others.
    """
    if chance > probability:
        return np.inf
    ranked = descending(scores)[1:]
    others = ranked[scores[ranked] > -np.inf]
    to_threshold = np.abs(softmax(scores)[others] - threshold).min(initial=np.inf)
    return min(float(to_threshold), gap_after(scores, top_choices(scores, threshold, xtc_boundary).size - 1))


def top_choices(scores: Scores, threshold: float, xtc_boundary: Literal[">=", ">"]) -> Tokens:
    """Rank the tokens whose probability reaches the threshold, most probable first. float[V] -> int[n]. XTC-3."""
    ranked = descending(scores)
    chances = softmax(scores)[ranked]
    reached = chances > threshold if xtc_boundary == ">" else chances >= threshold
    return ranked[reached & (scores[ranked] > -np.inf)]
