"""DEV-39: placeholders of total -1e9 that count as finished hypotheses and are returned."""

from dataclasses import replace

from genspec.conform.deviations.counterfactual import Situation
from genspec_reference import Row

TOTAL = -1e9


def without_placeholders(situation: Situation) -> Situation | None:
    """Give the answer without the rows that are placeholders."""
    answered, beams = situation.answered, situation.request.plan.beams
    if answered is None or beams is None:
        return None
    kept = tuple(row for row in answered.rows if not is_placeholder(row, beams.length_penalty))
    return replace(situation, answered=replace(answered, rows=kept)) if len(kept) < len(answered.rows) else None


def is_placeholder(row: Row, length_penalty: float) -> bool:
    """Tell whether the score of a row comes of a total of -1e9, or of minus infinity."""
    if row.score is None:
        return False
    return bool(row.score * max(1, len(row.new_tokens)) ** length_penalty <= 0.9 * TOTAL)
