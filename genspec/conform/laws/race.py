"""The law of a race that is run with the wrong noise."""

import numpy as np

from genspec_reference.scores import Scores

PARTS = 20_000
"""Parts of the integral."""


def exponential_for_gumbel(q: Scores) -> Scores:
    """Give the law of argmax log q + e with e from the exponential distribution, where the race needs Gumbel noise.

    float[V] -> float[V]. Token t wins when no other one passes it: the integral over u = exp(-e), uniform in (0, 1),
    of the product of 1 - u q(s) / q(t) over s, 0 where that is negative. Ties of noise have no chance.
    """
    u = (np.arange(PARTS) + 0.5) / PARTS
    won = np.zeros_like(q)
    for token in np.flatnonzero(q > 0):
        others = np.delete(q, token)
        won[token] = np.prod(np.maximum(1 - np.outer(u, others / q[token]), 0), axis=1).mean()
    return np.asarray(won / won.sum())


def exponential_pairs(q: Scores) -> dict[tuple[int, ...], float]:
    """Give the law of the first two of that race, in order. float[V].

    With u = exp(-e) of the second one, b, the first one is ahead of it with probability min(1, u q(a) / q(b)), and
    each other one behind it with max(0, 1 - u q(s) / q(b)).
    """
    u = (np.arange(PARTS) + 0.5) / PARTS
    drawn: dict[tuple[int, ...], float] = {}
    for second in np.flatnonzero(q > 0).tolist():
        ratios = np.outer(u, q / q[second])
        behind = np.maximum(1 - ratios, 0)
        for first in np.flatnonzero(q > 0).tolist():
            if first != second:
                others = np.prod(np.delete(behind, (first, second), axis=1), axis=1)
                drawn[first, second] = float((np.minimum(ratios[:, first], 1) * others).mean())
    total = sum(drawn.values())
    return {pair: chance / total for pair, chance in drawn.items()}
