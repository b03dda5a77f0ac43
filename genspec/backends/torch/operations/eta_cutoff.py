"""Eta sampling. Text: docs/spec/eta_cutoff.md."""

import math

from torch import Tensor

from genspec.backends.torch.operations.epsilon_cutoff import keep_from
from genspec.backends.torch.ranking import entropy, log_softmax


def eta_cutoff(scores: Tensor, epsilon: float, min_keep: int = 1) -> Tensor:
    """Keep the tokens that are probable enough for the entropy of their line. [N, n] -> [N, n]. ETA-CUTOFF-3, -4."""
    by_entropy = math.sqrt(epsilon) * (-entropy(log_softmax(scores.double()))).exp()
    return keep_from(scores, by_entropy.clamp(max=epsilon), min_keep)       # ETA-CUTOFF-2
