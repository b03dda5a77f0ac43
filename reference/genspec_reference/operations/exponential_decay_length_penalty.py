"""Raise EOS more and more. Text: docs/spec/exponential_decay_length_penalty.md."""

import numpy as np

from genspec_reference.scope import scorable
from genspec_reference.scores import Scores


def exponential_decay_length_penalty(
    scores: Scores, start: int, factor: float, *, eos: tuple[int, ...], tokens: tuple[int, ...], prompt_length: int
) -> Scores:
    """Add |s| (f^k - 1) to the score s of every EOS, with k new tokens more than `start`.

    `scores`: float[V]; `factor`: f, at least 0; `tokens`: the row. Returns float[V].
    """
    k = len(tokens) - prompt_length - start
    if k <= 0:
        return scores                                       # EXPONENTIAL-DECAY-LENGTH-PENALTY-3
    ids = scorable(eos, scores.size)
    ids = ids[np.isfinite(scores[ids]) & (scores[ids] != 0)]    # EXPONENTIAL-DECAY-LENGTH-PENALTY-4
    raised = scores.copy()
    with np.errstate(over="ignore"):                        # EXPONENTIAL-DECAY-LENGTH-PENALTY-5  plus infinity
        raised[ids] += np.abs(scores[ids]) * (np.float64(factor) ** k - 1)     # EXPONENTIAL-DECAY-LENGTH-PENALTY-2
    return raised
