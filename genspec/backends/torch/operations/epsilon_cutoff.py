"""Epsilon sampling. Text: docs/spec/epsilon_cutoff.md."""

from torch import Tensor

from genspec.backends.torch.ranking import GONE, kth, softmax


def epsilon_cutoff(scores: Tensor, epsilon: float, min_keep: int = 1) -> Tensor:
    """Keep the tokens whose probability is at least `epsilon`. [N, n] -> [N, n]."""
    return keep_from(scores, epsilon, min_keep)


def keep_from(scores: Tensor, cutoff: Tensor | float, min_keep: int) -> Tensor:
    """Drop the tokens less probable than the cutoff, a number or float64[N, 1]. EPSILON-CUTOFF-2, ETA-CUTOFF-3."""
    probable = softmax(scores.double()) >= cutoff                           # EPSILON-CUTOFF-2
    return scores.masked_fill(~(probable | (scores >= kth(scores, min_keep))), GONE)    # EPSILON-CUTOFF-3
