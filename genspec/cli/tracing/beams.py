"""A step of a beam mode: the open hypotheses, the candidates, what becomes of each, and the stop rule."""

from collections.abc import Iterator

import numpy as np

from genspec.cli.tracing.rows import shown_row
from genspec.cli.tracing.run import Trace
from genspec.cli.tracing.table import columns_of, distance, number, table_lines
from genspec.cli.tracing.view import View
from genspec.lint.report.paint import BOLD, CYAN, FAINT, GREEN, Paint
from genspec_reference import Step
from genspec_reference.beams.hypotheses import Candidate, Hypothesis, Selection
from genspec_reference.stopping import FinishReason


def beam_lines(view: View, step: Step, place: int) -> Iterator[str]:
    """Yield one step of all groups."""
    paint, count, first = view.paint, len(step.applied), 0
    yield paint(f"Step {place + 1}", BOLD) + f": {count} open {'hypothesis' if count == 1 else 'hypotheses'}"
    for group, selection in enumerate(step.selections, start=1):
        if len(step.selections) > 1:
            yield f"  {paint(f'Group {group}', BOLD)}"
        yield from hypothesis_lines(view, step, selection, first)
        yield from candidate_lines(selection, paint)
        yield f"  {verdict(view.trace, selection, paint)}"
        first += len(selection.before.open)


def hypothesis_lines(view: View, step: Step, selection: Selection, first: int) -> Iterator[str]:
    """Yield the tables of the open hypotheses. Those of their tokens that became candidates have a star.

    `first`: the number of the group's first hypothesis.
    """
    for beam, hypothesis in enumerate(selection.before.open, start=first):
        row = shown_row(hypothesis.tokens, len(view.trace.request.prompt))
        yield f"  {view.paint(f'hypothesis {beam}', BOLD)}: {row}   total {number(hypothesis.total)}"
        tokens = [one.hypothesis.tokens[-1] for one in selection.candidates if one.hypothesis.beam_indices[-1] == beam]
        applied = step.applied[beam]
        yield from table_lines(applied, columns_of(applied, tokens, [], view.top), False, "    ", view.paint)


def candidate_lines(selection: Selection, paint: Paint) -> Iterator[str]:
    """Yield the candidates and what becomes of each, then the hypotheses that a condition brought in.

    The candidates stand in the order of their ranks: best first, in beam sampling as they were drawn. BEAM-SAMPLE-2
    """
    yield f"  {paint('candidates', BOLD)}"
    yield f"    {'from':>4}{'token':>8}{'total':>10}"
    for candidate in selection.candidates:
        yield f"    {one_line(candidate.hypothesis)}   {fate(candidate, selection, paint)}"
    known = {candidate.hypothesis for candidate in selection.candidates}
    for hypothesis in selection.after.open:
        if hypothesis not in known:
            yield f"    {one_line(hypothesis)}   {paint('goes on', GREEN)}, for a condition"
    known.update(one.hypothesis for one in selection.before.finished)
    for one in selection.after.finished:
        if one.hypothesis not in known:
            yield f"    {one_line(one.hypothesis)}   {finishes(one.reason, one.score, paint)}, kept for a condition"


def one_line(hypothesis: Hypothesis) -> str:
    """Write a hypothesis by its last step."""
    return f"{hypothesis.beam_indices[-1]:>4}{hypothesis.tokens[-1]:>8}{number(hypothesis.total):>10}"


def fate(candidate: Candidate, selection: Selection, paint: Paint) -> str:
    """Say what becomes of a candidate."""
    score = next((one.score for one in selection.after.finished if one.hypothesis == candidate.hypothesis), None)
    if score is not None:
        return finishes(candidate.reason or FinishReason.LENGTH, score, paint)
    if candidate.hypothesis in selection.after.open:
        return paint("goes on", GREEN)
    if candidate.reason is not None:
        return f"ends by {candidate.reason}, but not among the first {selection.before.size}" + clause("3", paint)
    return paint("is dropped", FAINT)


def finishes(reason: FinishReason, score: float, paint: Paint) -> str:
    """Say why a hypothesis finishes, and with which score."""
    return f"{paint('finishes', CYAN)} by {reason}, score {number(score)}"


def verdict(trace: Trace, selection: Selection, paint: Paint) -> str:
    """Say whether the search goes on, and by which rule."""
    size, lead = selection.after.size, selection.lead
    pool = f"{min(len(selection.after.finished), size)} of {size} finished"
    if selection.after.open:
        hope = "" if lead == np.inf else f", an open one may beat the worst by {distance(lead)}"
        return f"goes on: {pool}{hope}" + clause("6", paint)
    if lead > 0:
        return f"ends: {pool}, every open hypothesis has ended" + clause("10", paint)
    if lead > -np.inf:
        return f"ends: {pool}, the best open one falls short of the worst by {distance(-lead)}" + clause("6", paint)
    beams = trace.request.plan.beams
    early = beams is not None and beams.early_stopping is True
    return f"ends: {pool}, {'and early_stopping is true' if early else 'none is open'}" + clause("6", paint)


def clause(number_of_clause: str, paint: Paint) -> str:
    """Cite a clause of beam search behind a line."""
    return "  " + paint(f"[BEAM-SEARCH-{number_of_clause}]", CYAN)
