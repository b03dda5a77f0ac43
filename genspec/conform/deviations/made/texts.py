"""DEV-53: a token without text, which hides a stop string."""

from dataclasses import replace

from genspec.backends.call import Call
from genspec.config.plan import DecodingPlan
from genspec.conform.deviations.counterfactual import Situation
from genspec_reference import FinishReason, Row
from genspec_reference.request import Request
from genspec_reference.stopping import finish_reason

NOTHING = "\0"
"""Stands where a token has no text: no stop string goes across it."""


def no_text_hides_strings(situation: Situation) -> Situation | None:
    """Let no stop string go across a token without text."""
    pieces = situation.call.pieces
    if pieces is None or not situation.request.plan.stopping.stop_strings or all(pieces):
        return None
    texts = tuple(piece or NOTHING for piece in pieces)
    spelled = replace(situation.request, detokenize=lambda tokens: "".join(texts[token] for token in tokens))
    answered = situation.answered
    if answered is not None:
        rows = (ended(row, situation.request, spelled) for row in answered.rows)
        answered = replace(answered, rows=tuple(rows))
    return replace(situation, request=spelled, answered=answered)


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
