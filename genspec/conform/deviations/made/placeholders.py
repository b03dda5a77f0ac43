"""DEV-39: placeholders of total -1e9 that count as finished hypotheses and are returned."""

from dataclasses import replace

import numpy as np

from genspec.conform.deviations.counterfactual import Situation
from genspec_reference import Row

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
    return replace(situation, answered=replace(answered, rows=kept) if kept else None)     # none: SCORES-6


def is_placeholder(row: Row, length_penalty: float, spoilt: bool) -> bool:
    """Tell whether the score of a row comes of a total of -1e9, of minus infinity, or of what became NaN."""
    if row.score is None or str(row.finish_reason) != "length":
        return False
    if np.isnan(row.score):
        return spoilt
    return bool(row.score * max(1, len(row.new_tokens)) ** length_penalty <= 0.9 * TOTAL)
