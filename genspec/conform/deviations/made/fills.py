"""What fills the rows of a search in the arrays of transformers."""

from collections.abc import Mapping

from genspec.conform.deviations.deviation import Seen


def fills_beams_otherwise(seen: Seen) -> bool:
    """Tell whether rows of a search are filled with the first EOS, or with -1 where there is none, and not the pad."""
    if not isinstance(seen.answer, Mapping) or not isinstance(seen.expected, tuple):
        return False
    plan = seen.call.plans[0]
    if plan.beams is None:
        return False
    rows = [row for output in seen.expected for row in output.rows]
    before, after = max(row.prompt_length for row in rows), max(len(row.new_tokens) for row in rows)
    pad, fill = plan.tokens.pad or 0, next(iter(plan.stopping.eos_token_ids), -1)
    return bool(seen.answer.get("sequences") == [
        [pad] * (before - row.prompt_length) + [*row.tokens] + [fill] * (after - len(row.new_tokens)) for row in rows
    ])
