"""Keep the k highest scores. Text: docs/spec/top_k.md."""

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from genspec.backends.torch.ranking import GONE, first, kth


def top_k(scores: Tensor, k: int, min_keep: int = 1, top_k_ties: str = "kept") -> Tensor:
    """Keep the `k` highest scores of each line. [N, n] -> [N, n]. TOP-K-2, TOP-K-3, TOP-K-4."""
    count = max(k, min_keep)
    if count >= scores.shape[1]:
        return scores
    dropped = ~first(scores, count) if top_k_ties == "exact" else scores < kth(scores, count)
    return scores.masked_fill(dropped, GONE)


def top_k_ranked(scores: NDArray[np.float64], k: int, min_keep: int = 1, top_k_ties: str = "kept") -> NDArray[np.bool_]:
    """Tell which scores are kept, given in the order of their rank. float[N, n] -> bool[N, n]."""
    count = min(max(k, min_keep), scores.shape[1])
    if top_k_ties == "exact":
        return np.broadcast_to(np.arange(scores.shape[1]) < count, scores.shape)
    return scores >= scores[:, count - 1, None]
