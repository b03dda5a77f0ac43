"""Min-p truncation. Text: docs/spec/min_p.md."""

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from genspec.backends.torch.ranking import GONE, first, softmax


def min_p(scores: Tensor, p: float, min_keep: int = 1) -> Tensor:
    """Keep the tokens at least `p` times as probable as the most probable one of their line. [N, n] -> [N, n]."""
    q = softmax(scores.double())
    keep = q >= p * q.amax(1, keepdim=True)                         # MIN-P-2
    return scores.masked_fill(~(keep | first(scores, min_keep)), GONE)      # MIN-P-3


def min_p_ranked(scores: NDArray[np.float64], p: float, min_keep: int = 1) -> NDArray[np.bool_]:
    """Tell which scores are kept, given in the order of their rank. float[N, n] -> bool[N, n]."""
    weights = np.exp(scores - scores[:, :1])
    q = weights / weights.sum(1, keepdims=True)
    keep = q >= p * q[:, :1]
    keep[:, :min_keep] = True
    return keep     # type: ignore[no-any-return]  # NumPy says Any
