"""Tokens of equal scores, of which a clause leaves free which are kept: told apart by when they come, not by their ids.

A decoder that keeps m of n such tokens ranks them in one way at every step of a row. SAMPLE-9
"""

from collections.abc import Collection, Sequence

import numpy as np

from genspec.conform.laws.law import Next, State
from genspec_reference.scores import Scores


def relabelled(row: Sequence[int], tied: Sequence[int]) -> list[int]:
    """Give the tied token that comes first in a row the first of their ids, the next new one the second, and so on."""
    names = dict(zip(dict.fromkeys(token for token in row if token in tied), tied, strict=False))
    return [names.get(token, token) for token in row]


def in_order(probabilities: Scores, tied: Collection[int]) -> Next:
    """Give the law of relabelled tokens: of the kept ones that have not come yet, any may be the next. float[V]."""
    places = list(tied)
    kept = probabilities[places] > 0
    each = float(probabilities[places].max())
    count = int(np.count_nonzero(kept))

    def law(state: State) -> Scores:
        seen = state[0] if state else 0
        q = probabilities.copy()
        q[places] = 0
        q[places[:min(seen, count)]] = each
        if seen < count:
            q[places[seen]] = each * (count - seen)
        return q

    return law


def counting(tied: Collection[int]) -> "Counting":
    """Remember how many of the tied tokens have come."""
    return Counting(tuple(tied))


class Counting:
    """What is remembered of a row of relabelled tokens."""

    def __init__(self, tied: tuple[int, ...]) -> None:
        """Keep the ids."""
        self.tied = tied

    def __call__(self, state: State, symbol: int) -> State:
        """Count a token that is new."""
        return (max(state[0], self.tied.index(symbol) + 1),) if symbol in self.tied else state
