"""DEV-51 and DEV-65: what an assistant is given."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from genspec.config.decision import Rejected
from genspec.config.plan import Operation
from genspec.conform.deviations.counterfactual import Situation
from genspec.conform.deviations.deviation import numbers
from genspec.conform.deviations.made.entropy import Ranked
from genspec.conform.oracle.requests import with_operations
from genspec_reference import Row
from genspec_reference.context import Context
from genspec_reference.decode import run
from genspec_reference.pipeline import apply_operation
from genspec_reference.request import Request
from genspec_reference.scores import Scores
from genspec_reference.step import CLOSING

ROUNDS = 2
"""Rounds of drafts in which the assistant of an encoder-decoder reads the row as it is. Each gives a token at least."""


def free_behind_the_rounds(situation: Situation) -> Situation | None:
    """Let a row be any from where it parts behind two rounds: then the row is read behind what is cached. DEV-65.

    Of releases before 5.0 alone: what today's caches hold is known, see `behind.py`.
    """
    if situation.call.sources is None or numbers(situation.info.version) >= (5,):
        return None
    return free_behind(situation, lambda begin, prompt_length: len(begin) >= prompt_length + ROUNDS)


def free_behind(situation: Situation, free: Callable[[tuple[int, ...], int], bool]) -> Situation | None:
    """Take the expected row for an answer that parts from it where it is free: what the drafts are decides the rest.

    Greedy search without a mixture takes no part of the drafts, so that no row of it is free.
    """
    request, answered = situation.request, situation.answered
    assistance = request.plan.assistance
    if answered is None or request.assistant is None or assistance is None:
        return None
    if not request.plan.draws and assistance.assistant_ensemble_weight is None:
        return None
    try:
        expected = run(request)
    except Rejected:
        return None
    begins = [shared(expected.rows[0], row) for row in answered.rows]
    parts = any(begin is not None and free(begin, expected.rows[0].prompt_length) for begin in begins)
    return replace(situation, answered=expected) if parts else None


def shared(one: Row, other: Row) -> tuple[int, ...] | None:
    """Return the tokens that two rows begin with; None for rows that do not part."""
    pairs = enumerate(zip(one.tokens, other.tokens, strict=False))
    place = next((place for place, (here, there) in pairs if here != there), None)
    return None if place is None else one.tokens[:place]


@dataclass
class Twice:
    """A model and its assistant, on whose scores the closing operations act a second time. DEV-51."""

    request: Request
    drafting: bool | None = None            # whether the assistant was asked first in this step: guidance asks later

    def judge(self, tokens: tuple[int, ...], source: tuple[int, ...] = ()) -> Any:
        """Ask the model."""
        self.drafting = bool(self.drafting)
        return self.request.model(tokens, *((source,) if source else ()))

    def draft(self, tokens: tuple[int, ...], source: tuple[int, ...] = ()) -> Any:
        """Ask the assistant."""
        assert self.request.assistant is not None
        self.drafting = self.drafting is not False
        return self.request.assistant(tokens, *((source,) if source else ()))

    def again(self, scores: Scores, context: Context) -> Scores:
        """Apply the closing operations to scores of the assistant. float[V] -> float[V]."""
        drafting, self.drafting = self.drafting, None
        for operation in self.request.plan.operations if drafting else ():
            if closes(operation):
                scores = apply_operation(operation, scores, context, self.request.plan.profile).scores
        return scores


def closes(operation: Operation) -> bool:
    """Tell whether an operation is one of the closing ones, as it is or as another deviation makes it."""
    return operation.name in CLOSING or isinstance(operation.arguments.get("function"), Ranked)


def closing_acts_twice(situation: Situation) -> Situation | None:
    """Let temperature, truncations and what follows them act twice on the assistant's scores."""
    request = situation.request
    if request.assistant is None or not any(map(closes, request.plan.operations)):
        return None
    twice = Twice(request)
    last = Operation("processor", {"function": twice.again}, "ASSISTED-15")
    asked = replace(request, model=twice.judge, assistant=twice.draft)
    return replace(situation, request=with_operations(asked, (*request.plan.operations, last)))
