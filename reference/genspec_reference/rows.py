"""The loop of the modes without beams: one token a step until the row ends. Text: docs/spec/stopping.md."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from genspec_reference.output import GenerateOutput, Row, Run
from genspec_reference.request import Request
from genspec_reference.scores import Scores, log_softmax
from genspec_reference.select import Choice, exponential_race, highest_score
from genspec_reference.step import Scored, noise_of, score_row, step_of
from genspec_reference.stopping import finish_reason

Choose = Callable[[tuple[int, ...], Scores], Choice]
"""Take one token, given the row so far and the scores. float[V]."""
Score = Callable[..., Scored]
"""Give the scores of the token after a row, as `score_row` does."""


def decode_rows(
    request: Request, choose: Callable[[int], Choose], score: Score = score_row
) -> GenerateOutput:
    """Produce every returned row, each alone. `choose(row)` takes the tokens of one. OUTPUTS-6."""
    numbers = range(request.plan.outputs.num_return_sequences)
    decoded = [decode_row(started_for(request, number), number, choose(number), score) for number in numbers]
    return GenerateOutput(tuple(row for row, _ in decoded), tuple(run for _, run in decoded))


def started_for(request: Request, number: int) -> Request:
    """Start the clock anew for every row after the first, so that none of them waits for another. STOPPING-4."""
    if number == 0 or request.clock is None:
        return request
    return replace(request, started=request.clock())


def decode_row(request: Request, number: int, choose: Choose, score: Score = score_row) -> tuple[Row, Run]:
    """Produce one row, a token a step, until a rule ends it. STOPPING-1 to STOPPING-5."""
    tokens, steps = request.prompt, []
    surprises: tuple[float, ...] = ()
    while (reason := finish_reason(request, tokens)) is None:
        scored = score(request, tokens, row=number, surprises=surprises)
        choice = choose(tokens, scored.scores)
        surprises = extended(request, surprises, scored.scores, choice)
        tokens = (*tokens, choice.token)
        steps.append(step_of(request, [scored], [choice], choice.margin))
    return Row(tokens, len(request.prompt), reason, run=number), tuple(steps)


def extended(
    request: Request, surprises: tuple[float, ...], scores: Scores, choice: Choice
) -> tuple[float, ...]:
    """Add the surprise of a new token in bits, where the plan has an operation that reads it. MIROSTAT-3."""
    if request.plan.operation("mirostat") is None:
        return surprises
    return (*surprises, float(-log_softmax(scores)[choice.token] / np.log(2)))


def take(request: Request, row: int, tokens: tuple[int, ...], scores: Scores) -> Choice:
    """Take a token as greedy does, or, when the plan draws, as sample does. float[V]. GREEDY-1, SAMPLE-1."""
    if not request.plan.draws:
        return highest_score(scores)
    return exponential_race(scores, noise_of(request, tokens, row, scores.size))
