"""Force the last token that the budget allows. Text: docs/spec/forced_eos.md."""

from collections.abc import Sequence
from typing import ClassVar, Self

from genspec.backends.torch.sparse import Line


def forced_eos(line: Line, tokens: tuple[int, ...], max_length: int) -> "Forced":
    """Leave `tokens` alone, with the score 0, at the last place of the row. FORCED-EOS-2, FORCED-EOS-3."""
    return Forced(tokens, max_length - 1 - len(line.tokens))


class Forced:
    """Tokens that alone are left at one step, with the score 0."""

    score: ClassVar[float | None] = 0.0

    def __init__(self, tokens: Sequence[int], steps: int) -> None:
        """Take the tokens and how many steps come before."""
        self.tokens, self.steps = tokens, steps

    def kept(self) -> Sequence[int] | None:
        """List them at their step."""
        return self.tokens if self.steps == 0 else None

    def advance(self, token: int) -> None:
        """Count one step."""
        self.steps -= 1

    def copy(self) -> Self:
        """Count on alone."""
        return type(self)(self.tokens, self.steps)
