"""Favour the tokens of the source. Text: docs/spec/encoder_repetition_penalty.md."""

from collections.abc import Mapping

import torch
from torch import Tensor

from genspec.backends.torch.operations.repetition_penalty import scorable
from genspec.backends.torch.sparse import Fixed, Line


def encoder_repetition_penalty(line: Line, penalty: float) -> "Favoured":
    """Multiply the positive scores of the source's tokens by the penalty, and divide the negative ones."""
    return Favoured(dict.fromkeys(scorable(line.source, line.vocab_size), penalty))


class Favoured(Fixed):
    """The tokens of a source. ENCODER-REPETITION-PENALTY-3, ENCODER-REPETITION-PENALTY-4."""

    def __init__(self, numbers: Mapping[int, float]) -> None:
        """Take the penalty of each token."""
        self.numbers = numbers

    def changes(self) -> Mapping[int, float]:
        """Give the penalty of each token."""
        return self.numbers

    def changed(self, scores: Tensor, numbers: Tensor) -> Tensor:
        """Multiply what is positive and divide the rest. ENCODER-REPETITION-PENALTY-2."""
        return torch.where(scores > 0, scores * numbers, scores / numbers)
