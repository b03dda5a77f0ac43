"""Truncation by standard deviations. Text: docs/spec/top_n_sigma.md."""

import math

import torch
from torch import Tensor

from genspec.backends.torch.ranking import GONE
from genspec_reference.arguments import refuse_unless


def top_n_sigma(scores: Tensor, n: float) -> Tensor:
    """Keep the scores within `n` standard deviations of the highest of their line. [N, n] -> [N, n]. TOP-N-SIGMA-2.

    Raises `Rejected` for an `n` that is not a real number above 0. TOP-N-SIGMA-1
    """
    refuse_unless(0 < n < math.inf, "n", n, "TOP-N-SIGMA-1", "a real number above 0")
    left = scores > GONE
    count = left.sum(1, keepdim=True)
    values = torch.where(left, scores.double(), 0.0)
    mean = values.sum(1, keepdim=True) / count
    sigma = (torch.where(left, values - mean, 0.0).square().sum(1, keepdim=True) / count).sqrt()
    lowest = scores.double().amax(1, keepdim=True) - n * sigma              # TOP-N-SIGMA-3  NaN when none is left
    return scores.masked_fill(scores.double() < lowest, GONE)
