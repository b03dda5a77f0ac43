"""Make NaN and infinite scores finite. Text: docs/spec/remove_invalid_values.md."""

from torch import Tensor

from genspec_reference.operations.remove_invalid_values import GREATEST


def remove_invalid_values(scores: Tensor) -> Tensor:
    """Replace NaN by 0 and infinities by the greatest and least number. [N, n] -> [N, n]. REMOVE-INVALID-VALUES-2."""
    return scores.nan_to_num(nan=0.0, posinf=GREATEST, neginf=-GREATEST)
