"""The search of transformers before 4.50, in which places without a hypothesis hold placeholders as well. DEV-39.

As `Search`: for one prompt, in the numbers and the order that transformers has. Totals are float32, the scores of
finished hypotheses float64. Rows of a batch whose own search has ended are filled up, and are left out here.
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from genspec.conform.deviations.made.search import TOTAL, Hypothesis, Search, is_lowest, undrawable
from genspec_reference import GenerateOutput
from genspec_reference.beams.candidates import draws_from_copies
from genspec_reference.stopping import ends_in_eos, finish_reason

if TYPE_CHECKING:
    import torch


@dataclass
class OldSearch(Search):
    """One search, step by step."""

    done: bool = False                      # enough hypotheses are finished, and no other can become better
    worst: float = -TOTAL                   # the lowest score of those that are kept

    def run(self) -> GenerateOutput:
        """Search to the end. Raises `Rejected` where there is nothing to draw from, or to go on with."""
        self.begin()
        if finish_reason(self.request, self.request.prompt) is None:
            while self.step():
                pass
        return self.output()

    def begin(self) -> None:
        """Let the first place hold the prompt, or all of them."""
        copies = draws_from_copies(self.request)
        self.running = [
            Hypothesis(self.request.prompt, score=0.0 if copies or place == 0 else TOTAL)
            for place in range(self.rules.num_beams)
        ]
        self.kept = []

    def output(self) -> GenerateOutput:
        """Give the best hypotheses; those that are open join the others, unless the search is done."""
        for one in () if self.done else self.running:
            self.add(one)
        ranked = sorted(self.kept, key=lambda one: one.score)[::-1]
        rows = tuple(self.row(one) for one in ranked[:self.request.plan.outputs.num_return_sequences])
        return GenerateOutput(rows, (tuple(self.steps),))

    def step(self) -> bool:
        """Extend every hypothesis by a token; tell whether there is a further step."""
        candidates, count = self.candidates(), self.rules.num_beams
        running = list[Hypothesis]()
        for rank, one in enumerate(candidates):
            if not ends_in_eos(self.request, one.tokens):
                running.append(one)
            elif rank < count:
                self.end(one)
            if len(running) == count:
                break
        self.running = self.chosen(running)
        self.placeholders |= any(not one.score > 0.5 * TOTAL and not is_lowest(one.score) for one in self.running)
        self.done = self.is_done(float(np.max([one.score for one in candidates], initial=-np.inf)))
        return not self.done and any(finish_reason(self.request, one.tokens) is None for one in self.running)

    def end(self, one: Hypothesis) -> None:
        """Take a candidate that ends in an EOS."""
        self.add(one)

    def chosen(self, following: list[Hypothesis]) -> list[Hypothesis]:
        """Give those that go on. Raises `Rejected` for fewer than places."""
        if len(following) < self.rules.num_beams:
            raise undrawable("more candidates end than a search can lose.")
        return following

    def drawn(self, totals: "torch.Tensor", wanted: int) -> "torch.Tensor":
        """Draw continuations, in the order of their totals."""
        import torch

        places = super().drawn(totals, wanted)
        return places[torch.sort(totals[places][None], descending=True, dim=1).indices[0]]

    def add(self, one: Hypothesis) -> None:
        """Keep a hypothesis that has ended among the best ones."""
        count = self.rules.num_beams
        score = one.score / len(one.places) ** self.rules.length_penalty
        if len(self.kept) >= count and not score > self.worst:
            return
        self.kept.append(replace(one, score=score, finished=True))
        if len(self.kept) <= count:
            self.worst = min(score, self.worst)
            return
        lowest, following = sorted((kept.score, place) for place, kept in enumerate(self.kept))[:2]
        del self.kept[lowest[1]]
        self.worst = following[0]

    def is_done(self, best: float) -> bool:
        """Tell whether no hypothesis can become better than those that are kept. `best`: the highest total."""
        rules = self.rules
        if len(self.kept) < rules.num_beams or rules.early_stopping is True:
            return len(self.kept) >= rules.num_beams
        length = len(self.running[0].places)
        if rules.early_stopping == "never" and rules.length_penalty > 0:
            length = self.request.plan.length.max_new_tokens
        return bool(self.worst >= best / length ** rules.length_penalty)
