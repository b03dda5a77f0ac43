"""When a row ends, and why. Text: docs/spec/stopping.md."""

from enum import StrEnum

from genspec_reference.request import Request


class FinishReason(StrEnum):
    """Why a row ended. When several reasons hold at once, the first of this list is given. STOPPING-5."""

    EOS = "eos"
    STOP_STRING = "stop_string"
    LENGTH = "length"
    MAX_TIME = "max_time"


def finish_reason(request: Request, tokens: tuple[int, ...]) -> FinishReason | None:
    """Tell why the row ends after its newest token, or None when it goes on. STOPPING-1 to STOPPING-5."""
    if ends_in_eos(request, tokens):
        return FinishReason.EOS                         # STOPPING-1
    if ends_in_stop_string(request, tokens):
        return FinishReason.STOP_STRING                 # STOPPING-3
    if len(tokens) >= request.plan.length.max_length:
        return FinishReason.LENGTH                      # STOPPING-2
    return FinishReason.MAX_TIME if is_late(request, tokens) else None      # STOPPING-4


def ends_in_eos(request: Request, tokens: tuple[int, ...]) -> bool:
    """Tell whether the newest token is new and an EOS. STOPPING-1."""
    return len(tokens) > len(request.prompt) and tokens[-1] in request.plan.stopping.eos_token_ids


def ends_in_stop_string(request: Request, tokens: tuple[int, ...]) -> bool:
    """Tell whether the newest token completes a stop string in the text of prompt and new tokens. STOPPING-3.

    Both texts are of the whole row, because what a token adds may depend on all before it (STOPPING-6). Raises
    ValueError when the plan has stop strings and the call no detokenizer.
    """
    strings = request.plan.stopping.stop_strings
    if not strings or len(tokens) == len(request.prompt):
        return False
    if request.detokenize is None:
        raise ValueError("the plan has stop strings: decode needs detokenize=, a function from token ids to text")
    text = request.detokenize(tokens)
    kept = shared_beginning(request.detokenize(tokens[:-1]), text)
    return any(occurs_beyond(kept, string, text) for string in strings)


def shared_beginning(before: str, text: str) -> int:
    """Count the characters that both texts begin with. What follows them in `text` is the newest token's. STOPPING-6.

    It is not always all of `before`: a token may complete a character, or take a space away.
    """
    pairs = enumerate(zip(before, text, strict=False))
    return next((place for place, (one, other) in pairs if one != other), min(len(before), len(text)))


def occurs_beyond(place: int, string: str, text: str) -> bool:
    """Tell whether the string occurs in the text and ends beyond a place. STOPPING-6.

    The empty string always does: it stands at the end of every text too. STOPPING-7
    """
    return string in text[max(0, place - len(string) + 1):]


def is_late(request: Request, tokens: tuple[int, ...]) -> bool:
    """Tell whether more than `max_time` seconds have passed, asked after at least one step. STOPPING-4."""
    limit = request.plan.stopping.max_time
    if limit is None or len(tokens) == len(request.prompt):
        return False
    if request.clock is None:
        raise ValueError("the plan has max_time: decode needs clock=, a function that gives the time in seconds")
    return request.clock() - request.started > limit
