"""Locally typical truncation. Text: docs/spec/typical_p.md."""

import torch
from torch import Tensor

from genspec.backends.torch.ranking import entropy, log_softmax, without


def typical_p(
    scores: Tensor, p: float, min_keep: int = 1, typical_boundary: str = ">=", typical_ties: str = "kept"
) -> Tensor:
    """Keep the tokens whose surprise is nearest to the entropy, in order, until their mass reaches `p`.

    [N, n] -> [N, n].
    """
    log_q = log_softmax(scores.double())
    distance, ranked = (log_q + entropy(log_q)).abs().sort(dim=1, stable=True)      # TYPICAL-P-2, TYPICAL-P-5
    last = last_rank(log_q.exp().gather(1, ranked), p, typical_boundary)
    ranks = torch.arange(scores.shape[1], device=scores.device)
    keep = ranks < (last + 1).clamp(min=min_keep)                   # TYPICAL-P-2, TYPICAL-P-4
    if typical_ties == "kept":
        keep = keep | (distance <= distance.gather(1, last))        # TYPICAL-P-3
    return without(scores, ranked, keep)


def last_rank(ranked_masses: Tensor, p: float, typical_boundary: str) -> Tensor:
    """Give the first rank whose mass, with all before it, reaches `p`, or passes it. [N, n] -> int64[N, 1]."""
    mass = ranked_masses.cumsum(1)
    short = mass <= p if typical_boundary == ">" else mass < p      # TYPICAL-P-2
    return short.sum(1, keepdim=True).clamp(max=mass.shape[1] - 1)
