"""Another ranking of totals, where rounding allows one."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice, permutations
from math import factorial, prod

import numpy as np
from numpy.typing import NDArray

from genspec_reference.scores import Scores

Places = NDArray[np.intp]
FEW = 48
"""Orders that are few enough to be tried one by one."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """Numbers in an order, rounded so that it is theirs."""

    places: Places          # int[n]: in their order
    rounded: Scores         # float[n]: what rounding makes of them, in the same order; they fall strictly


@dataclass(frozen=True, slots=True)
class Wish:
    """Where some candidates of a step must stand."""

    numbers: Mapping[int, int]          # place -> number among those that go on
    high: frozenset[int]                # places that finish and must be among the first `size`
    size: int


def ranked_anew(
    totals: Scores, continuing: NDArray[np.bool_], wish: Wish, epsilon: float, order: int
) -> Ranking | None:
    """Rank so that a wish comes true, and round as little as that takes; None when it takes more than `epsilon`.

    `totals`: float[n]; `continuing`: bool[n]; `order`: which of the orders of near totals.
    """
    first = ordered(near(totals, continuing, wish.size, epsilon), totals.size, order)
    natural = first + [int(place) for place in np.argsort(-totals, kind="stable") if int(place) not in set(first)]
    going_on = [place for place in natural if continuing[place] and place not in wish.numbers]
    for place, number in sorted(wish.numbers.items(), key=lambda pair: pair[1]):
        if number > len(going_on):
            return None
        going_on.insert(number, place)
    ending = [place for place in natural if not continuing[place]]
    ranked = raised(merged(totals, going_on, ending), wish)
    rounded = falling(totals[ranked])
    if np.abs(rounded - totals[ranked]).max(initial=0.0) > epsilon / 2 + 1e-14 * np.abs(totals).max(initial=1.0):
        return None
    return Ranking(ranked, rounded)


def near(totals: Scores, continuing: NDArray[np.bool_], size: int, epsilon: float) -> list[Places]:
    """Split the ranking into groups of neighbours that are nearer than `epsilon`, as far as their order matters.

    That is until `size` candidates go on; all after them are one group, in its order.
    """
    ranked = np.argsort(-totals, kind="stable")
    groups = np.split(ranked, np.flatnonzero(-np.diff(totals[ranked]) > epsilon) + 1)
    before = np.cumsum([0, *(continuing[group].sum() for group in groups)])[:-1]
    return [group for group, gone in zip(groups, before, strict=True) if gone < size]


def orders_of(groups: list[Places]) -> int:
    """Count the orders that groups can be ranked in."""
    return prod(factorial(min(group.size, 20)) for group in groups)


def ordered(groups: list[Places], total: int, order: int) -> list[int]:
    """Give one of the orders: 0 as it is, the others one by one where they are few, else at random. Seeded."""
    ranked = list[int]()
    generator = np.random.default_rng((order, total))
    few = orders_of(groups) <= FEW
    for group in groups:
        if order == 0 or group.size == 1:
            ranked += map(int, group)
        elif few:
            order, turn = divmod(order, factorial(group.size))
            ranked += map(int, next(islice(permutations(group), turn, None)))
        else:
            ranked += map(int, generator.permutation(group))
    return ranked


def merged(totals: Scores, one: list[int], other: list[int]) -> list[int]:
    """Merge two rankings, each in its order, the higher total first."""
    left, right, both = list(one), list(other), list[int]()
    while left and right:
        both.append((left if totals[left[0]] >= totals[right[0]] else right).pop(0))
    return both + left + right


def raised(ranked: list[int], wish: Wish) -> Places:
    """Raise those that must be high as far as that takes, in front of the last of the others that are."""
    others = [place for place in ranked if place not in wish.high]
    high = wish.high | set(others[:max(0, wish.size - len(wish.high))])
    return np.array(sorted(ranked, key=lambda place: place not in high), dtype=np.intp)


def falling(numbers: Scores) -> Scores:
    """Change numbers as little as makes each less than the one before. float[n] -> float[n]."""
    highest_after = np.maximum.accumulate(numbers[::-1])[::-1]
    lowest_before = np.minimum.accumulate(numbers)
    size = np.abs(numbers).max(initial=1.0)
    return np.asarray((highest_after + lowest_before) / 2 - np.arange(numbers.size) * 2e-16 * size)
