"""A search of the modes that transformers moved out, as releases before 4.57 have it, and what it does otherwise.

As `OldSearch`, in the numbers of transformers. What a release does otherwise than the specification is a quirk: without
any a search is the specified one, so that each shows by itself.
"""

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from genspec.conform.deviations.made.guided_groups import asked_in_groups, is_made
from genspec.conform.deviations.made.old_search import OldSearch
from genspec.conform.deviations.made.search import TOTAL, Hypothesis, is_lowest
from genspec.conform.oracle.requests import with_operations
from genspec_reference import FinishReason
from genspec_reference.beams.candidates import candidate_count
from genspec_reference.modes.group_beam_search import penalised
from genspec_reference.request import Request
from genspec_reference.scores import Scores, log_softmax
from genspec_reference.step import Scored
from genspec_reference.stopping import finish_reason

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray


class Quirk(StrEnum):
    """What a release does otherwise."""

    PLACEHOLDERS = "DEV-39"     # places without a hypothesis hold one of total -1e9
    PADS = "DEV-43"             # a group that has ended goes on taking the pad
    NUMBERS = "DEV-44"          # beam indices are numbered within a group
    MIXED = "DEV-45"            # rows without their words stand among those that have them
    ALIKE = "DEV-46"            # words that begin alike lose progress
    TOGETHER = "DEV-97"         # stop strings end a batch when they end all of it
    HUNDRED = "DEV-102"         # a bank is worth 100
    BEHIND_AN_EOS = "DEV-103"   # a word may hold an EOS
    TOTALS = "DEV-104"          # the scores of a step are totals


TORCH = 1
"""The way of rounding that torch has."""


@dataclass
class Moved(OldSearch):
    """The search of a group, or of a row with conditions."""

    quirks: frozenset[Quirk] = frozenset()
    acted: set[Quirk] = field(default_factory=set)      # those that have done something
    sees_eos: bool = True                   # whether a hypothesis that goes on behind an EOS has ended, as since 4.39
    place: int = 0                          # the number of a group in its row
    errors: Scores | None = None            # of the logarithms of torch in the newest step. float[n, V]

    @property
    def first(self) -> int:
        """Return the number of the first place in the row."""
        return self.place * self.rules.num_beams

    def has(self, quirk: Quirk) -> bool:
        """Tell whether a quirk acts here, and note it."""
        if quirk in self.quirks:
            self.acted.add(quirk)
        return quirk in self.quirks

    def scored(self) -> list[Scored]:
        """Score the token after every hypothesis, and note by how much torch is off in its logarithms."""
        found = super().scored()
        self.errors = np.stack([torch_error(one.answer.logits) for one in found])
        return found

    def rounded(self, scores: Scores) -> "NDArray[np.float32]":
        """Give scores in float32: in the first way of rounding as torch has them. float[n, V]."""
        if self.rounding != TORCH or self.errors is None:
            return super().rounded(scores)
        with np.errstate(over="ignore"):
            return (scores + self.errors).astype(np.float32)

    def wanted(self, totals: "torch.Tensor") -> int:
        """Count the candidates of a step."""
        if Quirk.PLACEHOLDERS in self.quirks:
            return super().wanted(totals)
        return min(candidate_count(self.request, self.rules.num_beams), totals.shape[0])

    def candidates(self) -> list[Hypothesis]:
        """Take the best continuations of all hypotheses.

        At first all places are asked, as the order of equal totals hangs on how many there are.
        """
        return [one for one in super().candidates() if self.counts(one.score)]

    def counts(self, total: float) -> bool:
        """Tell whether this is the total of a hypothesis, or a placeholder counts as one."""
        return Quirk.PLACEHOLDERS in self.quirks or not total <= 0.5 * TOTAL or is_lowest(total)

    def extended(self, place: int, token: int, total: float) -> Hypothesis:
        """Extend the hypothesis of a place by a token."""
        before = self.running[place]
        return Hypothesis((*before.tokens, token), (*before.places, self.first + place), total)

    def chosen(self, following: list[Hypothesis]) -> list[Hypothesis]:
        """Give those that go on."""
        return super().chosen(following) if Quirk.PLACEHOLDERS in self.quirks else following

    def is_done(self, best: float) -> bool:
        """Tell whether no hypothesis can become better than those that are kept."""
        return not self.running or super().is_done(best)

    @property
    def closed(self) -> bool:
        """Tell whether every hypothesis has ended."""
        return all(map(self.ends, self.running))

    def ends(self, one: Hypothesis) -> bool:
        """Tell whether a hypothesis has ended."""
        reason = finish_reason(self.request, one.tokens)
        if reason == FinishReason.EOS and not self.sees_eos:
            return len(one.tokens) >= self.request.plan.length.max_length
        return reason is not None

    def turn(self, taken: tuple[int, ...], filling: Hypothesis | None) -> tuple[int, ...]:
        """Take a step, where the search has not ended; give the tokens that are taken.

        `taken`: those of the groups before; `filling`: what places of a search that is done are filled with.
        """
        if self.done:
            return self.fill(filling)
        if self.closed and not self.has(Quirk.TOGETHER):
            return ()
        self.step()
        return tuple(one.tokens[-1] for one in self.running)

    def fill(self, filling: Hypothesis | None) -> tuple[int, ...]:
        """Fill the places of a search that is done with a hypothesis and a pad."""
        tokens, eos = self.request.plan.tokens, self.request.plan.stopping.eos_token_ids
        pad = eos[0] if tokens.pad is None else tokens.pad
        if filling is not None:
            self.running = [replace(filling, tokens=(*filling.tokens, pad))] * self.rules.num_beams
        return (pad,) * self.rules.num_beams


@dataclass
class Group(Moved):
    """The search of one group."""

    plain: Request | None = None            # without the penalty of a step
    ended: Request | None = None            # what it asks when it has ended and goes on behind the first prompt
    number: int = 0                         # of the prompt
    leader: "Group | None" = None           # the first group of the row
    raw: list[tuple[int, ...]] = field(default_factory=list)    # beam indices of its places, as transformers counts

    def begin(self) -> None:
        """Let the first place hold the prompt."""
        super().begin()
        self.raw = [()] * len(self.running)

    def turn(self, taken: tuple[int, ...], filling: Hypothesis | None) -> tuple[int, ...]:
        """Take a step under the penalty of what is taken."""
        assert self.plain is not None
        self.request = penalised_behind_guidance(self.plain, taken)
        return super().turn(taken, filling)

    def step(self) -> bool:
        """Extend every hypothesis by a token; tell whether there is a further step."""
        before = self.raw
        goes_on = super().step()
        places = [one.places[-1] - self.first for one in self.running]
        self.raw = [(*before[place], self.line(place)) for place in places]
        return goes_on

    def score(self, place: int) -> Scored:
        """Score the token after the hypothesis at a place."""
        asked = asked_in_groups(self.request)
        if asked is not None:
            asked.group, asked.place = self.place, place
        return super().score(place)

    def fill(self, filling: Hypothesis | None) -> tuple[int, ...]:
        """Go on with pads, which count as taken, and with beam indices, which others may be told."""
        if not self.quirks & {Quirk.PADS, Quirk.TOGETHER, Quirk.NUMBERS}:
            return ()
        if Quirk.PADS in self.quirks:
            self.note(self.scored())
        pads = super().fill(filling)
        if filling is not None:
            self.plain = self.ended
            self.raw = [(*(filling.told or ()), 0)] * len(self.running)
        return pads if Quirk.PADS in self.quirks else ()

    def end(self, one: Hypothesis) -> None:
        """Take a candidate that ends in an EOS, with the beam indices of the first group."""
        assert self.leader is not None
        place = one.places[-1] - self.first
        before = self.leader.raw[place] if place < len(self.leader.raw) else ()
        self.add(replace(one, told=(*before, self.line(place))))

    def line(self, place: int) -> int:
        """Give the number of a place among those of this group in the batch."""
        return self.number * self.rules.num_beams + place


def penalised_behind_guidance(request: Request, taken: tuple[int, ...]) -> Request:
    """Put the penalty of diversity into the pipeline, behind a guidance that a deviation has made."""
    made = asked_in_groups(request)
    if made is None:
        return penalised(request, taken)
    guidance = next(one for one in request.plan.operations if is_made(one, made))
    others = tuple(one for one in request.plan.operations if one is not guidance)
    penalty = penalised(with_operations(request, others), taken)
    return with_operations(penalty, (guidance, *penalty.plan.operations))


def torch_error(logits: Scores) -> Scores:
    """Give by how much the log-softmax of torch in float32 is off, 0 for what is infinite. float[V] -> float[V]."""
    import torch

    single = torch.log_softmax(torch.tensor(logits, dtype=torch.float32), dim=-1).double().numpy()
    with np.errstate(invalid="ignore"):
        error = single - log_softmax(logits)
    return np.where(np.isfinite(error), error, 0.0)
