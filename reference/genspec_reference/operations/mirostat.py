"""Mirostat, versions 1 and 2. Text: docs/spec/mirostat.md. Source: Basu et al., Mirostat, ICLR 2021."""

import numpy as np

from genspec_reference.arguments import refuse_unless
from genspec_reference.operations.top_k import gap_after
from genspec_reference.scores import Scores, descending, log_softmax, mask, support

MOST_PROBABLE = 100     # tokens from which version 1 estimates the exponent. MIROSTAT-6


def mirostat(scores: Scores, tau: float, eta: float, version: int, *, surprises: tuple[float, ...]) -> Scores:
    """Keep as many of the most probable tokens as bring the next surprise near `tau` bits. float[V] -> float[V].

    `surprises`: bits of each new token so far. MIROSTAT-2 to MIROSTAT-7
    Raises `Rejected` for an argument out of its range. MIROSTAT-1
    """
    refuse_unless(0 <= tau < np.inf, "tau", tau, "MIROSTAT-1", "a real number of at least 0")
    refuse_unless(0 <= eta < np.inf, "eta", eta, "MIROSTAT-1", "a real number of at least 0")
    refuse_unless(version in (1, 2), "version", version, "MIROSTAT-1", "1 or 2")
    kept = 1 + np.count_nonzero(room(scores, tau, eta, version, surprises=surprises) >= 0)    # MIROSTAT-4
    return mask(scores, descending(scores)[kept:])


def mirostat_margin(scores: Scores, tau: float, eta: float, version: int, *, surprises: tuple[float, ...]) -> float:
    """Give the least distance in nats at which another token is kept. MIROSTAT-4, MIROSTAT-5, MIROSTAT-7."""
    bits = room(scores, tau, eta, version, surprises=surprises)
    nearest = float(np.abs(bits).min(initial=np.inf) * np.log(2))
    return min(nearest, gap_after(scores, 1 + int(np.count_nonzero(bits >= 0))))


def room(scores: Scores, tau: float, eta: float, version: int, *, surprises: tuple[float, ...]) -> Scores:
    """Give the bits by which each token after the first is within the limit, in order of rank. float[V] -> float[n].

    n is one less than there are tokens left.
    """
    limit = 2 * tau - eta * sum(surprise - tau for surprise in surprises)           # MIROSTAT-2
    log_q = log_softmax(scores)[descending(scores)[:len(support(scores))]] / np.log(2)
    if len(log_q) < 2:
        return np.zeros(0)
    if version == 2:
        return np.asarray(limit + log_q[1:])                                        # MIROSTAT-5
    s, ranks = zipf_exponent(log_q), np.arange(2, len(log_q) + 1)
    return np.asarray(limit - np.log2(zipf_mass(s - 1, len(scores))) - s * np.log2(ranks))      # MIROSTAT-7


def zipf_exponent(log_q: Scores) -> float:
    """Estimate the exponent of Zipf's law by least squares from bits, two or more, ranked. MIROSTAT-6."""
    log_q = log_q[:MOST_PROBABLE]
    ranks = np.arange(1, len(log_q))
    steps = np.log2((ranks + 1) / ranks)
    return float(steps @ (log_q[:-1] - log_q[1:]) / (steps @ steps))


def zipf_mass(epsilon: float, size: int) -> float:
    """Give (1 - size^-epsilon) / epsilon, and its limit log(size) at 0. MIROSTAT-7."""
    if epsilon == 0:
        return float(np.log(size))
    near = abs(epsilon) < 0.5       # near 0 the difference of two like numbers would lose their digits
    lost = np.expm1(-epsilon * np.log(size)) if near else size ** -epsilon - 1
    return float(-lost / epsilon)
