"""Sampling: an exponential race at every step. Text: docs/spec/sample.md."""

from functools import partial

from genspec_reference.output import GenerateOutput
from genspec_reference.request import Request
from genspec_reference.rows import decode_rows
from genspec_reference.scores import Scores
from genspec_reference.select import Choice, exponential_race
from genspec_reference.step import noise_of


def sample(request: Request) -> GenerateOutput:
    """Draw a token from the softmax of the scores at every step. SAMPLE-1, SAMPLE-2."""
    return decode_rows(request, lambda row: partial(draw, request, row))


def draw(request: Request, row: int, tokens: tuple[int, ...], scores: Scores) -> Choice:
    """Draw one token with the noise of its row and step. SAMPLE-1."""
    return exponential_race(scores, noise_of(request, tokens, row, scores.size))
