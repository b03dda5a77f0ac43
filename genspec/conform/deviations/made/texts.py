"""DEV-53: a token without text, which hides a stop string."""

from dataclasses import replace

from genspec.backends.call import Call
from genspec.config.plan import DecodingPlan
from genspec.conform.deviations.counterfactual import Situation

NOTHING = "\0"
"""Stands where a token has no text: no stop string goes across it."""


def no_text_hides_strings(situation: Situation) -> Situation | None:
    """Let no stop string go across a token without text."""
    pieces = situation.call.pieces
    if pieces is None or not situation.request.plan.stopping.stop_strings or all(pieces):
        return None
    texts = tuple(piece or NOTHING for piece in pieces)
    spelled = replace(situation.request, detokenize=lambda tokens: "".join(texts[token] for token in tokens))
    return replace(situation, request=spelled)


def no_token_ends_a_string(call: Call, plan: DecodingPlan) -> bool:
    """DEV-53: a string that no token's text can end: of no token does the text end in a beginning of it, or hold it."""
    pieces = call.pieces or ()
    return any(not any(may_end(piece, string) for piece in pieces) for string in plan.stopping.stop_strings)


def may_end(piece: str, string: str) -> bool:
    """Tell whether the end of a string can stand in a text."""
    return string in piece or any(piece.startswith(string[-size:]) for size in range(1, len(string) + 1))
