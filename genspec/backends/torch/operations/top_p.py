"""Nucleus (top-p) truncation. Text: docs/spec/top_p.md."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genspec.backends.torch.ranking import descending, softmax, without


def top_p(
    scores: Tensor, p: float, min_keep: int = 1, *, unfiltered: Tensor | None = None, nucleus_boundary: str = "<",
    nucleus_mass: str = "renormalised", nucleus_ties: str = "ranked",
) -> Tensor:
    """Keep the most probable tokens of each line, in order, until their mass reaches `p`. [N, n] -> [N, n].

    `unfiltered`: the scores before the first truncation of the step.
    """
    masses = softmax((unfiltered if nucleus_mass == "full" and unfiltered is not None else scores).double())
    return nucleus(scores, masses, p, min_keep, boundary=nucleus_boundary, ties=nucleus_ties)


def nucleus(scores: Tensor, masses: Tensor, p: float, min_keep: int, *, boundary: str, ties: str) -> Tensor:
    """Keep tokens until their masses reach `p`. [N, n], float64[N, n] -> [N, n]. TOP-P-2 to TOP-P-6."""
    values, ranked = descending(scores)                             # TOP-P-3
    above = mass_above(masses.gather(1, ranked))
    keep = above <= p if boundary == "<=" else above < p    # TOP-P-2
    keep[:, :min_keep] = True                                       # TOP-P-4
    if ties == "kept":                                      # TOP-P-6
        keep = values >= values.masked_fill(~keep, torch.inf).amin(1, keepdim=True)
    return without(scores, ranked, keep)


def mass_above(ranked_masses: Tensor) -> Tensor:
    """Give the mass ranked strictly above each token. [N, n] -> [N, n]."""
    return torch.nn.functional.pad(ranked_masses.cumsum(1)[:, :-1], (1, 0))


def top_p_ranked(
    scores: NDArray[np.float64], p: float, min_keep: int = 1, *, nucleus_boundary: str = "<",
    nucleus_ties: str = "ranked",
) -> NDArray[np.bool_]:
    """Tell which scores are kept, given in the order of their rank. float[N, n] -> bool[N, n]."""
    weights = np.exp(scores - scores[:, :1])
    above = (weights / weights.sum(1, keepdims=True)).cumsum(1)[:, :-1]     # of all but the first, which is kept
    keep = np.ones(scores.shape, dtype=np.bool_)
    keep[:, 1:] = above <= p if nucleus_boundary == "<=" else above < p
    keep[:, :min_keep] = True
    if nucleus_ties == "kept":
        keep |= scores >= np.take_along_axis(scores, keep.sum(1, keepdims=True) - 1, 1)
    return keep
