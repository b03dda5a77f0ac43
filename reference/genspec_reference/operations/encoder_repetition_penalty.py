"""Favour the tokens of the source. Text: docs/spec/encoder_repetition_penalty.md."""

import numpy as np

from genspec_reference.scope import scorable
from genspec_reference.scores import Scores


def encoder_repetition_penalty(scores: Scores, penalty: float, source: tuple[int, ...]) -> Scores:
    """Multiply the positive scores of the source's tokens by the penalty, and divide the negative ones.

    `scores`: float[V]; `penalty`: above 0; `source`: the encoder's tokens, or the prompt. Returns float[V].
    """
    favoured = scores.copy()
    of_source = scorable(source, scores.size)               # ENCODER-REPETITION-PENALTY-3, -4
    s = scores[of_source]
    favoured[of_source] = np.where(s > 0, s * penalty, s / penalty)     # ENCODER-REPETITION-PENALTY-2
    return favoured
