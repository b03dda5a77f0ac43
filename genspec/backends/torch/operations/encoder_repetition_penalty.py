"""Favour the tokens of the source. Text: docs/spec/encoder_repetition_penalty.md."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genspec.backends.torch.operations.repetition_penalty import scorable
from genspec.backends.torch.sparse import Changes, Fixed, Line


def encoder_repetition_penalty(line: Line, penalty: float) -> "Favoured":
    """Multiply the positive scores of the source's tokens by the penalty, and divide the negative ones."""
    return Favoured(scorable(line.source, line.vocab_size), penalty)


class Favoured(Fixed):
    """The tokens of a source. ENCODER-REPETITION-PENALTY-3, ENCODER-REPETITION-PENALTY-4."""

    def __init__(self, ids: NDArray[np.intp], penalty: float) -> None:
        """Take the tokens."""
        self.ids, self.numbers = ids, np.full(len(ids), penalty)

    def changes(self) -> Changes:
        """Give the penalty to each token."""
        return self.ids, self.numbers

    def changed(self, scores: Tensor, numbers: Tensor) -> Tensor:
        """Multiply what is positive and divide the rest. ENCODER-REPETITION-PENALTY-2."""
        return torch.where(scores > 0, scores * numbers, scores / numbers)
