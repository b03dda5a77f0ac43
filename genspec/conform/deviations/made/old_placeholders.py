"""DEV-39 in releases before 5: rows of total -1e9, or minus infinity, come among those that are returned.

What 5.x makes of placeholders is `placeholders.py`; the searches before 4.50 are others, and here only what comes of
them is compared: the rows that are no placeholders.
"""

from dataclasses import replace

import numpy as np

from genspec.config.decision import Rejected
from genspec.conform.deviations.counterfactual import Situation
from genspec.conform.deviations.deviation import numbers
from genspec_reference import FinishReason, Row
from genspec_reference.decode import run

TOTAL = -1e9


def without_old_placeholders(situation: Situation) -> Situation | None:
    """Give the answer without the rows that are placeholders."""
    answered, beams, prompt = situation.answered, situation.request.plan.beams, situation.request.prompt
    if answered is None or beams is None or numbers(situation.info.version) >= (5,):
        return None
    penalty = beams.length_penalty
    spoilt = situation.request.plan.operation("renormalize") is not None     # NaN where nothing is left: DEV-22
    kept = tuple(
        row for row in answered.rows
        if row.tokens[:len(prompt)] != prompt or not is_old_placeholder(row, penalty, spoilt)
    )
    if len(kept) == len(answered.rows):
        return None
    rows = (*kept, *below(situation, penalty))
    return replace(situation, answered=replace(answered, rows=rows) if rows else None)      # none: SCORES-6


def below(situation: Situation, penalty: float) -> tuple[Row, ...]:
    """Give the expected rows whose totals are below -1e9: placeholders stand in their places."""
    try:
        expected = run(situation.request).rows
    except Rejected:
        return ()
    return tuple(row for row in expected if total_of(row, penalty) <= TOTAL)


def total_of(row: Row, penalty: float) -> float:
    """Give the total that a score comes of; NaN without a score."""
    return np.nan if row.score is None else float(row.score * max(1, len(row.new_tokens)) ** penalty)


def is_old_placeholder(row: Row, penalty: float, spoilt: bool) -> bool:
    """Tell whether the score of a row comes of a total of -1e9, of minus infinity, or of what became NaN."""
    if row.score is None or row.finish_reason == FinishReason.STOP_STRING:
        return False
    if np.isnan(row.score):
        return spoilt
    return total_of(row, penalty) <= 0.9 * TOTAL
