"""Where the chance of a draw comes from: supplied numbers, never a hidden generator. Text: docs/spec/sample.md."""

from collections.abc import Callable, Sequence
from operator import index
from typing import SupportsIndex

import numpy as np
from numpy.typing import ArrayLike, NDArray

from genspec_reference.scores import Scores, as_scores
from genspec_reference.scripted import state_after, words_of

Noise = Callable[[int, int, int], Scores]
"""`noise(row, step, size)` gives float[size], independent Exp(1) numbers.

`row`: which of the returned rows, `step`: which new token, both from 0. A pure function of the three, so that a row
can be drawn again alone. SAMPLE-2
"""


def seeded_noise(seed: int) -> Noise:
    """Make noise from a seed. Every row and step has a stream of its own, so rows are independent. SAMPLE-2."""

    def noise(row: int, step: int, size: int) -> Scores:
        return np.random.default_rng((seed, row, step)).standard_exponential(size)

    return noise


def counted_noise(seed: SupportsIndex) -> Noise:
    """Make noise that is counted and not drawn: each number is computed alone, from seed, row, step and place.

    Integer arithmetic modulo 2^64 and one logarithm, so that any language and device has the same noise. SAMPLE-7.
    Raises ValueError for a seed that is no integer of at least 0.
    """
    read = seed_of(seed)

    def noise(row: int, step: int, size: int) -> Scores:
        return np.asarray(-np.log(uniforms(words_of(state_after(read, (row, step)), size))))

    return noise


def seed_of(given: SupportsIndex) -> int:
    """Read a seed of any integer type. Raises ValueError for what is none, or below 0. SAMPLE-7."""
    try:
        seed = index(given)
    except TypeError as error:
        raise ValueError(f"a seed is an integer of at least 0, not {given!r}") from error
    if seed < 0:
        raise ValueError(f"a seed is an integer of at least 0, not {seed}")
    return seed


def uniforms(words: NDArray[np.uint64]) -> Scores:
    """Give the middle of one of 2^52 equal parts of (0, 1) for each word: exact. uint64[n] -> float[n]. SAMPLE-7."""
    return np.asarray(((words >> np.uint64(12)).astype(np.float64) + 0.5) * 2.0**-52)


def given_noise(steps: Sequence[ArrayLike]) -> Noise:
    """Make noise of one row from numbers written down: one list of Exp(1) numbers a step.

    Raises ValueError when a step beyond the list, another row, or more numbers than are there are asked for.
    """

    def noise(row: int, step: int, size: int) -> Scores:
        if row != 0 or step >= len(steps):
            raise ValueError(f"there is noise for row 0, steps below {len(steps)}; row {row}, step {step} needs some")
        numbers = as_scores(steps[step])
        if numbers.size < size:
            raise ValueError(f"step {step} needs {size} numbers and was given {numbers.size}")
        return numbers[:size]

    return noise
