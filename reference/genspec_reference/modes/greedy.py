"""Greedy search: the highest score at every step. Text: docs/spec/greedy.md."""

from genspec_reference.output import GenerateOutput
from genspec_reference.request import Request
from genspec_reference.rows import decode_rows
from genspec_reference.select import highest_score


def greedy(request: Request) -> GenerateOutput:
    """Take the token of the highest score at every step, equal scores the lowest id. GREEDY-1, GREEDY-2."""
    return decode_rows(request, lambda row: lambda tokens, scores: highest_score(scores))
