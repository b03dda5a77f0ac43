"""Operations that change few scores of a line: what they know of it, advanced by one token a step."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol, Self, TypeVar

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

Changes = tuple[NDArray[np.intp], NDArray[np.float64]]
"""Token ids, and a number for each. int[n], float[n]."""


@dataclass(frozen=True, slots=True)
class Line:
    """What a line begins with."""

    tokens: tuple[int, ...]     # the prompt
    source: tuple[int, ...]     # the encoder's tokens; the prompt in a decoder-only model
    vocab_size: int

    def scorable(self, token: int) -> bool:
        """Tell whether a token has a score: a model may read more tokens than it scores. REPETITION-PENALTY-5."""
        return 0 <= token < self.vocab_size


class State(Protocol):
    """What one operation knows of one line."""

    def advance(self, token: int) -> None:
        """Read the token that the line goes on with."""

    def copy(self) -> Self:
        """Give what a line begins with that shares all tokens so far."""


class Banning(State, Protocol):
    """An operation that bans tokens."""

    def banned(self) -> Sequence[int]:
        """List the tokens banned at this step; one may be listed twice."""


class Changing(State, Protocol):
    """An operation that changes the scores of tokens."""

    def changes(self) -> Changes:
        """Give the tokens whose scores change at this step, none twice, each with a number."""

    def changed(self, scores: Tensor, numbers: Tensor) -> Tensor:
        """Change scores by the numbers that belong to them. float32[n], float64[n] -> float[n]."""


class Keeping(State, Protocol):
    """An operation that leaves few tokens."""

    score: ClassVar[float | None]       # of each token that is left; None: the one it had

    def kept(self) -> Sequence[int] | None:
        """List the tokens that are left at this step; None: all of them."""


class Fixed:
    """The part of a state that does not change with the tokens."""

    def advance(self, token: int) -> None:
        """Read the token that the line goes on with, which changes nothing."""

    def copy(self) -> Self:
        """Give the same state."""
        return self


S = TypeVar("S", bound=State)


def moved(
    states: Sequence[S | None], parents: Sequence[int], tokens: Sequence[int | None]
) -> list[S | None]:
    """Continue lines: line i goes on from the old line `parents[i]` with `tokens[i]`; without a token it has ended.

    A state is copied where its line branches, and goes to the last of the new lines itself.
    """
    last = {parent: place for place, parent in enumerate(parents)}
    continued: list[S | None] = []      # all are copied before any of them reads its token
    for place, (parent, token) in enumerate(zip(parents, tokens, strict=True)):
        state = states[parent]
        if state is None or token is None:
            continued.append(None)
            continue
        if last[parent] != place:
            state = state.copy()
        continued.append(state)
    for state, token in zip(continued, tokens, strict=True):
        if state is not None and token is not None:
            state.advance(token)
    return continued
