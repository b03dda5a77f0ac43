"""Scores that are NaN for transformers, in what is compared: a number stands for each."""

from dataclasses import dataclass, field, replace

import numpy as np

from genspec.conform.deviations.made.nothing_left import with_scores
from genspec_reference import GenerateOutput, Row
from genspec_reference.context import Context
from genspec_reference.request import Request
from genspec_reference.scores import Scores
from genspec_reference.step import Scored

NAN = 1e30
"""Stands for NaN in scores that are compared, which is equal to nothing."""


@dataclass
class Nans:
    """The end of a pipeline that knows which scores are NaN for transformers, and has a number in their places."""

    tokens: list[int] = field(default_factory=list)

    def __call__(self, scores: Scores, _: Context) -> Scores:
        """Leave the scores as they are. float[V] -> float[V]."""
        return scores

    def put(self, scored: Scored) -> Scored:
        """Give the scores that were computed last with their NaN."""
        if not self.tokens:
            return scored
        scores = scored.scores.copy()
        scores[self.tokens] = np.nan
        return with_last(scored, scores)


def with_last(scored: Scored, scores: Scores) -> Scored:
    """Give what a row gets with other scores. float[V]."""
    return replace(scored, applied=(*scored.applied[:-1], replace(scored.applied[-1], scores=scores)))


def nans_in(request: Request) -> Nans:
    """Return what a request knows of NaN."""
    found = (one.arguments.get("function") for one in request.plan.operations)
    return next((one for one in found if isinstance(one, Nans)), Nans())


def nan_marked(scores: Scores) -> Scores:
    """Let a number stand for NaN. float[V] -> float[V]."""
    return np.where(np.isnan(scores), NAN, scores)


def marked(output: GenerateOutput) -> GenerateOutput:
    """Let a number stand for NaN, which is equal to nothing, in all that is compared."""
    def real(row: Row) -> Row:
        return replace(row, score=NAN) if row.score is not None and np.isnan(row.score) else row

    return with_scores(replace(output, rows=tuple(map(real, output.rows))), nan_marked)


STAND_IN = 0.5
"""Stands for NaN between the operations, none of which writes it."""


def first_alone(scores: Scores, tokens: list[int]) -> Scores:
    """Leave the first of the tokens alone whose scores are NaN, where there are any. float[V] -> float[V]."""
    if not tokens:
        return scores
    alone = np.full_like(scores, -np.inf)
    alone[tokens[0]] = STAND_IN
    return alone


def is_alone(scores: Scores) -> bool:
    """Tell whether a NaN was left alone. float[V]."""
    return bool(scores.max() == STAND_IN and np.isfinite(scores).sum() == 1)
