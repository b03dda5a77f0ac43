"""The reply to a call as the outputs that the oracle judges."""

import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from genspec.backends.call import Call
from genspec.backends.decoder import Answer, Refusal
from genspec.config.decision import Rejected
from genspec.conform.oracle.numbers import unfilled
from genspec.conform.oracle.requests import requests_of
from genspec.conform.question import Json, Reply
from genspec.conform.vectors.runner import number
from genspec_reference import FinishReason, GenerateOutput, Row
from genspec_reference.decode import run
from genspec_reference.output import Run, Step
from genspec_reference.request import Request
from genspec_reference.stopping import finish_reason

EVERY = 1 << 20
"""More rows than any search finishes."""


class Malformed(Exception):
    """A reply that is no answer to its call; the message says what is wrong."""


def answer_of(call: Call, expected: Answer, reply: Reply) -> Answer:
    """Read the reply to a call. Raises `Malformed`."""
    if "reject" in reply:
        error, _, message = str(reply.get("error", "")).partition(": ")
        return Refusal(error, message, tuple(map(str, reply["reject"])))
    replies = reply.get("prompts", [reply])
    if not isinstance(replies, list) or len(replies) != len(call.prompts):
        found = len(replies) if isinstance(replies, list) else repr(replies)[:60]
        raise Malformed(f"there are results for {found} prompts instead of {len(call.prompts)}")
    rows = [output.rows for output in expected] if isinstance(expected, tuple) else [()] * len(replies)
    return tuple(
        output_of(request, right, one) for request, right, one in zip(requests_for(call), rows, replies, strict=True)
    )


def requests_for(call: Call) -> Sequence[Request | None]:
    """Give the request of each prompt; None where the specification refuses the call before any step."""
    try:
        return requests_of(call)
    except Rejected:
        return [None] * len(call.prompts)


def output_of(request: Request | None, expected: Sequence[Row], reply: Json) -> GenerateOutput:
    """Read the reply for one prompt. What it does not tell, and follows from its tokens, is filled in."""
    if not isinstance(reply, Mapping) or "sequences" not in reply:
        raise Malformed("the answer has no `sequences`, a list of rows of token ids")
    sequences = rows_of_ids(reply["sequences"])
    told = Told(tuple(sequences), *(listed(reply, name, len(sequences)) for name in MEMBERS))
    rows = tuple(row_of(told, place, request, expected) for place in range(len(sequences)))
    if request is not None and request.plan.beams is not None:
        rows = completed(request, expected, rows, told)
    return GenerateOutput(rows, runs_of(reply))


MEMBERS = ("finish_reasons", "sequences_scores", "beam_indices")
"""What is told row by row."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a reply tells of its rows."""

    sequences: tuple[tuple[int, ...], ...]
    finish_reasons: list[Any] | None
    sequences_scores: list[Any] | None
    beam_indices: list[Any] | None


def listed(reply: Json, name: str, count: int) -> list[Any] | None:
    """Give a member that has one item a row. Raises `Malformed`."""
    value = reply.get(name)
    if value is not None and (not isinstance(value, list) or len(value) != count):
        raise Malformed(f"`{name}` is to be a list of {count}, one a row, not {value!r:.80}")
    return value


def rows_of_ids(rows: Any) -> list[tuple[int, ...]]:
    """Read rows of token ids. Raises `Malformed`."""
    if not isinstance(rows, list):
        raise Malformed(f"`sequences` is to be a list of rows, not {rows!r:.80}")
    for row in rows:
        if not isinstance(row, list) or not all(type(token) is int for token in row):
            raise Malformed(f"a row of `sequences` is to be a list of token ids, not {row!r:.80}")
    return [tuple(row) for row in rows]


def row_of(told: Told, place: int, request: Request | None, expected: Sequence[Row]) -> Row:
    """Make one row."""
    tokens = told.sequences[place]
    length = len(tokens) if request is None else expected[0].prompt_length if expected else len(request.prompt)
    ends = reason_of(None if told.finish_reasons is None else told.finish_reasons[place], request, tokens)
    score = None if told.sequences_scores is None else told.sequences_scores[place]
    indices: tuple[int, ...] = ()
    if told.beam_indices is not None and isinstance(told.beam_indices[place], list):
        indices = unfilled(tuple(told.beam_indices[place]), len(tokens) - length)
    run_number = expected[place].run if place < len(expected) else run_of(place, request)
    return Row(tokens, min(length, len(tokens)), ends, None if score is None else number(score), indices, run_number)


def run_of(place: int, request: Request | None) -> int:
    """Give the run that a row comes from, where the reference has none: a search has one for all its rows."""
    return place if request is not None and request.plan.beams is None else 0


def reason_of(told: Any, request: Request | None, tokens: tuple[int, ...]) -> FinishReason:
    """Read why a row ended, or find it out. Raises `Malformed`."""
    if told is not None:
        try:
            return FinishReason(told)
        except ValueError:
            known = ", ".join(reason.value for reason in FinishReason)
            raise Malformed(f"a finish reason is one of {known}, not {told!r:.60}") from None
    found = None
    if request is not None and len(tokens) > len(request.prompt):
        found = finish_reason(request, tokens)
    return found or FinishReason.LENGTH


def completed(request: Request, expected: Sequence[Row], rows: tuple[Row, ...], told: Told) -> tuple[Row, ...]:
    """Give rows of a search what it does not tell of them: that of the reference's rows with the same tokens.

    Beam indices are those of one search, so all rows get them, or none.
    """
    missing = [name for name, value in (("beam_indices", told.beam_indices), ("score", told.sequences_scores))
               if value is None]
    if not missing:
        return rows
    known = {row.tokens: row for row in expected}
    if any(row.tokens not in known for row in rows):
        outputs = replace(request.plan.outputs, num_return_sequences=EVERY, scores=False, logits=False)
        with suppress(Rejected):
            every = run(replace(request, plan=replace(request.plan, outputs=outputs))).rows
            known = {row.tokens: row for row in every} | known
    alike = [same_row(place, row, expected, known) for place, row in enumerate(rows)]
    if None in alike:
        missing = [name for name in missing if name != "beam_indices"]
    return tuple(
        replace(row, **{name: getattr(like, name) for name in missing}) if like is not None else row
        for row, like in zip(rows, alike, strict=True)
    )


def same_row(place: int, row: Row, expected: Sequence[Row], known: Mapping[tuple[int, ...], Row]) -> Row | None:
    """Give the reference's row with the same tokens: that at the same place, where groups find a row twice."""
    if place < len(expected) and expected[place].tokens == row.tokens:
        return expected[place]
    return known.get(row.tokens)


def runs_of(reply: Json) -> tuple[Run, ...]:
    """Read the scores and logits of every step. Raises `Malformed`."""
    kept = {name: reply[name] for name in ("scores", "logits") if reply.get(name) is not None}
    if not kept:
        return ()
    try:
        arrays = {name: [[tuple(numbers(one) for one in step) for step in run] for run in value]
                  for name, value in kept.items()}
        first = next(iter(arrays.values()))
        return tuple(
            tuple(Step((), math.inf, **{name: value[place][step] for name, value in arrays.items()})
                  for step in range(len(steps)))
            for place, steps in enumerate(first)
        )
    except (TypeError, IndexError, ValueError):
        raise Malformed(f"{' and '.join(kept)} are to be lists of runs, steps, hypotheses and V numbers") from None


def numbers(values: Any) -> Any:
    """Read numbers, minus infinity as text among them. float[V]."""
    return np.array([number(value) for value in values], dtype=np.float64)
