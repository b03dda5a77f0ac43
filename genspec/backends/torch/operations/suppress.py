"""Tokens that are never produced. Text: docs/spec/suppress.md."""

from collections.abc import Sequence

from genspec.backends.torch.sparse import Fixed, Line


def suppress(line: Line, tokens: tuple[int, ...]) -> "Suppressed":
    """Ban the tokens at every step. SUPPRESS-3."""
    return Suppressed(tokens)


class Suppressed(Fixed):
    """Tokens that are banned at every step."""

    def __init__(self, tokens: tuple[int, ...]) -> None:
        """Take the tokens."""
        self.tokens = tokens

    def banned(self) -> Sequence[int]:
        """List them."""
        return self.tokens
