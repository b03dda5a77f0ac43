"""Min-p truncation. Text: docs/spec/min_p.md. Source: Nguyen et al., ICLR 2025."""

import numpy as np

from genspec_reference.operations.top_k import gap_after
from genspec_reference.scores import Scores, descending, highest, log_softmax, mask, softmax, support


def min_p(scores: Scores, p: float, min_keep: int = 1) -> Scores:
    """Keep the tokens whose probability is at least `p` times that of the most probable one.

    `scores`: float[V]; `p`: in (0, 1]. Returns float[V], minus infinity for every other token.
    """
    q = softmax(scores)
    keep = q >= p * q.max()                                     # MIN-P-2
    keep[highest(scores, min_keep)] = True                      # MIN-P-3
    return mask(scores, ~keep)


def min_p_margin(scores: Scores, p: float, min_keep: int = 1) -> float:
    """Give how near, in nats, a token is to being kept or dropped instead. MIN-P-2, MIN-P-3.

    A token as probable as the most probable one is in no danger: both are the same number in every decoder.
    """
    log_q = log_softmax(scores)
    others = log_q[descending(scores)[min_keep:]]
    decided = others[others < log_q.max()]
    at_cutoff = np.abs(decided - log_q.max() - np.log(p)).min(initial=np.inf)
    return min(float(at_cutoff), gap_after(scores, support(min_p(scores, p, min_keep)).size))
