"""Epsilon sampling. Text: docs/spec/epsilon_cutoff.md. Source: Hewitt et al., Findings of EMNLP 2022."""

import numpy as np

from genspec_reference.operations.top_k import gap_after
from genspec_reference.scores import Scores, highest, log_softmax, mask, softmax, support


def epsilon_cutoff(scores: Scores, epsilon: float, min_keep: int = 1) -> Scores:
    """Keep the tokens whose probability is at least `epsilon`.

    `scores`: float[V]; `epsilon`: in (0, 1). Returns float[V], minus infinity for every other token.
    """
    return keep_from(scores, epsilon, min_keep)


def keep_from(scores: Scores, cutoff: float, min_keep: int) -> Scores:
    """Drop the tokens less probable than `cutoff`. float[V] -> float[V]. EPSILON-CUTOFF-2, ETA-CUTOFF-3."""
    probable = softmax(scores) >= cutoff                                # EPSILON-CUTOFF-2
    first = scores >= scores[highest(scores, min_keep)[-1]]             # EPSILON-CUTOFF-3  with all that are equal
    return mask(scores, ~(probable | first))


def epsilon_cutoff_margin(scores: Scores, epsilon: float, min_keep: int = 1) -> float:
    """Give how near, in nats, a token is to being kept or dropped instead. EPSILON-CUTOFF-2, EPSILON-CUTOFF-3."""
    return margin_at(scores, epsilon, min_keep)


def margin_at(scores: Scores, cutoff: float, min_keep: int) -> float:
    """Give the margin of `keep_from` in nats. float[V]."""
    log_q = log_softmax(scores)
    decided = log_q[log_q < log_q[highest(scores, min_keep)[-1]]]
    at_cutoff = np.abs(decided - np.log(cutoff)).min(initial=np.inf)
    return min(float(at_cutoff), gap_after(scores, support(keep_from(scores, cutoff, min_keep)).size))
