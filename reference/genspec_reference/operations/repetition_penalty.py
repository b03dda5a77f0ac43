"""Penalise tokens seen before. Text: docs/spec/repetition_penalty.md. Source: Keskar et al., 2019."""

import numpy as np

from genspec_reference.scope import Scope, scoped, scorable
from genspec_reference.scores import Scores


def repetition_penalty(
    scores: Scores, penalty: float, *, tokens: tuple[int, ...], prompt_length: int, penalty_scope: Scope = "row",
    penalty_window: int | None = None,
) -> Scores:
    """Divide the positive scores of tokens seen before by the penalty, and multiply the negative ones.

    `scores`: float[V]; `penalty`: above 0; `tokens`: the row. Returns float[V].
    """
    penalised = scores.copy()
    counted = scoped(tokens, prompt_length, penalty_scope, penalty_window)  # REPETITION-PENALTY-2, -3
    seen = scorable(counted, scores.size)                                   # REPETITION-PENALTY-5
    s = scores[seen]
    penalised[seen] = np.where(s > 0, s / penalty, s * penalty)             # REPETITION-PENALTY-4
    return penalised
