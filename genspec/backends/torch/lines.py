"""Scores of all lines between two operations: a matrix, and what is changed in it but not written down yet."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from genspec.backends.torch.ranking import GONE, log_softmax
from genspec.backends.torch.sparse import State


class LineScores:
    """float32[N, V] that begin as the logits, which are never written to."""

    def __init__(self, logits: Tensor, normalised: bool, checked: bool) -> None:
        """Begin with the logits, or with their log-softmax. `checked`: refuse what is in them. SCORES-2."""
        self.matrix = logits.float()
        self.own = self.matrix is not logits
        self.refused = torch.zeros(len(logits), dtype=torch.bool, device=logits.device)
        if checked:
            self.check()
        if normalised:
            self.replace(log_softmax(self.matrix))

    def dense(self) -> Tensor:
        """Give the scores as a matrix, which nobody writes to."""
        return self.matrix

    def replace(self, matrix: Tensor) -> None:
        """Go on with another matrix; when it is new it may be written to."""
        self.own = self.own and matrix is self.matrix
        self.matrix = matrix

    def writable(self) -> Tensor:
        """Give a matrix that may be written to: a copy, once."""
        if not self.own:
            self.matrix, self.own = self.matrix.clone(), True
        return self.matrix

    def kept(self, logits: Tensor) -> Tensor:
        """Give the scores to somebody who keeps them: never the memory of the logits."""
        return self.matrix.clone() if self.matrix.data_ptr() == logits.data_ptr() else self.matrix

    def check(self) -> None:
        """Mark the lines with NaN or plus infinity. SCORES-2."""
        self.refused |= ~(self.matrix.amax(1) < torch.inf)      # NaN is not below either

    def apply_states(self, states: Sequence[State | None]) -> None:
        """Change what an operation changes by what it knows of each line."""
        kind: Any = next((state for state in states if state is not None), None)
        if hasattr(kind, "banned"):
            self.ban([(line, state.banned()) for line, state in known(states)])
        elif hasattr(kind, "changes"):
            self.change(kind, [(line, state.changes()) for line, state in known(states)])
        elif hasattr(kind, "kept"):
            self.keep(kind.score, [(line, state.kept()) for line, state in known(states)])

    def ban(self, banned: list[tuple[int, Sequence[int]]]) -> None:
        """Give tokens the score minus infinity."""
        size = self.matrix.shape[1]
        places = [line * size + token for line, tokens in banned for token in tokens]
        if places:
            self.writable().view(-1)[self.tensor(places)] = GONE

    def change(self, kind: Any, changes: list[tuple[int, dict[int, float]]]) -> None:
        """Let an operation change single scores."""
        size = self.matrix.shape[1]
        places = [line * size + token for line, numbers in changes for token in numbers]
        if places:
            numbers = torch.tensor([number for _, numbers in changes for number in numbers.values()],
                                   dtype=torch.float32, device=self.matrix.device)
            flat, at = self.writable().view(-1), self.tensor(places)
            flat[at] = kind.changed(flat[at], numbers)

    def keep(self, score: float | None, kept: list[tuple[int, Sequence[int] | None]]) -> None:
        """Leave few tokens of some lines, with this score or their own."""
        for line, tokens in kept:
            if tokens is not None:
                row, at = self.writable()[line], self.tensor(list(tokens))
                values = row[at] if score is None else score
                row.fill_(GONE)
                row[at] = values

    def tensor(self, numbers: list[int]) -> Tensor:
        """Make int64[n]."""
        return torch.tensor(numbers, dtype=torch.int64, device=self.matrix.device)


def known(states: Sequence[State | None]) -> list[tuple[int, Any]]:
    """Give the lines that have not ended, with their states."""
    return [(line, state) for line, state in enumerate(states) if state is not None]
