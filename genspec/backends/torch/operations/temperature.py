"""Temperature. Text: docs/spec/temperature.md."""

import torch
from torch import Tensor

from genspec.backends.torch.ranking import GONE
from genspec_reference.operations.remove_invalid_values import GREATEST


def temperature(scores: Tensor, temperature: float) -> Tensor:
    """Divide every score by `temperature`, a number above 0. [N, n] -> [N, n]. TEMPERATURE-3, TEMPERATURE-4.

    A real score stays real, where float32 would make it infinite.
    """
    return torch.where(scores > GONE, (scores / temperature).clamp_(-GREATEST, GREATEST), scores)
