"""No n-gram twice in a row. Text: docs/spec/no_repeat_ngram.md."""

from collections.abc import Mapping, Sequence
from typing import Self

from genspec.backends.torch.sparse import Line


def no_repeat_ngram(line: Line, size: int, ngram_scope: str = "row") -> "Ngrams":
    """Ban every token that would complete an n-gram seen before. NO-REPEAT-NGRAM-2 to NO-REPEAT-NGRAM-5."""
    ngrams = Ngrams(size, line.vocab_size)
    for token in line.tokens if ngram_scope == "row" else ():           # NO-REPEAT-NGRAM-2
        ngrams.advance(token)
    return ngrams


class Ngrams:
    """The n-grams of a line, found by their first n - 1 tokens: a step costs the same in a short and in a long line."""

    def __init__(self, size: int, vocab_size: int) -> None:
        """Begin with no token."""
        self.size, self.vocab_size = size, vocab_size
        self.recent: tuple[int, ...] = ()
        self.followers: dict[tuple[int, ...], tuple[int, ...]] = {}     # tuples, so that a copy may share them

    def banned(self) -> Sequence[int]:
        """List the tokens that followed the last n - 1 tokens before. NO-REPEAT-NGRAM-3."""
        return self.followers.get(self.recent, ())

    def advance(self, token: int) -> None:
        """Write down which token followed; one without a score cannot be banned. NO-REPEAT-NGRAM-5."""
        recent = self.recent
        if len(recent) < self.size - 1:
            self.recent = (*recent, token)
            return
        if 0 <= token < self.vocab_size:
            known = self.followers.get(recent, ())
            if token not in known:
                self.followers[recent] = (*known, token)
        if recent:
            self.recent = (*recent[1:], token)

    def copy(self) -> Self:
        """Share what is known so far."""
        other = type(self)(self.size, self.vocab_size)
        other.recent, other.followers = self.recent, dict(self.followers)
        return other


class Followers:
    """Tokens that are banned after certain others, the same at every step, and the last tokens of a line."""

    def __init__(self, followers: Mapping[tuple[int, ...], Sequence[int]], recent: tuple[int, ...], size: int) -> None:
        """Keep the last `size` tokens of a line."""
        self.followers, self.recent, self.size = followers, last_of(recent, size), size

    def banned(self) -> Sequence[int]:
        """List the tokens that are banned after the line's last tokens."""
        return self.followers.get(self.recent, ())

    def advance(self, token: int) -> None:
        """Forget the oldest token."""
        self.recent = last_of((*self.recent, token), self.size)

    def copy(self) -> Self:
        """Share the table."""
        return type(self)(self.followers, self.recent, self.size)


def last_of(tokens: tuple[int, ...], size: int) -> tuple[int, ...]:
    """Give the last tokens, or all there are."""
    return tokens[max(0, len(tokens) - size):]
