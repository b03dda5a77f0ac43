"""A number added to the token that completes a sequence. Text: docs/spec/sequence_bias.md."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Generic, Self, TypeVar

import numpy as np
from torch import Tensor

from genspec.backends.torch.operations.no_repeat_ngram import last_of
from genspec.backends.torch.sparse import Changes, Line

T = TypeVar("T")


def sequence_bias(line: Line, biases: Iterable[tuple[Sequence[int], float]]) -> "Biases":
    """Add each bias to the last token of its sequence, where the line ends with the tokens before it."""
    return Biases(Completions.of(((tuple(sequence), bias) for sequence, bias in biases), line.tokens))


class Completions(Generic[T]):
    """Sequences with something that belongs to each, found by the end of a line. BAD-WORDS-2, SEQUENCE-BIAS-2."""

    def __init__(self, by_ending: Mapping[int, Sequence[tuple[tuple[int, ...], int, T]]],
                 always: Sequence[tuple[int, T]], recent: tuple[int, ...], size: int) -> None:
        """Sort sequences by the last of the tokens before their last; `always`: those of one token."""
        self.by_ending, self.always, self.recent, self.size = by_ending, always, recent, size

    @classmethod
    def of(cls, sequences: Iterable[tuple[tuple[int, ...], T]], tokens: tuple[int, ...]) -> Self:
        """Begin with a line's prompt."""
        by_ending: dict[int, list[tuple[tuple[int, ...], int, T]]] = {}
        always, size = [], 0
        for (*before, token), belonging in sequences:
            if before:
                by_ending.setdefault(before[-1], []).append((tuple(before), token, belonging))
                size = max(size, len(before))
            else:
                always.append((token, belonging))
        return cls(by_ending, always, last_of(tokens, size), size)

    def found(self) -> Sequence[tuple[int, T]]:
        """Give the last token of each sequence that it would complete, with what belongs to it."""
        matching = self.by_ending.get(self.recent[-1], ()) if self.recent else ()
        if not matching:
            return self.always
        return [*self.always, *((token, belonging) for before, token, belonging in matching
                                if last_of(self.recent, len(before)) == before)]

    def advance(self, token: int) -> None:
        """Keep as many of the last tokens as the longest sequence has."""
        self.recent = last_of((*self.recent, token), self.size)

    def copy(self) -> Self:
        """Share the sequences."""
        return type(self)(self.by_ending, self.always, self.recent, self.size)


class Biases:
    """The biases of a line."""

    def __init__(self, completions: Completions[float]) -> None:
        """Take sequences and the number that is added to the last token of each."""
        self.completions, self.advance = completions, completions.advance

    def changes(self) -> Changes:
        """Add up the biases of each token. SEQUENCE-BIAS-4."""
        sums: dict[int, float] = {}
        for token, bias in self.completions.found():
            sums[token] = sums.get(token, 0.0) + bias
        return np.array(list(sums), dtype=np.intp), np.array(list(sums.values()))

    def changed(self, scores: Tensor, numbers: Tensor) -> Tensor:
        """Add the biases."""
        return scores + numbers

    def copy(self) -> Self:
        """Share the sequences."""
        return type(self)(self.completions.copy())
