"""No EOS before so many new tokens. Text: docs/spec/min_new_tokens.md."""

from collections.abc import Sequence
from typing import Self

from genspec.backends.torch.sparse import Line


def min_new_tokens(line: Line, count: int, eos: tuple[int, ...]) -> "HeldBack":
    """Ban every EOS while the line has fewer than `count` new tokens. MIN-NEW-TOKENS-2, MIN-NEW-TOKENS-3."""
    return HeldBack(eos, count)


class HeldBack:
    """Tokens that are banned at the first steps."""

    def __init__(self, tokens: tuple[int, ...], steps: int) -> None:
        """Take the tokens and at how many steps they are banned."""
        self.tokens, self.steps = tokens, steps

    def banned(self) -> Sequence[int]:
        """List them while there are such steps left."""
        return self.tokens if self.steps > 0 else ()

    def advance(self, token: int) -> None:
        """Count one step."""
        self.steps -= 1

    def copy(self) -> Self:
        """Count on alone."""
        return type(self)(self.tokens, self.steps)
