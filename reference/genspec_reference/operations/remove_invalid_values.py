"""Make NaN and infinite scores finite. Text: docs/spec/remove_invalid_values.md."""

import numpy as np

from genspec_reference.scores import Scores

GREATEST = float(np.finfo(np.float32).max)
"""The greatest finite number of the scores of every decoder. REMOVE-INVALID-VALUES-2."""


def remove_invalid_values(scores: Scores) -> Scores:
    """Replace NaN by 0 and infinities by the greatest and least number. float[V] -> float[V]. REMOVE-INVALID-VALUES-2.

    Tokens that are banned are at the least number then, all of them equal. REMOVE-INVALID-VALUES-3
    """
    return np.nan_to_num(scores, nan=0.0, posinf=GREATEST, neginf=-GREATEST)
