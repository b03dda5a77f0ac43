"""DEV-39: placeholders of total -1e9 that count as finished hypotheses and are returned."""

from dataclasses import replace

import numpy as np

from genspec.config.decision import Rejected
from genspec.conform.deviations.counterfactual import Situation
from genspec_reference import Row
from genspec_reference.decode import run

TOTAL = -1e9


def without_placeholders(situation: Situation) -> Situation | None:
    """Give the answer without the rows that are placeholders."""
    answered, beams = situation.answered, situation.request.plan.beams
    if answered is None or beams is None:
        return None
    prompt, penalty = situation.request.prompt, beams.length_penalty
    spoilt = situation.request.plan.operation("renormalize") is not None     # NaN where nothing is left: DEV-22
    kept = tuple(
        row for row in answered.rows
        if row.tokens[:len(prompt)] != prompt or not is_placeholder(row, penalty, spoilt)
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


def is_placeholder(row: Row, length_penalty: float, spoilt: bool) -> bool:
    """Tell whether the score of a row comes of a total of -1e9, of minus infinity, or of what became NaN."""
    if row.score is None or str(row.finish_reason) == "stop_string":
        return False
    if np.isnan(row.score):
        return spoilt
    return total_of(row, length_penalty) <= 0.9 * TOTAL
