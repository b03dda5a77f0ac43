"""How near the decisions of a beam search were to falling the other way. Text: docs/spec/beam_search.md."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np

from genspec_reference.beams.candidates import Taken
from genspec_reference.beams.hypotheses import Candidate, Finished
from genspec_reference.request import Request


def margin_of_selection(request: Request, size: int, taken: Taken, candidates: Sequence[Candidate]) -> float:
    """Give the least distance at which other candidates would finish or go on, or in another order."""
    totals = sorted((one.hypothesis.total for one in candidates if one.reason is None), reverse=True)
    least = least_gap(totals[:size + 1])
    if taken.drawn or len(totals) <= size or request.plan.profile.finishing_rank == "any":
        least = min(least, taken.margin)
    return min(least, margin_of_finishing(request, size, candidates))


def margin_of_finishing(request: Request, size: int, candidates: Sequence[Candidate]) -> float:
    """Give the least distance of a finishing candidate from the other side of the rank `size`. BEAM-SEARCH-3."""
    if len(candidates) <= size or request.plan.profile.finishing_rank == "any":
        return np.inf
    last, first_below = candidates[size - 1].key, candidates[size].key
    inside = [one.key - first_below for one in candidates[:size] if one.reason is not None]
    below = [last - one.key for one in candidates[size:] if one.reason is not None]
    return min([*inside, *below], default=np.inf)


def margin_of_rows(finished: Sequence[Finished], count: int) -> float:
    """Give the least distance at which other rows would be returned, or in another order. BEAM-SEARCH-9.

    Between hypotheses of the same tokens, which two groups may find, nothing is decided.
    """
    pairs = pairwise(finished[:count + 1])
    return min([abs(one.score - other.score) for one, other in pairs
                if one.hypothesis.tokens != other.hypothesis.tokens], default=np.inf)


def least_gap(ranked: Iterable[float]) -> float:
    """Give the least difference of neighbours; infinite without two."""
    return float(np.abs(np.diff(np.array(list(ranked), dtype=np.float64))).min(initial=np.inf))
