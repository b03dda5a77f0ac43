"""Random cases of the published vectors: drawn from the name of the operation, so that they never change."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from random import Random
from typing import Any

import numpy as np

from support.vectors import Case, operation_case

Made = tuple[Mapping[str, Any], Mapping[str, Any]]
"""The arguments of an operation and its context."""


def random_cases(
    operation: str, clauses: Sequence[str], make: Callable[[Random, int], Made], *, count: int = 32,
    name: str = "random", flags: Sequence[str] = (), **more: Any,
) -> Iterator[Case]:
    """Draw L0 cases. `make(rng, V)` gives arguments and context."""
    for number in range(count):
        rng = Random(f"{operation} {name} {number}")
        size = rng.choice((2, 3, 5, 8, 13, 17))
        scores = drawn_scores(rng, size)
        arguments, context = make(rng, size)
        yield operation_case(f"{name}-{number:02d}", clauses, operation, scores, arguments, context=context,
                             flags=("random", *flags, *flags_of(scores)), **more)


def drawn_scores(rng: Random, size: int) -> list[float]:
    """Draw multiples of 1/32, or of few levels; sometimes tokens at minus infinity, never all."""
    few = rng.random() < 0.25
    scores = [rng.choice((-2.0, -0.5, 0.0, 1.5)) if few else rng.randrange(-128, 128) / 32 for _ in range(size)]
    if rng.random() < 0.4:
        for token in rng.sample(range(size), rng.randrange(1, size)):
            scores[token] = -np.inf
    return scores


def drawn_row(rng: Random, size: int, least: int = 1, most: int = 12) -> list[int]:
    """Draw a row with repetitions: few of the tokens, or all."""
    few = rng.sample(range(size), min(size, rng.choice((1, 2, 3, size))))
    return [rng.choice(few) for _ in range(rng.randint(least, most))]


def drawn_sequence(rng: Random, row: Sequence[int], size: int) -> list[int]:
    """Draw token ids: the last tokens of the row, one of them changed now and then, and one more."""
    prefix = list(row[len(row) - rng.randint(0, min(3, len(row))):])
    if rng.random() < 0.15:
        prefix = [rng.randrange(size), *row]
    if prefix and rng.random() < 0.3:
        prefix[rng.randrange(len(prefix))] = rng.randrange(size)
    return [*prefix, rng.randrange(size)]


def drawn_ids(rng: Random, size: int, most: int = 3) -> list[int]:
    """Draw a few different ids."""
    return rng.sample(range(size), rng.randint(1, min(most, size)))


def flags_of(scores: Sequence[float]) -> tuple[str, ...]:
    """Name what is special about the scores of a random case."""
    found = {
        "masked": -np.inf in scores, "zero-score": 0.0 in scores, "small-vocabulary": len(scores) == 1,
        "negative-scores": all(score < 0 for score in scores),
    }
    return tuple(flag for flag, holds in found.items() if holds)
