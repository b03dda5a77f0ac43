"""DEV-53 and DEV-97: stop strings that a token without text hides, and that end all searches of a batch."""

from collections.abc import Sequence
from dataclasses import replace

from genspec.backends.call import Call
from genspec.config.plan import DecodingPlan
from genspec.conform.deviations.counterfactual import Situation
from genspec.conform.deviations.deviation import numbers
from genspec.conform.deviations.made.placeholders import in_its_batch
from genspec.conform.deviations.made.refusals import BEAMS
from genspec_reference import FinishReason, Row
from genspec_reference.request import Request
from genspec_reference.stopping import finish_reason, occurs_beyond

NOTHING = "\0"
"""Stands for a token in a text of which no more than its end is of interest."""


def no_text_hides_strings(situation: Situation) -> Situation | None:
    """Let a string be seen in the last tokens alone, as many as the longest string has letters."""
    pieces, strings = situation.call.pieces, situation.request.plan.stopping.stop_strings
    if pieces is None or not strings or all(pieces):
        return None

    def told(tokens: Sequence[int]) -> str:
        return NOTHING * len(tokens) + (strings[0] if sees([pieces[token] for token in tokens], strings) else "")

    spelled = replace(situation.request, detokenize=told)
    answered = situation.answered
    if answered is not None:
        rows = (ended(row, situation.request, spelled) for row in answered.rows)
        answered = replace(answered, rows=tuple(rows))
    return replace(situation, request=spelled, answered=answered)


def sees(texts: list[str], strings: Sequence[str]) -> bool:
    """Tell whether transformers sees a string that the newest of some texts completes, which has to have a letter."""
    longest = max(map(len, strings))
    if longest == 0 or not texts[-1]:
        return False
    last = texts[-longest:]
    before = len("".join(last[:-1]))
    return any(occurs_beyond(before, string, "".join(last)) for string in strings)


def ended(row: Row, request: Request, spelled: Request) -> Row:
    """Give the reason for which a row ends for transformers, which does not say it, where a hidden string ends it."""
    if row.finish_reason != FinishReason.STOP_STRING or finish_reason(request, row.tokens) != FinishReason.STOP_STRING:
        return row
    return replace(row, finish_reason=finish_reason(spelled, row.tokens) or row.finish_reason)


def no_token_ends_a_string(call: Call, plan: DecodingPlan) -> bool:
    """DEV-53: a string that no token's text can end: of no token does the text end in a beginning of it, or hold it."""
    pieces = call.pieces or ()
    return any(not any(may_end(piece, string) for piece in pieces) for string in plan.stopping.stop_strings)


def may_end(piece: str, string: str) -> bool:
    """Tell whether the end of a string can stand in a text."""
    return string in piece or any(piece.startswith(string[-size:]) for size in range(1, len(string) + 1))


def strings_end_the_batch(situation: Situation) -> Situation | None:
    """Let stop strings end a search when they end all of its batch. DEV-97."""
    plan = situation.request.plan
    if plan.mode not in BEAMS or not plan.stopping.stop_strings or len(situation.call.prompts) == 1:
        return None
    if numbers(situation.info.version) >= (4, 50):
        return None
    return replace(situation, search=situation.search or in_its_batch(situation))
