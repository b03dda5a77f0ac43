"""Only what the caller allows. Text: docs/spec/prefix_allowed_tokens.md."""

from collections.abc import Sequence
from operator import index
from typing import ClassVar, Self

from genspec.backends.torch.sparse import Line
from genspec_reference.context import Allowed
from genspec_reference.operations.prefix_allowed_tokens import refused


def prefix_allowed_tokens(line: Line, allowed_tokens: Allowed) -> "AllowedOnly":
    """Ban every token that the caller's function does not allow after the row. PREFIX-ALLOWED-TOKENS-2, -5."""
    return AllowedOnly(allowed_tokens, line.tokens, line.vocab_size)


class AllowedOnly:
    """The tokens of a line, for a function that must be asked with all of them."""

    score: ClassVar[float | None] = None

    def __init__(self, allowed_tokens: Allowed, tokens: tuple[int, ...], vocab_size: int) -> None:
        """Take the function and the line."""
        self.allowed_tokens, self.tokens, self.vocab_size = allowed_tokens, tokens, vocab_size

    def kept(self) -> Sequence[int]:
        """Ask the function. Raises `Rejected` when it allows no token, or an id outside the vocabulary."""
        allowed = sorted(set(map(index, self.allowed_tokens(self.tokens))))
        if not allowed:
            raise refused(allowed, "PREFIX-ALLOWED-TOKENS-3", "it allows no token")
        if allowed[0] < 0 or allowed[-1] >= self.vocab_size:
            raise refused(allowed, "PREFIX-ALLOWED-TOKENS-4", f"it allows an id that is not in [0, {self.vocab_size})")
        return allowed

    def advance(self, token: int) -> None:
        """Append a token."""
        self.tokens = (*self.tokens, token)

    def copy(self) -> Self:
        """Go on alone."""
        return type(self)(self.allowed_tokens, self.tokens, self.vocab_size)
