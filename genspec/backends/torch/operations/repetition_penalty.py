"""Penalise tokens seen before. Text: docs/spec/repetition_penalty.md."""

from collections import deque
from collections.abc import Iterable
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genspec.backends.torch.sparse import Changes, Line


def repetition_penalty(
    line: Line, penalty: float, penalty_scope: str = "row", penalty_window: int | None = None
) -> "Repeated":
    """Divide the positive scores of tokens seen before by the penalty, and multiply the negative ones."""
    return Repeated(Seen.of(line, penalty_scope, penalty_window), penalty)


class Seen:
    """The tokens of a line that count, and how often each was seen. REPETITION-PENALTY-2, REPETITION-PENALTY-3.

    Each has a place in two arrays, which are written to once a step however long the line is.
    """

    def __init__(self, vocab_size: int, window: int | None) -> None:
        """Begin with no token; the last `window` tokens count, or all."""
        self.vocab_size, self.window = vocab_size, window
        self.place_of: dict[int, int] = {}
        self.ids, self.times = np.zeros(16, dtype=np.intp), np.zeros(16)
        self.recent: deque[int] = deque()

    @classmethod
    def of(cls, line: Line, scope: str, window: int | None) -> Self:
        """Begin with the prompt where it counts: in the scope "row"."""
        seen = cls(line.vocab_size, window)
        for token in line.tokens if scope == "row" else ():
            seen.advance(token)
        return seen

    def advance(self, token: int) -> None:
        """Count a token, and forget the one that leaves the window."""
        self.add(token, 1)
        if self.window is not None:
            self.recent.append(token)
            if len(self.recent) > self.window:
                self.add(self.recent.popleft(), -1)

    def add(self, token: int, times: int) -> None:
        """Count a token that has a score. REPETITION-PENALTY-5."""
        if not 0 <= token < self.vocab_size:
            return
        place = self.place_of.setdefault(token, len(self.place_of))
        if place == len(self.ids):
            self.ids, self.times = (np.concatenate([one, np.zeros_like(one)]) for one in (self.ids, self.times))
        self.ids[place] = token
        self.times[place] += times

    def counted(self) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """Give the tokens that count and how often each was seen. int[n], float[n]."""
        ids, times = self.ids[:len(self.place_of)], self.times[:len(self.place_of)]
        return (ids, times) if self.window is None else (ids[times > 0], times[times > 0])

    def copy(self) -> Self:
        """Count on alone."""
        other = type(self)(self.vocab_size, self.window)
        other.place_of, other.recent = self.place_of.copy(), self.recent.copy()
        other.ids, other.times = self.ids.copy(), self.times.copy()
        return other


class Repeated:
    """The penalty of a line's tokens."""

    def __init__(self, seen: Seen, penalty: float) -> None:
        """Take the tokens that count."""
        self.seen, self.penalty, self.advance = seen, penalty, seen.advance

    def changes(self) -> Changes:
        """Give the penalty to every token that counts."""
        ids, _ = self.seen.counted()
        return ids, np.full(len(ids), self.penalty)

    def changed(self, scores: Tensor, numbers: Tensor) -> Tensor:
        """Divide what is positive and multiply the rest. REPETITION-PENALTY-4."""
        return torch.where(scores > 0, scores / numbers, scores * numbers)

    def copy(self) -> Self:
        """Count on alone."""
        return type(self)(self.seen.copy(), self.penalty)


def scorable(tokens: Iterable[int], vocab_size: int) -> NDArray[np.intp]:
    """Give each token that has a score once. int[n]. REPETITION-PENALTY-5."""
    return np.array(sorted({token for token in tokens if 0 <= token < vocab_size}), dtype=np.intp)
