"""A batch of searches in the modes that transformers moved out, step by step."""

from dataclasses import dataclass, replace

import numpy as np

from genspec.config.mode import Mode
from genspec.conform.deviations.made.first_cache import Behind
from genspec.conform.deviations.made.moved_search import Group, Moved, Quirk
from genspec.conform.deviations.made.moved_words import Constrained, by_score
from genspec.conform.deviations.made.search import Hypothesis, undrawable
from genspec.conform.oracle.numbers import unfilled
from genspec_reference import GenerateOutput, Step
from genspec_reference.beams.hypotheses import rules_of
from genspec_reference.beams.moved import with_moved_rules
from genspec_reference.request import Request
from genspec_reference.scores import Scores


@dataclass
class Batch:
    """The searches of all prompts: of each its groups, or the one for all its places."""

    prompts: list[list[Moved]]
    quirks: frozenset[Quirk]

    def run(self) -> None:
        """Search until all have ended. Raises `Rejected` where transformers raises."""
        for one in self.searches:
            one.begin()
        while not self.stopped():
            self.step()

    @property
    def searches(self) -> list[Moved]:
        """Return the searches of all prompts."""
        return [one for groups in self.prompts for one in groups]

    def stopped(self) -> bool:
        """Tell whether all searches have ended: each by itself, or all places at once."""
        if Quirk.TOGETHER in self.quirks:
            return all(one.done for one in self.searches) or all(one.closed for one in self.searches)
        return all(one.done or one.closed for one in self.searches)

    def step(self) -> None:
        """Let every group take a step, and those of one number in the order of their prompts."""
        taken: list[tuple[int, ...]] = [()] * len(self.prompts)
        for searches in zip(*self.prompts, strict=True):
            filling = first_of(searches[0])
            for number, one in enumerate(searches):
                pads = one.done
                taken[number] += one.turn(taken[number], filling)
                if pads and any(not other.done for other in self.prompts[number]):
                    one.acted |= self.quirks & {Quirk.PADS}

    def output(self, number: int) -> GenerateOutput:
        """Give the rows of one prompt."""
        searches = self.prompts[number]
        if isinstance(searches[0], Constrained):
            return searches[0].output()
        kept = list[Hypothesis]()
        for group, one in enumerate(searches):
            for place, hypothesis in enumerate([] if one.done else one.running):
                one.add(replace(hypothesis, told=self.indices(number, group, place)))
            kept += one.kept
        if not kept:
            raise undrawable("no hypothesis can go on, and none is finished.")
        count = searches[0].request.plan.outputs.num_return_sequences
        ranked = sorted(kept, key=by_score)[::-1][:count]
        first = number * rules_of(searches[0].request).num_beams * len(searches)
        rows = tuple(searches[0].row(self.told(one, first, searches[0])) for one in ranked)
        return GenerateOutput(rows, (joined(searches),))

    def told(self, one: Hypothesis, first: int, search: Moved) -> Hypothesis:
        """Give a hypothesis with the beam indices that are read of it: counted within the prompt."""
        new = len(one.tokens) - len(search.request.prompt)
        told = unfilled(tuple(index - first for index in one.told or ()), new)
        if Quirk.NUMBERS not in self.quirks or told == one.places:
            return replace(one, told=None)
        search.acted.add(Quirk.NUMBERS)
        return replace(one, told=told)

    def indices(self, number: int, group: int, place: int) -> tuple[int, ...]:
        """Give the beam indices that a hypothesis is told to have, from lists that are one a group."""
        groups, size = self.prompts[0], rules_of(self.prompts[0][0].request).num_beams
        listed, line = divmod((number * len(groups) + group) * size + place, len(self.prompts) * size)
        found = self.prompts[line // size][listed]
        raw = found.raw if isinstance(found, Group) else []
        return raw[line % size] if line % size < len(raw) else ()


def first_of(search: Moved) -> Hypothesis | None:
    """Give the hypothesis at the first place, with the beam indices that it is told to have."""
    if not search.running:
        return None
    return replace(search.running[0], told=search.raw[0] if isinstance(search, Group) else None)


def joined(searches: list[Moved]) -> tuple[Step, ...]:
    """Write the steps of groups as one each."""
    count = max(len(one.steps) for one in searches)
    steps = [[one.steps[number] for one in searches if number < len(one.steps)] for number in range(count)]
    return tuple(
        Step((), np.inf, scores=vectors_of(groups, "scores"), logits=vectors_of(groups, "logits")) for groups in steps
    )


def vectors_of(steps: list[Step], name: str) -> tuple[Scores, ...] | None:
    """Give what was kept in the steps of groups, one after the other; None where nothing was."""
    return tuple(vector for step in steps for vector in getattr(step, name) or ()) or None


def batch_of(
    requests: list[Request], quirks: frozenset[Quirk], *, behind: Behind, sees_eos: bool, rounding: int
) -> Batch:
    """Make the searches of all prompts."""
    prompts = list[list[Moved]]()
    for number, given in enumerate(requests):
        request = with_moved_rules(given)
        if request.plan.mode is Mode.CONSTRAINED_BEAM_SEARCH:
            prompts.append([Constrained(request, rounding, quirks=quirks, sees_eos=sees_eos)])
            continue
        rules = rules_of(request)
        size = rules.num_beams // rules.num_beam_groups
        small = replace(request, plan=replace(request.plan, beams=replace(rules, num_beams=size)))
        ended = behind(small, requests[0]) if number else small
        groups = [
            Group(
                small, rounding, quirks=quirks, sees_eos=sees_eos, place=place, plain=small, ended=ended, number=number
            ) for place in range(rules.num_beam_groups)
        ]
        for one in groups:
            one.leader = groups[0]
        prompts.append([*groups])
    return Batch(prompts, quirks)
