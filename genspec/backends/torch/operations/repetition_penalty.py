"""Penalise tokens seen before. Text: docs/spec/repetition_penalty.md."""

from collections import Counter, deque
from collections.abc import Iterable, Mapping
from typing import Self

import torch
from torch import Tensor

from genspec.backends.torch.sparse import Line


def repetition_penalty(
    line: Line, penalty: float, penalty_scope: str = "row", penalty_window: int | None = None
) -> "Repeated":
    """Divide the positive scores of tokens seen before by the penalty, and multiply the negative ones."""
    return Repeated(Seen.of(line, penalty_scope, penalty_window), penalty)


class Seen:
    """The tokens of a line that count, and how often each was seen. REPETITION-PENALTY-2, REPETITION-PENALTY-3."""

    def __init__(self, vocab_size: int, window: int | None) -> None:
        """Begin with no token; the last `window` tokens count, or all."""
        self.vocab_size, self.window = vocab_size, window
        self.counts: Counter[int] = Counter()
        self.recent: deque[int] = deque()

    @classmethod
    def of(cls, line: Line, scope: str, window: int | None) -> Self:
        """Begin with the prompt where it counts: in the scope "row"."""
        seen = cls(line.vocab_size, window)
        for token in line.tokens if scope == "row" else ():
            seen.advance(token)
        return seen

    def advance(self, token: int) -> None:
        """Count a token, and forget the one that leaves the window. Only tokens with a score count."""
        self.add(token, 1)
        if self.window is not None:
            self.recent.append(token)
            if len(self.recent) > self.window:
                self.add(self.recent.popleft(), -1)

    def add(self, token: int, times: int) -> None:
        """Count a token that has a score. REPETITION-PENALTY-5."""
        if 0 <= token < self.vocab_size:
            self.counts[token] += times
            if not self.counts[token]:
                del self.counts[token]

    def copy(self) -> Self:
        """Count on alone."""
        other = type(self)(self.vocab_size, self.window)
        other.counts, other.recent = self.counts.copy(), self.recent.copy()
        return other


class Repeated:
    """The penalty of a line's tokens."""

    def __init__(self, seen: Seen, penalty: float) -> None:
        """Take the tokens that count."""
        self.seen, self.penalty, self.advance = seen, penalty, seen.advance

    def changes(self) -> Mapping[int, float]:
        """Give the penalty to every token that counts."""
        return dict.fromkeys(self.seen.counts, self.penalty)

    def changed(self, scores: Tensor, numbers: Tensor) -> Tensor:
        """Divide what is positive and multiply the rest. REPETITION-PENALTY-4."""
        return torch.where(scores > 0, scores / numbers, scores * numbers)

    def copy(self) -> Self:
        """Count on alone."""
        return type(self)(self.seen.copy(), self.penalty)


def scorable(tokens: Iterable[int], vocab_size: int) -> tuple[int, ...]:
    """Give each token that has a score once. REPETITION-PENALTY-5."""
    return tuple(dict.fromkeys(token for token in tokens if 0 <= token < vocab_size))
