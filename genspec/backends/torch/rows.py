"""Greedy search and sampling: one token a row and step. Text: docs/spec/greedy.md, docs/spec/sample.md."""

from collections.abc import Sequence

import torch

from genspec.backends.torch.decoded import Decoded, Kept, kept_of
from genspec.backends.torch.passes import Passes
from genspec.backends.torch.refusal import refusal
from genspec.backends.torch.request import Request, Tokens
from genspec.backends.torch.stopping import Detokenize, Stops
from genspec_reference import FinishReason, Row


class Growing:
    """One row while it grows, on the host."""

    def __init__(
        self, prompt: int, number: int, tokens: Tokens, stops: Stops, detokenize: Detokenize | None
    ) -> None:
        """Begin row `number` of a prompt with the prompt's tokens; with a budget of 0 it has ended. STOPPING-2."""
        self.prompt, self.number, self.tokens = prompt, number, list(tokens)
        self.prompt_length, self.stops = len(tokens), stops
        self.detokenize, self.text = detokenize, None if detokenize is None else detokenize(self.tokens)
        self.reason = None if stops.max_new_tokens > 0 else FinishReason.LENGTH

    def extend(self, token: int, elapsed: float) -> None:
        """Append a token, and see whether the row ends with it. STOPPING-1 to STOPPING-5."""
        self.tokens.append(token)
        self.reason = self.stops.reason(token, len(self.tokens) - self.prompt_length, self.texts, elapsed)

    def texts(self) -> tuple[str, str]:
        """Give the row's text without its newest token, and with it."""
        assert self.detokenize is not None and self.text is not None      # a call with stop strings has a detokenizer
        before, self.text = self.text, self.detokenize(self.tokens)
        return before, self.text

    def row(self) -> Row:
        """Write it down when it has ended."""
        assert self.reason is not None
        return Row(tuple(self.tokens), self.prompt_length, self.reason, run=self.number)


def decode_rows(request: Request) -> Decoded:
    """Produce all rows of all prompts, `num_return_sequences` side by side for each. GREEDY-1, SAMPLE-1, SAMPLE-4."""
    rows = started(request)
    steps = [] if all(row.reason for row in rows) else grow(request, rows)
    several = request.plan.outputs.num_return_sequences
    return Decoded(
        tuple(tuple(row.row() for row in rows[first:first + several]) for first in range(0, len(rows), several)),
        tuple(steps),
    )


def started(request: Request) -> list[Growing]:
    """Begin with the prompts."""
    detokenize = request.detokenize if request.plan.stopping.stop_strings else None
    return [
        Growing(prompt, number, tokens, Stops.of(plan), detokenize)
        for prompt, (plan, tokens) in enumerate(zip(request.plans, request.prompts, strict=True))
        for number in range(plan.outputs.num_return_sequences)
    ]


def grow(request: Request, rows: Sequence[Growing]) -> list[Kept]:
    """Take steps until every row has ended; the lines of a step are the rows that have not.

    One synchronisation a step: the new tokens.
    """
    outputs, passes, noise, steps = request.plan.outputs, Passes(request), request.noise(), []
    forward, unconditional = passes.start(request.lines_per_prompt)
    pipeline, lines = request.pipeline(forward.logits.shape[1]), list(range(len(rows)))
    while True:
        taken = pipeline.take(forward.logits, noise, unconditional)
        steps.append(kept_of(outputs, lines, forward, taken.scores))
        extend(request, [rows[line] for line in lines], taken.tokens)
        going = [place for place, line in enumerate(lines) if rows[line].reason is None]
        if not going:
            return steps
        lines, tokens = [lines[place] for place in going], [taken.tokens[place] for place in going]
        pipeline.advance(going, tokens)
        if noise is not None:
            noise.keep(going)
        forward, unconditional = passes.step(tokens, going)


def extend(request: Request, rows: Sequence[Growing], tokens: Sequence[int]) -> None:
    """Append one token to every row, and ask the caller's own rules about those that go on.

    Raises `Rejected` where there is no token. SCORES-2, SCORES-6.
    """
    elapsed = request.elapsed()             # STOPPING-4: once a step, for all rows
    for row, token in zip(rows, tokens, strict=True):
        if row.reason is not None:          # a budget of 0: it has never begun
            continue
        if token < 0:
            raise refusal(token, row.prompt)
        row.extend(token, elapsed)
        if request.streamer is not None:
            request.streamer.put(torch.tensor([token]))
    going = [row for row in rows if row.reason is None] if request.criteria else []
    if going and request.stopped is not None:
        for row, done in zip(going, request.stopped([row.tokens for row in going]), strict=True):
            row.reason = FinishReason.STOP_STRING if done else None     # no reason of the specification is nearer
