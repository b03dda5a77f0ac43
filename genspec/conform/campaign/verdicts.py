"""The oracle's verdict, as a campaign counts it."""

from dataclasses import dataclass

from genspec.backends.call import Call
from genspec.backends.decoder import Answer, Info, Refusal, Unsupported


@dataclass(frozen=True, slots=True)
class Judged:
    """What a verdict says of the difference."""

    difference: str                     # its kind, in a word or two; empty where there is none
    clauses: tuple[str, ...]
    message: str


def judged(call: Call, expected: Answer, answer: Answer, info: Info) -> tuple[str, Judged]:
    """Judge an answer. Returns the name of an outcome, and what differs."""
    if isinstance(answer, Unsupported):
        return "unsupported", Judged("", (), answer.reason)
    if isinstance(expected, Refusal) and isinstance(answer, Refusal):
        return "rejected as specified", Judged("", (), "")
    if isinstance(expected, Refusal) or isinstance(answer, Refusal):
        return "violates", Judged("refusal", (), str(answer)[:100])
    assert isinstance(expected, tuple)
    for a, b in zip(expected, answer, strict=True):
        if a.sequences != b.sequences:
            return "violates", Judged("tokens", (), "")
    return "conforms", Judged("", (), "")
