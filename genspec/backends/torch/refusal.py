"""Requests that end without an answer. Text: docs/spec/scores.md."""

from genspec.backends.torch.pipeline import NOTHING_LEFT
from genspec.config.decision import Reason, Rejected


def refusal(fault: int, prompt: int) -> Rejected:
    """Say why there is no token. `fault`: what came instead; `prompt`: its place in the batch. SCORES-2, SCORES-6."""
    if fault == NOTHING_LEFT:
        return Rejected((Reason(
            "scores", None, "SCORES-6", f"no token is left for prompt {prompt}: every score is minus infinity.",
            "Ban or force fewer tokens, or set remove_invalid_values.",
        ),))
    return Rejected((Reason(
        "scores", None, "SCORES-2", f"a score of prompt {prompt} is NaN or plus infinity.",
        "Give finite scores, or set remove_invalid_values.",
    ),))
