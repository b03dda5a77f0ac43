"""DEV-50 and DEV-64: assisted decoding with guidance, and with an assistant that does not read what is the pad."""

from genspec.config.mode import Mode
from genspec.conform.deviations.deviation import Seen
from genspec_reference import Row


def follows_dropped_drafts(seen: Seen) -> bool:
    """Explain tokens and scores that differ: which drafts the row keeps hangs on how they are looked up. DEV-50."""
    call, verdict = seen.call, seen.verdict
    if not isinstance(seen.expected, tuple) or verdict.difference not in ("tokens", "scores", "finish reason"):
        return False
    plan = call.plans[0]
    return plan.mode is Mode.ASSISTED and plan.operation("guidance") is not None


def drafts_without_pads(seen: Seen) -> bool:
    """Explain rows that part behind a pad id, where drafts are drawn: all that is drawn then is another. DEV-64.

    What the assistant reads instead hangs on what its cache holds, so that it cannot be told exactly.
    """
    call, answer = seen.call, seen.answer
    if not isinstance(seen.expected, tuple) or not isinstance(answer, tuple) or call.assistant is None:
        return False
    plan, pad = call.plans[0], call.config.get("pad_token_id")
    if plan.mode is not Mode.ASSISTED or not plan.draws or pad is None or pad in plan.stopping.eos_token_ids:
        return False
    return any(pad in shared(seen.expected[0].rows[0], row) for output in answer for row in output.rows)


def shared(one: Row, other: Row) -> tuple[int, ...]:
    """Return the tokens that two rows begin with; none for rows of which one begins the other."""
    pairs = enumerate(zip(one.tokens, other.tokens, strict=False))
    return next((one.tokens[:place] for place, (here, there) in pairs if here != there), ())
