"""Temperature. Text: docs/spec/temperature.md."""

from torch import Tensor


def temperature(scores: Tensor, temperature: float) -> Tensor:
    """Divide every score by `temperature`, a number above 0. [N, n] -> [N, n]. TEMPERATURE-3, TEMPERATURE-4."""
    return scores / temperature
