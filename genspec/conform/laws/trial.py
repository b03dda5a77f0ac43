"""A law on trial: its bets, the bound that a violation reaches, and the draws after which there is none."""

from dataclasses import dataclass
from functools import cache, cached_property
from math import ceil, log, log1p

from genspec.conform.laws.beams import Outcomes
from genspec.conform.laws.catalogue import SHARE, SKETCHES
from genspec.conform.laws.law import Law, Next
from genspec.conform.laws.power import POWER, rows_needed
from genspec.conform.laws.reading import COPIED, Reader
from genspec.conform.laws.reference import least_margin
from genspec.conform.laws.sketch import Sketch, differs
from genspec.conform.oracle.tolerance import EPSILONS, tolerance
from genspec_reference.request import Request

LEAST_DRAWS = 256
"""Draws that are made in any case, so that copies and other laws have a chance to be seen."""
MOST_DRAWS = 4_000
"""Another law that needs more is not named: no power is stated for it."""


@dataclass(frozen=True)
class Trial:
    """One law for one decoder."""

    sketch: Sketch
    request: Request
    dtype: str
    law: Law
    outcomes: Outcomes | None

    @cached_property
    def different(self) -> dict[str, Next]:
        """Give the laws that differ from this one, and from each other, under the profile."""
        found: dict[str, Next] = {}
        for label, other in self.law.others.items():
            if all(differs(self.law, other, known) for known in (self.law.null, *found.values())):
                found[label] = other
        return found

    @property
    def copies(self) -> tuple[str, ...]:
        """Name the copies to bet on. Relabelled tokens tell none apart."""
        return () if self.sketch.tied else tuple(COPIED)

    @property
    def bound(self) -> float:
        """Give the logarithm that the mean of the bets reaches by chance with a probability of at most SHARE."""
        return -log(SHARE)

    @property
    def drift(self) -> float:
        """Give how far rounding takes the logarithm of a probability: it is no evidence."""
        return log1p(4 * EPSILONS[self.dtype])

    @cached_property
    def needed(self) -> dict[str, int]:
        """Count the draws after which each other law is found, as often as POWER says; of those that are few enough."""
        alone = self.bound + log(len(self.different) + len(self.copies) + 1)
        counts = {label: rows_needed(self.law, other, alone, self.drift) * self.law.steps
                  for label, other in self.different.items()}
        return {label: ceil(count) for label, count in counts.items() if count <= MOST_DRAWS}

    @property
    def enough(self) -> int:
        """Count the draws after which a decoder conforms."""
        return max(LEAST_DRAWS, *self.needed.values(), 0)

    @property
    def power(self) -> float | None:
        """Give the power that is stated for the other laws that are named."""
        return POWER if self.needed else None

    def reader(self) -> Reader:
        """Begin to read answers."""
        return Reader(self.law, self.different, self.copies)

    def told_apart(self) -> str | None:
        """Say why a number type cannot be held to this law, or None: a decision is within its rounding. VECTORS-8."""
        if self.sketch.tied:
            return None
        greatest = max(abs(logit) for line in self.sketch.lines for logit in line)
        near = least_margin(self.request, (0,)) <= tolerance(self.dtype, greatest)
        return f"{self.dtype} may round its scores across a decision" if near else None


@cache
def trial_of(name: str, profile: str, dtype: str) -> Trial:
    """Put a law on trial. The profile has it."""
    sketch = SKETCHES[name]
    request = sketch.request(profile)
    assert request is not None, f"{profile} has no law {name}"
    law, outcomes = sketch.law(request)
    return Trial(sketch, request, dtype, law, outcomes)


@cache
def named_laws(profile: str) -> tuple[str, ...]:
    """Name the laws of a profile."""
    return tuple(name for name, sketch in SKETCHES.items() if sketch.request(profile) is not None)
