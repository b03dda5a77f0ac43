"""One step of a row without beams: whether the token is right for scores within the decoder's rounding."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from genspec.config.plan import DecodingPlan
from genspec.conform.oracle.rounding import Nudge, rounded
from genspec.conform.oracle.tolerance import magnitude, tolerance
from genspec_reference.context import Context
from genspec_reference.model import evaluate
from genspec_reference.request import Request
from genspec_reference.rows import take
from genspec_reference.scores import Scores, support
from genspec_reference.select import Choice
from genspec_reference.step import Scored, score_row

RANDOM_TRIES = 48
FREE = {"top_p": ("nucleus_ties", "ranked"), "typical_p": ("typical_ties", "exact"), "top_k": ("top_k_ties", "exact")}
"""Truncations that may keep any of several equal tokens, if so; top_h always may. TOP-P-3, TYPICAL-P-3, TOP-K-4."""


@dataclass(frozen=True, slots=True)
class Forced:
    """A step of the reference after the row that the decoder has."""

    request: Request
    tokens: tuple[int, ...]
    row: int
    scored: Scored
    choice: Choice

    def again(self, nudge: Nudge, bounds: float, dtype: str) -> "Forced":
        """Take the step with rounded scores. Raises `Rejected` where nothing is left."""
        return forced(rounded(self.request, nudge, bounds=bounds, dtype=dtype), self.tokens, self.row, self.scored)


@dataclass(frozen=True, slots=True)
class Excuse:
    """What makes a token right that the reference does not take."""

    margin: float           # the rounding, 0 when none is needed
    tied: bool              # a tie over real numbers
    free: bool              # the specification leaves the choice
    scored: Scored          # the scores with it


def forced(request: Request, tokens: tuple[int, ...], row: int, before: Scored | None = None) -> Forced:
    """Score the token after a row and take one. Raises `Rejected`."""
    answer = evaluate(request.model, tokens, request.source) if before is None else before.answer
    scored = score_row(request, tokens, row=row, answer=answer)
    return Forced(request, tokens, row, scored, take(request, row, tokens, scored.scores))


def excuse(
    step: Forced, token: int, dtype: str, fits: Callable[[Scored], bool], kept_tokens: Sequence[int] = ()
) -> Excuse | None:
    """Find rounding that makes the token right, or None. Tried first: the order of equal scores.

    `fits`: whether scores agree with what else the decoder returned of the step. `kept_tokens`: those that it says
    are left after all truncations.
    """
    kept = support(step.scored.scores).size

    def right(again: Forced) -> bool:
        return again.choice.token == token and fits(again.scored)

    if free_ties(step.request.plan):
        again = step.again(tie_breaking((token, *kept_tokens)), 0.0, "float64")
        if right(again) and support(again.scored.scores).size == kept:
            return Excuse(0.0, True, True, again.scored)
    greatest = magnitude(one.scores for one in step.scored.applied)
    for tried in ("float64", dtype):
        epsilon = tolerance(tried, greatest)
        for nudge, bounds in nudges(step, token, epsilon):
            again = step.again(nudge, bounds, tried)
            if right(again):
                return Excuse(epsilon, tried == "float64", False, again.scored)
    return None


def free_ties(plan: DecodingPlan) -> bool:
    """Tell whether the plan has a truncation that may keep any of several equal tokens. TOP-H-3."""
    return plan.operation("top_h") is not None or any(
        plan.operation(name) is not None and getattr(plan.profile, choice) == option
        for name, (choice, option) in FREE.items()
    )


def tie_breaking(tokens: Sequence[int]) -> Nudge:
    """Raise tokens by less than any two different scores differ."""
    def nudge(scores: Scores, context: Context) -> Scores:
        raised = np.zeros(scores.size, dtype=bool)
        raised[list(tokens)] = True
        return np.where(raised & np.isfinite(scores), scores + 1e-13 * (1 + np.abs(scores)), scores)

    return nudge


def nudges(step: Forced, token: int, epsilon: float) -> Iterator[tuple[Nudge, float]]:
    """Give what rounding may do: towards the token, away from the reference's, and at random. Seeded by the place."""
    towards, against = np.full(step.scored.scores.size, -1.0), np.zeros(step.scored.scores.size)
    against[step.choice.token], against[token], towards[token] = -1.0, 1.0, 1.0
    kinds = kinds_of(step)
    for direction in (towards, against):
        for bounds in (1.0, -1.0, 0.0):
            yield alike(direction * epsilon / 2, token, kinds), bounds
    if not step.request.plan.draws:
        return                                  # without truncations these are all that can matter
    generator, apart = np.random.default_rng((len(step.tokens), token)), free_ties(step.request.plan)
    for number in range(RANDOM_TRIES):
        change: Scores = generator.integers(-1, 2, towards.size).astype(np.float64) * (epsilon / 2)
        nudge = adding(change) if apart and number % 2 else alike(change, token, kinds)
        yield nudge, float(generator.integers(-1, 2))


def adding(change: Scores) -> Nudge:
    """Add a change. float[V]."""
    return lambda scores, context: np.asarray(scores + change)


def kinds_of(step: Forced) -> NDArray[np.intp]:
    """Give one number to tokens whose scores are equal after every operation. int[V].

    Scores that operations have made equal, such as 4.5 / 1.2 and 3.75, need not be equal in the decoder's numbers.
    """
    _, kinds = np.unique(np.stack([one.scores for one in step.scored.applied]), axis=1, return_inverse=True)
    return kinds.reshape(-1)


def alike(change: Scores, token: int, kinds: NDArray[np.intp]) -> Nudge:
    """Add a change, the same for tokens of a kind: a decoder that rounds them rounds them alike. float[V], int[V]."""
    order = np.concatenate(([token], np.delete(np.arange(kinds.size), token)))      # it speaks for its equals
    _, first, inverse = np.unique(kinds[order], return_index=True, return_inverse=True)
    return adding(change[order][first][inverse][np.argsort(order)])
