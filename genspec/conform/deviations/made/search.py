"""The beam search of transformers 5, for one prompt, in the numbers that it has.

These are float32, and the order of torch among equals. Places without a hypothesis hold placeholders. DEV-39. Scores
come of the reference.
"""

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from genspec.config.decision import Reason, Rejected
from genspec.config.plan import BeamRules
from genspec.conform.deviations.made.forcing import told_together
from genspec.conform.deviations.made.marked import nan_marked, nans_in, with_last
from genspec.conform.deviations.made.nothing_left import raises_at_nothing
from genspec.conform.oracle.tolerance import magnitude, tolerance
from genspec_reference import FinishReason, GenerateOutput, Row, Step
from genspec_reference.beams.candidates import candidate_count
from genspec_reference.request import Request
from genspec_reference.scores import Scores
from genspec_reference.step import Scored, noise_of, score_row
from genspec_reference.stopping import finish_reason

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray

TOTAL = -1e9
"""Of a placeholder."""


@dataclass
class Hypothesis:
    """A row at a place of the beam, or finished."""

    tokens: tuple[int, ...]
    places: tuple[int, ...] = ()            # which place each new token extended
    score: float = TOTAL                    # a total while it runs, a score when it is finished
    finished: bool = False
    told: tuple[int, ...] | None = None     # places that are returned, where they are others


@dataclass
class Search:
    """One search, step by step."""

    request: Request
    rounding: int = 0                       # 0: the nearest numbers; else one of the ways to be a little off
    at_least: int = 0                       # steps: a search goes on until the others of its batch have ended
    placeholders: bool = False              # whether a place was without a hypothesis
    emptied: bool = False                   # whether a hypothesis had no token left
    running: list[Hypothesis] = field(default_factory=list)
    kept: list[Hypothesis] = field(default_factory=list)    # the best finished ones, placeholders among them
    improvable: bool = True
    steps: list[Step] = field(default_factory=list)
    totals: "torch.Tensor | None" = None    # of all continuations of the newest step. float32[n, V]

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
        told = one.places if one.told is None else one.told
        return Row(one.tokens, len(self.request.prompt), reason, one.score, told)

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
        scored = [self.spoilt(one) for one in (self.scored() if banned and all(banned) else scored)]
        self.note(scored if self.steps else scored[:1])         # at first all places hold the prompt
        scores = self.rounded(np.stack([one.scores for one in scored]))
        running = torch.tensor([one.score for one in self.running], dtype=torch.float32)
        self.totals = torch.from_numpy(scores) + running[:, None]
        totals = self.totals.reshape(-1)
        wanted = self.wanted(totals)
        chosen = self.drawn(totals, wanted) if self.request.plan.draws else torch.topk(totals[None], wanted).indices[0]
        size = scores.shape[1]
        return [self.extended(int(index) // size, int(index) % size, float(totals[index])) for index in chosen]

    def wanted(self, totals: "torch.Tensor") -> int:
        """Count the candidates of a step. Raises `Rejected` for more than there are."""
        wanted = candidate_count(self.request, self.rules.num_beams)
        if wanted > totals.shape[0]:
            raise undrawable("there are fewer candidates than are asked for.")
        return wanted

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
        return [nans.put(self.score(place)) for place in range(len(self.running))]

    def score(self, place: int) -> Scored:
        """Score the token after the hypothesis at a place."""
        return score_row(self.request, self.running[place].tokens, normalised=True)

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
        self.emptied |= bool(np.isneginf(scores).all())
        if raises_at_nothing(plan):
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
        with np.errstate(over="ignore"):
            possible = float(np.float32(self.running[0].score) / np.float32(length ** rules.length_penalty))
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
