"""The nucleus of a wide vocabulary without ranking all of it. Text: docs/spec/top_p.md."""

from collections.abc import Iterator
from functools import partial

import numpy as np
from numpy.typing import NDArray

from genspec.backends.torch.narrow import Narrow, Reals, finished, gathered
from genspec.backends.torch.wide import COLUMNS, WideScores

SURE = 1e-5
"""How far from p a mass must be, so that sums in float32 cannot have put it on the wrong side."""


def nucleus(lines: WideScores, temperature: float, keep: "partial[NDArray[np.bool_]]") -> Narrow | None:
    """Apply a temperature and a `top_p` to each line. Gives what is left; None where the scores are not the logits.

    `keep`: `top_p_ranked` with its arguments. Masses of few tokens are those among all tokens: where the few hold the
    mass m, a nucleus of p of all is one of p / m of the few. TOP-P-2
    """
    if not lines.plain:
        return None
    p, total = keep.keywords["p"], lines.log_sum(temperature)
    for few in candidates(lines, p, temperature, total):
        ranked = finished(few, [temperature])
        masses = np.exp(ranked.scores - total).cumsum(1)
        if (np.abs(masses - p) < SURE).any():
            total = exact_log_sum(lines, temperature)
            masses = np.exp(ranked.scores - total).cumsum(1)
        if (masses[:, -1] > p).all():
            np.putmask(ranked.scores, ~keep(ranked.scores, p=p / masses[:, -1:]), -np.inf)
            return ranked
    return None


def exact_log_sum(lines: WideScores, temperature: float) -> Reals:
    """Give what `log_sum` gives, as exactly as float64 can. float64[N, 1]."""
    sums = [[np.exp((logits - top) / temperature).sum()]
            for logits, top in zip(lines.logits.numpy(), lines.tops.astype(np.float64), strict=True)]
    return lines.tops[:, None] / temperature + np.log(sums)


def candidates(lines: WideScores, p: float, temperature: float, total: Reals) -> Iterator[Narrow]:
    """Give few tokens of each line, which mostly hold the nucleus, and then as many as always do.

    Tokens that have less than (1 - p) / V each have less than 1 - p together, so the others reach p.
    """
    few = lines.narrowed(COLUMNS)
    if few is not None:
        yield few
    bound = temperature * (total + np.log((1 - p) / lines.size))
    yield gathered(lines.lines, *lines.at_least(bound.astype(np.float32)))
