"""Don't repeat yourself (DRY). Text: docs/spec/dry.md. Source: p-e-w, text-generation-webui, PR 5677, 2024."""

import math
from collections.abc import Iterable

from genspec_reference.arguments import refuse_unless
from genspec_reference.scope import scoped, scorable
from genspec_reference.scores import Scores


def dry(
    scores: Scores, multiplier: float, base: float, allowed_length: int, *, tokens: tuple[int, ...],
    window: int | None = None, breakers: Iterable[Iterable[int]] = (),
) -> Scores:
    """Penalise tokens that would go on with a repetition, the more the longer it is. DRY-2 to DRY-7.

    `scores`: float[V]; `tokens`: the row; `breakers`: token sequences. Returns float[V].
    Raises `Rejected` for an argument out of its range. DRY-1
    """
    sequences = [tuple(breaker) for breaker in breakers]
    refuse_arguments(multiplier, base, allowed_length, window, sequences)
    recent = scoped(tokens, 0, "row", window)                                       # DRY-2
    penalised = scores.copy()
    repeated = repetitions(recent, reach(recent, sequences))                        # DRY-3, DRY-5
    for token in scorable(repeated, scores.size):
        beyond = repeated[token] - allowed_length
        if beyond >= 0 and (token,) not in sequences:                               # DRY-4, DRY-6
            penalised[token] -= multiplier * base ** exponent(beyond, base)
    return penalised


def refuse_arguments(
    multiplier: float, base: float, allowed_length: int, window: int | None, breakers: list[tuple[int, ...]]
) -> None:
    """Raise `Rejected` for an argument out of its range. DRY-1."""
    refuse_unless(0 <= multiplier < math.inf, "multiplier", multiplier, "DRY-1", "a real number of at least 0")
    refuse_unless(1 <= base < math.inf, "base", base, "DRY-1", "a real number of at least 1")
    refuse_unless(allowed_length >= 1, "allowed_length", allowed_length, "DRY-1", "an integer of at least 1")
    refuse_unless(window is None or window >= 0, "window", window, "DRY-1", "an integer of at least 0")
    refuse_unless(all(breakers), "breakers", breakers, "DRY-1", "sequences of at least one token")


def reach(row: tuple[int, ...], breakers: list[tuple[int, ...]]) -> int:
    """Count the tokens behind the last breaker of a row; without a breaker, all of them. DRY-5."""
    behind = [
        len(row) - end
        for breaker in breakers
        for end in range(len(breaker), len(row) + 1)
        if row[end - len(breaker):end] == breaker
    ]
    return min(behind, default=len(row))


def repetitions(row: tuple[int, ...], most: int) -> dict[int, int]:
    """Give for each token how many of the row's last tokens already stood in front of it, at most `most`. DRY-3."""
    longest: dict[int, int] = {}
    for place in range(1, len(row)):
        length = repeated_before(row, place, most)
        longest[row[place]] = max(length, longest.get(row[place], 0))
    return longest


def repeated_before(row: tuple[int, ...], place: int, most: int) -> int:
    """Count the tokens in front of a place that are those at the row's end, in order. DRY-3."""
    length = 0
    while length < min(place, most) and row[place - 1 - length] == row[-1 - length]:
        length += 1
    return length


def exponent(beyond: int, base: float) -> int:
    """Give the exponent of the penalty: `beyond`, but no power of 2^128 or more. DRY-7."""
    return beyond if base == 1 else min(beyond, math.ceil(128 / math.log2(base)) - 1)
