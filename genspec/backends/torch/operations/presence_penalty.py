"""One penalty for every token seen before. Text: docs/spec/presence_penalty.md."""

from typing import Self

from torch import Tensor

from genspec.backends.torch.operations.repetition_penalty import Seen
from genspec.backends.torch.sparse import Changes, Line


def presence_penalty(
    line: Line, penalty: float, count_scope: str = "output", penalty_window: int | None = None
) -> "Subtracted":
    """Subtract `penalty` once from the score of every token that is counted. PRESENCE-PENALTY-2, PRESENCE-PENALTY-3."""
    return Subtracted(Seen.of(line, count_scope, penalty_window), once=penalty)


class Subtracted:
    """What is subtracted from the scores of a line's tokens: `once` for a token, and `each` for each time."""

    def __init__(self, seen: Seen, once: float = 0.0, each: float = 0.0) -> None:
        """Take the tokens that count."""
        self.seen, self.once, self.each, self.advance = seen, once, each, seen.advance

    def changes(self) -> Changes:
        """Add up what is subtracted from each token."""
        ids, times = self.seen.counted()
        return ids, self.once + self.each * times

    def changed(self, scores: Tensor, numbers: Tensor) -> Tensor:
        """Subtract it."""
        return scores - numbers

    def copy(self) -> Self:
        """Count on alone."""
        return type(self)(self.seen.copy(), self.once, self.each)
