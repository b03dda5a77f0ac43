"""Tokens that are not produced first. Text: docs/spec/begin_suppress.md."""

from collections.abc import Sequence
from typing import Self

from genspec.backends.torch.sparse import Line


def begin_suppress(line: Line, tokens: tuple[int, ...], new_token: int) -> "AtOneStep":
    """Ban the tokens at the step that has `new_token` new tokens before it. BEGIN-SUPPRESS-2, BEGIN-SUPPRESS-3."""
    return AtOneStep(tokens, new_token)


class AtOneStep:
    """Tokens that are banned at one step."""

    def __init__(self, tokens: tuple[int, ...], steps: int) -> None:
        """Take the tokens and how many steps come before."""
        self.tokens, self.steps = tokens, steps

    def banned(self) -> Sequence[int]:
        """List them at their step."""
        return self.tokens if self.steps == 0 else ()

    def advance(self, token: int) -> None:
        """Count one step."""
        self.steps -= 1

    def copy(self) -> Self:
        """Count on alone."""
        return type(self)(self.tokens, self.steps)
