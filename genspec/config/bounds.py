"""The range of a number: its two ends, and whether each belongs to it. Text: docs/spec/config.md (CONFIG-4)."""

import math
from typing import NamedTuple

INFINITY = math.inf


class Bounds(NamedTuple):
    """A range of real numbers, written `[0, 1)`: a square bracket includes its end, a round one excludes it."""

    low: float
    high: float
    low_included: bool = True
    high_included: bool = True

    def __contains__(self, number: float) -> bool:      # type: ignore[override]  # a range, not its four parts
        """Tell whether ``number`` lies in the range. NaN and the infinities lie in none."""
        if not finite(number):
            return False
        above = number >= self.low if self.low_included else number > self.low
        below = number <= self.high if self.high_included else number < self.high
        return above and below

    def __str__(self) -> str:
        """Write the range as mathematicians do: `(0, inf)`."""
        left, right = "[" if self.low_included else "(", "]" if self.high_included else ")"
        return f"{left}{self.low:g}, {self.high:g}{right}"


def finite(number: float) -> bool:
    """Tell whether a float64 can hold ``number``. An integer of a thousand digits is no better than infinity."""
    try:
        return math.isfinite(number)
    except OverflowError:
        return False


def at_least(low: float) -> Bounds:
    """Return `[low, inf)`."""
    return Bounds(low, INFINITY, True, False)


def above(low: float) -> Bounds:
    """Return `(low, inf)`."""
    return Bounds(low, INFINITY, False, False)


def between(low: float, high: float) -> Bounds:
    """Return `[low, high]`."""
    return Bounds(low, high)


def strictly_between(low: float, high: float) -> Bounds:
    """Return `(low, high)`."""
    return Bounds(low, high, False, False)


REALS = strictly_between(-INFINITY, INFINITY)
"""Every real number: what a field without a narrower range may hold."""
