"""DEV-50: guidance in assisted decoding, whose row without the prompt keeps drafts that were dropped."""

from genspec.config.mode import Mode
from genspec.conform.deviations.deviation import Seen


def follows_dropped_drafts(seen: Seen) -> bool:
    """Explain tokens and scores that differ: which drafts the row keeps hangs on how they are looked up."""
    call, verdict = seen.call, seen.verdict
    if not isinstance(seen.expected, tuple) or verdict.difference not in ("tokens", "scores", "finish reason"):
        return False
    plan = call.plans[0]
    return plan.mode is Mode.ASSISTED and plan.operation("guidance") is not None
