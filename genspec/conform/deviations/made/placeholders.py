"""DEV-39: beam search whose places without a hypothesis hold placeholders of total -1e9, which it returns.

The search of transformers 5, for one prompt, in the numbers that it has: float32, and the order of torch among equals.
Scores come of the reference. What it gives is compared without the placeholders, whose tokens mean nothing.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from genspec.backends.decoder import Info
from genspec.config.decision import Reason, Rejected
from genspec.config.mode import Mode
from genspec.config.plan import BeamRules
from genspec.conform.deviations.counterfactual import Search as PromptSearch
from genspec.conform.deviations.counterfactual import Situation
from genspec.conform.deviations.deviation import numbers
from genspec.conform.deviations.made.forced import told_together
from genspec.conform.deviations.made.nothing_left import with_scores
from genspec.conform.oracle.requests import requests_of
from genspec.conform.oracle.tolerance import magnitude, tolerance
from genspec_reference import FinishReason, GenerateOutput, Row, Step
from genspec_reference.beams.candidates import candidate_count
from genspec_reference.context import Context
from genspec_reference.request import Request
from genspec_reference.scores import Scores
from genspec_reference.step import Scored, noise_of, score_row
from genspec_reference.stopping import finish_reason

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray

TOTAL = -1e9
Kind = Callable[[Request, int, int], "Search"]
"""How a search is made: of a request, a way of rounding, and the steps that it has at least."""

SPOILT_BY_NOTHING = ("eta_cutoff", "top_h")
"""Operations of transformers that raise where every score is minus infinity. DEV-22."""


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


def kind_of(situation: Situation) -> "Kind":
    """Return the search of a release. Before 4.50 a batch with stop strings is searched all together."""
    from genspec.conform.deviations.made.old_batch import InBatch, batch_of
    from genspec.conform.deviations.made.old_search import OldSearch

    if is_new(situation.info):
        return Search
    if situation.request.plan.stopping.stop_strings and len(situation.call.prompts) > 1:
        return partial(InBatch, batch=batch_of(situation), number=situation.number)
    return OldSearch


def is_new(info: Info) -> bool:
    """Tell whether a release has the search of today."""
    return numbers(info.version) >= (4, 50)


def searched(request: Request, *, rounding: int, kind: "Kind", steps: int = 0) -> GenerateOutput:
    """Give the rows of the search that are no placeholders. Raises `Rejected` where transformers raises."""
    return without_placeholders(as_it_is(request, rounding=rounding, kind=kind, steps=steps), request)


def as_it_is(request: Request, *, rounding: int, kind: "Kind", steps: int = 0) -> GenerateOutput:
    """Give all rows of the search: every place is asked at every step, whatever stands there."""
    return kind(request, rounding, steps).run()


def in_its_batch(situation: Situation) -> PromptSearch:
    """Give the search that gives all rows, as long as the others of its batch go on."""
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


@dataclass
class Hypothesis:
    """A row at a place of the beam, or finished."""

    tokens: tuple[int, ...]
    places: tuple[int, ...] = ()            # which place each new token extended
    score: float = TOTAL                    # a total while it runs, a score when it is finished
    finished: bool = False


@dataclass
class Search:
    """One search, step by step."""

    request: Request
    rounding: int = 0                       # 0: the nearest numbers; else one of the ways to be a little off
    at_least: int = 0                       # steps: a search goes on until the others of its batch have ended
    placeholders: bool = False              # whether a place was without a hypothesis
    running: list[Hypothesis] = field(default_factory=list)
    kept: list[Hypothesis] = field(default_factory=list)    # the best finished ones, placeholders among them
    improvable: bool = True
    steps: list[Step] = field(default_factory=list)

    @property
    def rules(self) -> BeamRules:
        """Return the rules of the beam."""
        assert self.request.plan.beams is not None
        return self.request.plan.beams

    def run(self) -> GenerateOutput:
        """Search to the end. Raises `Rejected` where there is nothing to draw from."""
        prompt, count = self.request.prompt, self.rules.num_beams
        self.running = [Hypothesis(prompt, score=0.0 if place == 0 else TOTAL) for place in range(count)]
        self.kept = [Hypothesis(prompt) for _ in range(count)]
        if finish_reason(self.request, prompt) is None:
            while self.step() or len(self.steps) < self.at_least:
                pass
        rows = tuple(self.row(one) for one in self.kept[:self.request.plan.outputs.num_return_sequences])
        return GenerateOutput(rows, (tuple(self.steps),))

    def row(self, one: Hypothesis) -> Row:
        """Give a finished hypothesis as a row."""
        reason = finish_reason(self.request, one.tokens) or FinishReason.LENGTH
        return Row(one.tokens, len(self.request.prompt), reason, one.score, one.places)

    def step(self) -> bool:
        """Extend every hypothesis by a token; tell whether there is a further step."""
        candidates = self.candidates()
        ends = [finish_reason(self.request, one.tokens) is not None for one in candidates]
        self.running = best([
            replace(one, score=plus(one.score, TOTAL) if end else one.score)
            for one, end in zip(candidates, ends, strict=True)
        ], self.rules.num_beams)
        self.placeholders |= any(not one.score > 0.5 * TOTAL and not is_lowest(one.score) for one in self.running)
        self.keep(candidates, ends)
        self.improvable &= self.may_improve()
        full = self.rules.early_stopping is True and all(one.finished for one in self.kept)
        return self.improvable and not full and not all(ends)

    def candidates(self) -> list[Hypothesis]:
        """Take the best continuations of all hypotheses, or draw them."""
        import torch

        with told_together(self.request) as banned:             # DEV-32
            scored = self.scored()
        scored = self.scored() if banned and all(banned) else scored
        self.note(scored if self.steps else scored[:1])         # at first all places hold the prompt
        scores = self.rounded(np.stack([one.scores for one in scored]))
        running = torch.tensor([one.score for one in self.running], dtype=torch.float32)
        totals = (torch.from_numpy(scores) + running[:, None]).reshape(-1)
        wanted = candidate_count(self.request, self.rules.num_beams)
        if wanted > totals.shape[0]:
            raise undrawable("there are fewer candidates than are asked for.")
        chosen = self.drawn(totals, wanted) if self.request.plan.draws else torch.topk(totals[None], wanted).indices[0]
        size = scores.shape[1]
        return [self.extended(int(index) // size, int(index) % size, float(totals[index])) for index in chosen]

    def rounded(self, scores: Scores) -> "NDArray[np.float32]":
        """Give scores in float32. float[n, V]."""
        if self.rounding:
            chance = np.random.default_rng((self.rounding, len(self.steps)))
            scores = scores + chance.uniform(-1, 1, scores.shape) * tolerance("float32", magnitude(scores)) / 4
        with np.errstate(over="ignore"):
            return scores.astype(np.float32)

    def scored(self) -> list[Scored]:
        """Score the token after every hypothesis, place by place."""
        nans = nans_in(self.request)
        return [self.spoilt(nans.put(score_row(self.request, one.tokens, normalised=True))) for one in self.running]

    def extended(self, place: int, token: int, total: float) -> Hypothesis:
        """Extend the hypothesis of a place by a token."""
        before = self.running[place]
        return Hypothesis((*before.tokens, token), (*before.places, place), total)

    def drawn(self, totals: "torch.Tensor", wanted: int) -> "torch.Tensor":
        """Draw continuations, in the order of the race. Raises `Rejected` for totals that are no distribution."""
        import torch

        probabilities = torch.nn.functional.softmax(totals, dim=-1)
        if not torch.isfinite(probabilities).all():
            raise undrawable("probabilities are NaN.")
        noise = noise_of(self.request, self.running[0].tokens, 0, totals.shape[0])
        return torch.topk((probabilities.double() / torch.from_numpy(noise))[None], wanted).indices[0]

    def spoilt(self, scored: Scored) -> Scored:
        """Give what transformers makes of scores of which nothing is left, or one is NaN. DEV-22."""
        scores, plan = scored.scores, self.request.plan
        if scores.max() > -np.inf:
            return scored
        if any(plan.operation(name) for name in SPOILT_BY_NOTHING):
            raise undrawable("an operation raises where nothing is left.")
        none = np.full_like(scores, np.nan)
        return with_last(scored, none) if plan.operation("renormalize") else scored

    def note(self, scored: list[Scored]) -> None:
        """Keep of a step what is asked for."""
        wanted = self.request.plan.outputs
        self.steps.append(Step(
            (), np.inf, tuple(nan_marked(one.scores) for one in scored) if wanted.scores else None,
            tuple(one.answer.logits for one in scored) if wanted.logits else None,
        ))

    def keep(self, candidates: list[Hypothesis], ends: list[bool]) -> None:
        """Take what has ended among the first candidates into the finished ones."""
        rules, new = self.rules, list[Hypothesis]()
        full = rules.early_stopping is True and all(one.finished for one in self.kept)
        for number, (one, end) in enumerate(zip(candidates, ends, strict=True)):
            counts = end and number < rules.num_beams
            with np.errstate(over="ignore"):
                score = float(np.float32(one.score) / np.float32(len(one.places) ** rules.length_penalty))
            for lowered in (full, not self.improvable, not counts):
                score = plus(score, TOTAL) if lowered else score
            new.append(replace(one, score=score, finished=counts))
        self.kept = best([*self.kept, *new], rules.num_beams)

    def may_improve(self) -> bool:
        """Tell whether the best running hypothesis may still come before the worst finished one."""
        rules, length = self.rules, len(self.running[0].places)
        if rules.early_stopping == "never" and rules.length_penalty > 0:
            length = self.request.plan.length.max_new_tokens
        possible = self.running[0].score / length ** rules.length_penalty
        worst = float(np.min([one.score for one in self.kept]))     # NaN, where there is one
        return any(possible > (worst if one.finished else TOTAL) for one in self.kept)


def best(hypotheses: list[Hypothesis], count: int) -> list[Hypothesis]:
    """Give the best hypotheses in the order of torch."""
    import torch

    scores: Any = torch.tensor([[one.score for one in hypotheses]], dtype=torch.float32)
    return [hypotheses[int(index)] for index in torch.topk(scores, count).indices[0]]


def is_lowest(total: float) -> bool:
    """Tell whether a total comes of the lowest numbers, which `remove_invalid_values` gives, and of no placeholder."""
    return -np.inf < total < TOTAL ** 3


def plus(one: float, other: float) -> float:
    """Add in float32."""
    with np.errstate(over="ignore", invalid="ignore"):
        return float(np.float32(one) + np.float32(other))


def undrawable(message: str) -> Rejected:
    """Say why transformers raises."""
    return Rejected((Reason("scores", None, "SCORES-6", message, "Ban fewer tokens."),))
