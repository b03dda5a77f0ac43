"""How near a number must be to the expected one. Text: docs/spec/vectors.md (VECTORS-8)."""

from collections.abc import Iterable, Mapping

import numpy as np

from genspec_reference.scores import Scores

EPSILONS: Mapping[str, float] = {"float64": 2.0**-52, "float32": 2.0**-23, "float16": 2.0**-10, "bfloat16": 2.0**-7}
"""The distance from 1 to the next number of each type."""
GREATEST: Mapping[str, float] = {
    "float64": np.finfo(np.float64).max.item(), "float32": np.finfo(np.float32).max.item(), "float16": 65504.0,
    "bfloat16": 2.0**127 * (2 - 2.0**-7),
}
"""The greatest number of each type: what lies beyond it cannot be told from it, or from infinity."""
HUGE = 2.0**16
"""Greater numbers are compared in proportion, and do not widen the tolerance of others."""
PER_TOKEN = 16.0
"""What a new token may add to a total."""


def magnitude(numbers: Iterable[Scores]) -> float:
    """Give the greatest absolute value of the finite numbers that are not huge; 0 without one."""
    greatest = 0.0
    for array in numbers:
        sizes = np.abs(array)
        greatest = max(greatest, float(sizes[sizes <= HUGE].max(initial=0.0)))
    return greatest


def tolerance(dtype: str, greatest: float, new_tokens: int = 0) -> float:
    """Give T: the distance at which two numbers of a type are still one. `greatest`: m."""
    return 16 * EPSILONS[dtype] * (1 + max(greatest, PER_TOKEN * new_tokens))


def close(answered: Scores, expected: Scores, dtype: str, allowed: float) -> bool:
    """Tell whether numbers are the expected ones, minus infinity being equal to itself alone."""
    if answered.shape != expected.shape:
        return False
    beyond = np.isfinite(expected) & (np.abs(expected) > GREATEST[dtype])
    if np.any(answered[beyond] * np.sign(expected[beyond]) < GREATEST[dtype]):
        return False
    if not np.array_equal(np.isneginf(answered[~beyond]), np.isneginf(expected[~beyond])):
        return False
    finite = np.isfinite(expected) & ~beyond
    wanted, given = expected[finite], answered[finite]
    bounds = np.where(np.abs(wanted) > HUGE, 16 * EPSILONS[dtype] * np.abs(wanted), allowed)
    return bool(np.all(np.abs(given - wanted) <= bounds))       # NaN is close to nothing
