"""DEV-39: beam search whose places without a hypothesis hold placeholders of total -1e9, which it returns. And DEV-22.

What it gives is compared without the placeholders, whose tokens mean nothing.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial

import numpy as np

from genspec.backends.decoder import Info
from genspec.config.decision import Rejected
from genspec.config.mode import Mode
from genspec.conform.deviations.counterfactual import Search as PromptSearch
from genspec.conform.deviations.counterfactual import Situation
from genspec.conform.deviations.deviation import numbers
from genspec.conform.deviations.made.marked import nan_marked
from genspec.conform.deviations.made.moved import MOVED, moved_search
from genspec.conform.deviations.made.nothing_left import with_scores
from genspec.conform.deviations.made.old_batch import InBatch, batch_of
from genspec.conform.deviations.made.old_search import OldSearch
from genspec.conform.deviations.made.search import TOTAL, Search
from genspec.conform.oracle.requests import requests_of
from genspec_reference import FinishReason, GenerateOutput, Row
from genspec_reference.request import Request

Kind = Callable[[Request, int, int], Search]
"""How a search is made: of a request, a way of rounding, and the steps that it has at least."""


def placeholders_count(situation: Situation) -> Situation | None:
    """Let places without a hypothesis hold placeholders, where there are such places."""
    plan, answered = situation.request.plan, situation.answered
    if plan.mode not in (Mode.BEAM_SEARCH, Mode.BEAM_SAMPLE):
        return None
    kind, steps = kind_of(situation), steps_of_batch(situation)
    search = kind(situation.request, 0, steps)
    with suppress(Rejected):
        search.run()
    if not search.placeholders or (answered and len(answered.rows) != plan.outputs.num_return_sequences):
        return None
    answered = answered and with_scores(without_placeholders(answered, search.request), nan_marked)
    return replace(situation, search=partial(searched, kind=kind, steps=steps), answered=answered)


def a_hypothesis_raises(situation: Situation) -> Situation | None:
    """Let a draw fail for all hypotheses where one of them has no token left. DEV-22; DEV-39 says so of its own.

    The operation raises that looks at it, or its NaN spoils what is drawn from.
    """
    if situation.request.plan.mode is not Mode.BEAM_SAMPLE or situation.answered is not None:
        return None
    search = kind_of(situation)(situation.request, 0, steps_of_batch(situation))
    with suppress(Rejected):
        search.run()
        return None
    return None if search.placeholders or not search.emptied else replace(situation, search=in_its_batch(situation))


def kind_of(situation: Situation) -> Kind:
    """Return the search of a release. Before 4.50 a batch with stop strings is searched all together."""
    if is_new(situation.info):
        return Search
    if situation.request.plan.stopping.stop_strings and len(situation.call.prompts) > 1:
        return partial(InBatch, batch=batch_of(situation), number=situation.number)
    return OldSearch


def is_new(info: Info) -> bool:
    """Tell whether a release has the search of today."""
    return numbers(info.version) >= (4, 50)


def searched(request: Request, *, rounding: int, kind: Kind, steps: int = 0) -> GenerateOutput:
    """Give the rows of the search that are no placeholders. Raises `Rejected` where transformers raises."""
    return without_placeholders(as_it_is(request, rounding=rounding, kind=kind, steps=steps), request)


def as_it_is(request: Request, *, rounding: int, kind: Kind, steps: int = 0) -> GenerateOutput:
    """Give all rows of the search: every place is asked at every step, whatever stands there."""
    return kind(request, rounding, steps).run()


def in_its_batch(situation: Situation) -> PromptSearch:
    """Give the search that gives all rows, as long as the others of its batch go on."""
    if situation.request.plan.mode in MOVED:
        return moved_search(situation)
    return partial(as_it_is, kind=kind_of(situation), steps=steps_of_batch(situation))


def steps_of_batch(situation: Situation) -> int:
    """Count the steps of all searches of a batch, which go on until the last one has ended; 0 for one prompt alone."""
    if len(situation.call.prompts) == 1 or not is_new(situation.info):
        return 0
    if situation.answered is not None:
        return max(map(len, situation.answered.runs), default=0)
    return max(map(own_steps, requests_of(situation.call)))


def own_steps(request: Request) -> int:
    """Count the steps of a search on its own, or up to one at which it is refused."""
    search = Search(request)
    with suppress(Rejected):
        search.run()
    return len(search.steps)


def without_placeholders(output: GenerateOutput, request: Request) -> GenerateOutput:
    """Drop the rows whose totals are those of placeholders, or lower, or NaN."""
    return replace(output, rows=tuple(row for row in output.rows if not is_placeholder(row, request)))


def is_placeholder(row: Row, request: Request) -> bool:
    """Tell whether the score of a row comes of a placeholder's total."""
    assert request.plan.beams is not None
    foreign = row.tokens[:row.prompt_length] != request.prompt or row.finish_reason == FinishReason.STOP_STRING
    if row.score is None or foreign:
        return False
    length = max(1, len(row.new_tokens), len(row.beam_indices))     # one that went on behind an EOS has more of these
    total = row.score * length ** request.plan.beams.length_penalty
    return bool(np.isnan(row.score) or min(row.score, total) <= 0.9 * TOTAL)
