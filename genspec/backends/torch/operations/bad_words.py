"""Token sequences that are never completed. Text: docs/spec/bad_words.md."""

from collections.abc import Iterable, Sequence
from typing import Self

from genspec.backends.torch.operations.sequence_bias import Completions
from genspec.backends.torch.sparse import Line


def bad_words(line: Line, words: Iterable[Sequence[int]]) -> "BadWords":
    """Ban the last token of each sequence, where the line ends with the tokens before it. BAD-WORDS-2, BAD-WORDS-3."""
    return BadWords(Completions.of(((tuple(word), None) for word in words), line.tokens))


class BadWords:
    """The banned sequences of a line."""

    def __init__(self, completions: Completions[None]) -> None:
        """Take the sequences."""
        self.completions, self.advance = completions, completions.advance

    def banned(self) -> Sequence[int]:
        """List the tokens that would complete a sequence."""
        return [token for token, _ in self.completions.found()]

    def copy(self) -> Self:
        """Share the sequences."""
        return type(self)(self.completions.copy())
