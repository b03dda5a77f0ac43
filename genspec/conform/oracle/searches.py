"""Modes that keep several hypotheses: whether the answer is the exact one for totals within the decoder's rounding."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from zlib import crc32

import numpy as np

from genspec.config.mode import Mode
from genspec.conform.oracle.beams import followed
from genspec.conform.oracle.rounding import Nudge, rounded
from genspec.conform.oracle.tolerance import magnitude, tolerance
from genspec_reference import FinishReason, GenerateOutput, Row
from genspec_reference.beams.hypotheses import normalised
from genspec_reference.context import Context
from genspec_reference.decode import run
from genspec_reference.healing import healed
from genspec_reference.pipeline import TRUNCATIONS
from genspec_reference.request import Request
from genspec_reference.scores import Scores, log_softmax
from genspec_reference.step import score_row

Tokens = tuple[int, ...]
Shift = Callable[[Tokens], float]
"""Give how a hypothesis' total is rounded: from -1 to 1, a share of half the tolerance."""
RANDOM_TRIES = 24


@dataclass(frozen=True, slots=True)
class Reached:
    """The rounding that explains rows."""

    output: GenerateOutput | None       # the reference's, with it; None: more orders of near totals than can be tried
    margin: float                       # within which numbers were rounded
    tied: bool                          # a tie over real numbers is enough


def reached(
    request: Request, expected: GenerateOutput, answered: tuple[Row, ...], dtype: str,
    fits: Callable[[GenerateOutput], bool],
) -> Reached | None:
    """Find rounding for which the reference gives the rows, or None when there is none.

    `fits`: whether an output is what the decoder gave.
    """
    new_tokens = max((len(row.new_tokens) for row in (*expected.rows, *answered)), default=0)
    greatest = magnitude(np.array([row.score or 0.0]) for row in expected.rows)
    nearest = min((step.margin for steps in expected.runs for step in steps), default=np.inf)
    for tried in ("float64", dtype):
        epsilon = tolerance(tried, greatest, new_tokens)
        if nearest > 2 * epsilon and not ranks(request):
            continue
        if request.plan.mode in (Mode.BEAM_SEARCH, Mode.BEAM_SAMPLE):
            again, whole = followed(healed(request), answered, epsilon)
            if again is not None and fits(again):
                return Reached(again, epsilon, tried == "float64")
            if not whole:
                return Reached(None, epsilon, tried == "float64")
            if not request.plan.draws:
                continue                    # every order of near totals has been tried
        for shift, bounds in shifts(answered, RANDOM_TRIES):
            again = run(rounded(request, nudge_of(shift, epsilon / 2), bounds=bounds, dtype=tried))
            if fits(again):
                return Reached(again, epsilon, tried == "float64")
    return None


def ranks(request: Request) -> bool:
    """Tell whether a truncation may rank scores that are equal over real numbers and differ by rounding.

    A margin does not count them: equal logits are equal in every decoder, and sums of logits need not be.
    """
    return any(operation.name in TRUNCATIONS for operation in request.plan.operations)


def nudge_of(shift: Shift, size: float) -> Nudge:
    """Round totals: every hypothesis by its own share, which does not add up over its tokens."""
    def nudge(scores: Scores, context: Context) -> Scores:
        here = shift(context.tokens) if len(context.tokens) > context.prompt_length else 0.0
        longer = np.array([shift((*context.tokens, token)) for token in range(scores.size)])
        return np.asarray(scores + size * (longer - here))

    return nudge


def shifts(answered: tuple[Row, ...], tries: int) -> Iterator[tuple[Shift, float]]:
    """Give what rounding may do: towards the rows that came, by their beam indices, and at random. Seeded."""
    on_rows = {row.tokens[:end] for row in answered for end in range(row.prompt_length + 1, len(row.tokens) + 1)}
    numbered = by_number(answered)
    for bounds in (0.0, 1.0, -1.0):
        yield lambda tokens: 1.0 if tokens in on_rows else -1.0, bounds
        yield lambda tokens: numbered.get(tokens, -1.0), bounds
        yield lambda tokens: numbered.get(tokens, 0.0), bounds
    for seed in range(tries):
        base: Mapping[Tokens, float] = (numbered, {}, dict.fromkeys(on_rows, 1.0))[seed % 3]
        yield at_random(seed, base), float((seed // 3) % 3 - 1)


def by_number(answered: tuple[Row, ...]) -> Mapping[Tokens, float]:
    """Lift the rows' beginnings in the order of their numbers among the open hypotheses, ended rows in theirs."""
    places: dict[Tokens, float] = {}
    for place, row in enumerate(answered):
        for count, number in enumerate(row.beam_indices[1:], start=1):
            places[row.tokens[:row.prompt_length + count]] = 1.0 / (1 + abs(number))    # DEV-44
        places[row.tokens] = 1.0 / (1 + place)
    return places


def at_random(seed: int, fixed: Mapping[Tokens, float]) -> Shift:
    """Draw the share of every hypothesis that has none, the same one whenever it is asked."""
    def shift(tokens: Tokens) -> float:
        return fixed[tokens] if tokens in fixed else crc32(repr((seed, tokens)).encode()) % 3 - 1.0

    return shift


def own_score(request: Request, row: Row) -> Row:
    """Give a row of beam search the score that its own tokens have, whatever else was searched. BEAM-SEARCH-4.

    Other modes' rows, and those with a token that is banned but for rounding, keep the score that they have.
    """
    if request.plan.mode not in (Mode.BEAM_SEARCH, Mode.BEAM_SAMPLE):
        return row
    begun, total = healed(request), 0.0
    size = len(begun.prompt)
    for end in range(size, len(row.tokens)):
        normalised_first = request.plan.profile.beam_input == "log_softmax"
        scores = score_row(begun, row.tokens[:end], normalised=normalised_first).scores
        total += float((scores if normalised_first else log_softmax(scores))[row.tokens[end]])
    if not np.isfinite(total):
        return row
    ended = row.finish_reason is FinishReason.EOS
    return replace(row, score=normalised(begun, total, len(row.tokens) - size, ended))


EVERY = 1 << 20
"""More rows than any search finishes."""


def reordered(request: Request, expected: GenerateOutput, answered: tuple[Row, ...]) -> bool:
    """Tell whether the rows differ only in which of several equal scores come first. BEAM-SEARCH-5."""
    if request.plan.beams is None or len(answered) != len(expected.rows):
        return False
    outputs = replace(request.plan.outputs, num_return_sequences=EVERY, scores=False, logits=False)
    pool = run(replace(request, plan=replace(request.plan, outputs=outputs))).rows
    left = [(row.tokens, row.beam_indices, row.finish_reason, row.score) for row in pool]
    for row, right in zip(answered, expected.rows, strict=True):
        equal = tolerance("float64", abs(right.score or 0.0), len(right.new_tokens))
        found = next((one for one in left if one[:3] == (row.tokens, row.beam_indices, row.finish_reason)
                      and abs((one[3] or 0.0) - (right.score or 0.0)) <= equal), None)
        if found is None:
            return False
        left.remove(found)
    return True
