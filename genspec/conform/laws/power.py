"""How many draws tell a law from another one. Guide: docs/guide/laws.md.

Source: Chernoff, A Measure of Asymptotic Efficiency for Tests of a Hypothesis, Annals of Mathematical Statistics 1952.
"""

from functools import cache
from math import ceil, inf, log

import numpy as np

from genspec.conform.laws.law import Law, Next, State

POWER = 0.999
"""The probability with which each alternative that is named is found."""
TILTS = np.geomspace(0.02, 64, 40)
"""Exponents that are tried in the bound."""


def rows_needed(law: Law, other: Next, bound: float, drift: float = 0.0, power: float = POWER) -> int | float:
    """Count the rows after which a decoder with the other law is found. Infinite when none are enough.

    Over n rows of the other law q, log q / p has a sum S with P(S < bound) <= exp(s bound) E[(p / q)^s]^n for every
    s > 0. So n is enough when this is at most 1 - `power`. `bound`: of S, in nats; `drift`: what is taken off S a draw.
    """
    wanted = -log(1 - power)
    found = inf
    for tilt in TILTS:
        gain = -log_moment(law, other, float(tilt)) - tilt * drift * law.steps
        if gain > 0:
            found = min(found, (wanted + tilt * bound) / gain)
    return found if found == inf else max(1, ceil(found))


def log_moment(law: Law, other: Next, tilt: float) -> float:
    """Give log E[(p / q)^s] of a row that has the law q, walking through the states that it may pass."""
    @cache
    def of(state: State, left: int) -> float:
        if left == 0:
            return 0.0
        p, q = law.null(state), other(state)
        both = np.flatnonzero((q > 0) & (p > 0))        # a symbol that p excludes is found at once
        logs = (1 - tilt) * np.log(q[both]) + tilt * np.log(p[both])
        later = np.array([of(law.after(state, int(symbol)), left - 1) for symbol in both])
        return float(np.logaddexp.reduce(logs + later)) if both.size else -inf

    return of(law.start, law.steps)
