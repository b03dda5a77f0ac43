"""Raise EOS more and more. Text: docs/spec/exponential_decay_length_penalty.md."""

from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genspec.backends.torch.operations.repetition_penalty import scorable
from genspec.backends.torch.sparse import Changes, Line
from genspec_reference.operations.remove_invalid_values import GREATEST


def exponential_decay_length_penalty(line: Line, start: int, factor: float, eos: tuple[int, ...]) -> "Raised":
    """Add |s| (f^k - 1) to the score s of every EOS, with k new tokens more than `start`."""
    return Raised(scorable(eos, line.vocab_size), factor, -start)


class Raised:
    """Tokens whose scores grow from some step on."""

    def __init__(self, tokens: NDArray[np.intp], factor: float, beyond: int) -> None:
        """Take the tokens, the factor f and the exponent k of the next step, which does nothing up to 0."""
        self.tokens, self.factor, self.beyond = tokens, factor, beyond

    def changes(self) -> Changes:
        """Give f^k - 1, the same for each token. EXPONENTIAL-DECAY-LENGTH-PENALTY-2, -3."""
        if self.beyond <= 0:
            return self.tokens[:0], np.zeros(0)
        return self.tokens, np.full(len(self.tokens), power(self.factor, self.beyond) - 1)

    def changed(self, scores: Tensor, numbers: Tensor) -> Tensor:
        """Raise what is finite and not 0. EXPONENTIAL-DECAY-LENGTH-PENALTY-4.

        What float32 cannot hold is its greatest number, unless the power itself is infinite.
        """
        raised = scores + scores.abs() * numbers
        raised = torch.where(numbers.isfinite(), raised.clamp(-GREATEST, GREATEST), raised)
        return torch.where(scores.isfinite() & (scores != 0), raised, scores)

    def advance(self, token: int) -> None:
        """Raise the exponent."""
        self.beyond += 1

    def copy(self) -> Self:
        """Count on alone."""
        return type(self)(self.tokens, self.factor, self.beyond)


def power(factor: float, exponent: int) -> float:
    """Give a power, infinite where it is too great for a number. EXPONENTIAL-DECAY-LENGTH-PENALTY-5."""
    with np.errstate(over="ignore"):
        return float(np.float64(factor) ** exponent)
