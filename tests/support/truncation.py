"""Laws that the operations have in common which only take tokens away, and their freedom among equal tokens."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import combinations
from math import comb

import numpy as np
from hypothesis import strategies as st

from genspec_reference.scores import Scores, softmax, support
from support.answers import answer
from support.strategies import described
from support.vectors import Case

Operation = Callable[[Scores], Scores]
MOST = 24
"""Answers that a vector lists."""


def kept(scores: Scores) -> set[int]:
    return set(support(scores).tolist())


def mass(scores: Scores, tokens: Iterable[int]) -> float:
    return float(softmax(scores)[sorted(tokens)].sum())


def subsets(tokens: Iterable[int]) -> Iterator[set[int]]:
    """Give every set that is not empty, small ones first."""
    ids = sorted(tokens)
    return (set(chosen) for size in range(1, len(ids) + 1) for chosen in combinations(ids, size))


def takes_away(operation: Operation, scores: Scores) -> Scores:
    """Hold an operation to this: a score stays or becomes minus infinity, one token stays, the input is untouched."""
    before = scores.copy()
    after = operation(scores)
    values = described(scores=scores, after=after)
    np.testing.assert_array_equal(scores, before)
    assert np.all((after == scores) | (after == -np.inf)), values
    assert support(after).size >= min(1, support(scores).size), values
    return after


def ignores_a_shift(operation: Operation, scores: Scores, shift: int) -> None:
    """Hold an operation to this: the same tokens stay when every score grows by the same amount."""
    shifted = operation(scores + shift)
    np.testing.assert_array_equal(shifted, operation(scores) + shift, err_msg=described(scores=scores, shift=shift))


def knows_no_ids(operation: Operation, scores: Scores, order: Sequence[int]) -> None:
    """Hold an operation to this: tokens that are given other ids are kept or dropped as before."""
    values = described(scores=scores, order=order)
    np.testing.assert_array_equal(operation(scores[list(order)]), operation(scores)[list(order)], err_msg=values)


@st.composite
def reordered(draw: st.DrawFn, vectors: st.SearchStrategy[Scores]) -> tuple[Scores, list[int]]:
    """Scores and an order of their ids."""
    scores = draw(vectors)
    return scores, draw(st.permutations(range(scores.size)))


def same_but_for_ties(ours: Scores, theirs: Scores, values: Scores) -> None:
    """Hold two results to each other: the same scores stay, though of equal `values` it may be other tokens'."""
    described_values = described(ours=ours, theirs=theirs, values=values)
    assert sorted(values[support(ours)].tolist()) == sorted(values[support(theirs)].tolist()), described_values


def tied(before: Scores, after: Scores, values: Scores) -> tuple[list[int], int]:
    """Give the tokens whose value is the least that was kept, and how many of them were."""
    stay = support(after)
    if stay.size == 0:
        return [], 0
    equal = [t for t in support(before).tolist() if values[t] == values[stay].min()]
    return equal, sum(after[t] > -np.inf for t in equal)


def other_choices(before: Scores, after: Scores, values: Scores) -> Iterator[Scores]:
    """Exchange tokens of the least kept value for tokens of the same value that were dropped, in all ways."""
    equal, count = tied(before, after, values)
    for chosen in combinations(equal, count):
        other = after.copy()
        other[equal] = -np.inf
        other[list(chosen)] = before[list(chosen)]
        if not np.array_equal(other, after):
            yield other


def with_choices(cases: Iterable[Case], ranked_by: Callable[[Scores], Scores] = np.asarray) -> Iterator[Case]:
    """List the other conforming answers of L0 cases; leave out a case that has too many."""
    for case in cases:
        before = np.array(case.input["scores"], dtype=np.float64)
        after = np.array([float(score) for score in answer(case)["scores"]])
        equal, count = tied(before, after, ranked_by(before))
        if comb(len(equal), count) > MOST:
            continue
        any_of = tuple({"scores": other.tolist()} for other in other_choices(before, after, ranked_by(before)))
        yield replace(case, any_of=any_of, flags=tuple(dict.fromkeys((*case.flags, "tie")))) if any_of else case
