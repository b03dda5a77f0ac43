"""Where the chance of a draw comes from: supplied numbers, never a hidden generator. Text: docs/spec/sample.md."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike

from genspec_reference.scores import Scores, as_scores

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
