"""Group beam search: groups of beams that avoid each other's tokens. Text: docs/spec/group_beam_search.md."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from genspec.config.plan import Operation
from genspec_reference.beams.candidates import by_total
from genspec_reference.beams.hypotheses import Beams, best_first, rules_of
from genspec_reference.beams.margins import margin_of_rows
from genspec_reference.beams.moved import with_moved_rules
from genspec_reference.beams.search import Turn, output_of, started, turned
from genspec_reference.output import GenerateOutput, Step
from genspec_reference.request import Request
from genspec_reference.step import inserted, step_of

BEFORE = frozenset({"guidance", "sequence_bias"})
"""The operations that stand before the penalty of diversity. DIVERSITY-2."""


def group_beam_search(request: Request) -> GenerateOutput:
    """Search with `num_beam_groups` groups, each penalised for the tokens of those before it.

    GROUP-BEAM-SEARCH-1 to GROUP-BEAM-SEARCH-6. Source: Vijayakumar et al., AAAI 2018.
    """
    request, rules = with_moved_rules(request), rules_of(request)
    groups = [started(request, rules.num_beams // rules.num_beam_groups)] * rules.num_beam_groups
    steps: list[Step] = []
    while any(group.open for group in groups):
        turns = turn_of_groups(request, groups)
        steps.append(step_of_groups(request, groups, [turn for turn in turns if turn is not None]))
        groups = [turn.selection.after if turn else group for turn, group in zip(turns, groups, strict=True)]
    finished = best_first(tuple(one for group in groups for one in group.finished[:group.size]))
    return output_of(request, finished, steps)


def turn_of_groups(request: Request, groups: Sequence[Beams]) -> list[Turn | None]:
    """Take one step of every group that has not ended, in order. GROUP-BEAM-SEARCH-2, GROUP-BEAM-SEARCH-3."""
    turns: list[Turn | None] = []
    taken: tuple[int, ...] = ()
    first_beam = 0
    for group in groups:
        turn = turned(penalised(request, taken), group, by_total, first_beam=first_beam) if group.open else None
        taken += tuple(one.tokens[-1] for one in turn.chosen) if turn else ()
        first_beam += len(group.open)
        turns.append(turn)
    return turns


def penalised(request: Request, taken: tuple[int, ...]) -> Request:
    """Put the penalty of diversity into the pipeline. DIVERSITY-2."""
    operations, rules = request.plan.operations, rules_of(request)
    penalty = Operation("diversity", {"penalty": rules.diversity_penalty, "taken": taken}, "DIVERSITY-1")
    later = frozenset(operation.name for operation in operations) - BEFORE
    return replace(request, plan=replace(request.plan, operations=inserted(operations, [penalty], later)))


def step_of_groups(request: Request, groups: Sequence[Beams], turns: Sequence[Turn]) -> Step:
    """Write the step of all groups as one, group after group."""
    scored = [one for turn in turns for one in turn.scored]
    choices = [one for turn in turns for one in turn.choices]
    ended = [turn.selection.after for turn in turns if not turn.selection.after.open]
    pools = [margin_of_rows(group.finished, group.size) for group in ended]
    margin = min([turn.margin for turn in turns] + pools, default=np.inf)
    return step_of(request, scored, choices, margin, [turn.selection for turn in turns])
