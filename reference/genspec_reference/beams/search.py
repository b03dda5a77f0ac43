"""The loop of the beam modes: steps until no hypothesis is open. Text: docs/spec/beam_search.md."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from genspec.config.decision import Reason, Rejected
from genspec_reference.beams.candidates import (
    Take,
    candidates_of,
    choices_of,
    draws_from_copies,
    score_open,
    totals_of,
)
from genspec_reference.beams.hypotheses import (
    Beams,
    Finished,
    Hypothesis,
    Selection,
    best_first,
    finished_as,
    rules_of,
)
from genspec_reference.beams.margins import margin_of_rows
from genspec_reference.beams.selection import Select, select
from genspec_reference.beams.stop import lead_of_hope, margin_of_stop
from genspec_reference.output import GenerateOutput, Row, Step
from genspec_reference.request import Request
from genspec_reference.select import Choice
from genspec_reference.step import Scored, step_of
from genspec_reference.stopping import finish_reason


@dataclass(frozen=True, slots=True)
class Turn:
    """What one step did to one search."""

    scored: list[Scored]
    choices: list[Choice]
    chosen: tuple[Hypothesis, ...]      # those that go on, unless the search ends with this step
    margin: float
    selection: Selection


def search(request: Request, take: Take, choose: Select = select) -> tuple[tuple[Finished, ...], list[Step]]:
    """Search one row with all beams together, until none is open. BEAM-SEARCH-1 to BEAM-SEARCH-8."""
    beams, steps = started(request, rules_of(request).num_beams), []
    while beams.open:
        turn = turned(request, beams, take, choose)
        steps.append(step_of(request, turn.scored, turn.choices, turn.margin, [turn.selection]))
        beams = turn.selection.after
    return beams.finished, steps


def started(request: Request, size: int) -> Beams:
    """Begin with the prompt alone; with no token to add it is finished already. BEAM-SEARCH-7, BEAM-SAMPLE-1."""
    prompt = Hypothesis(request.prompt)
    reason = finish_reason(request, request.prompt)
    copies = size if draws_from_copies(request) else 1
    return Beams(size, (prompt,) * copies) if reason is None else Beams(size, (), (Finished(prompt, 0.0, reason),))


def turned(request: Request, beams: Beams, take: Take, choose: Select = select, first_beam: int = 0) -> Turn:
    """Take one step. `first_beam`: the number of the search's first open hypothesis. BEAM-SEARCH-1 to BEAM-SEARCH-8."""
    scored = score_open(request, beams.open)
    request = with_time_read(request)
    totals = totals_of(request, beams.open, scored)
    taken = take(request, beams, totals)
    candidates = candidates_of(request, beams.open, totals, taken, first_beam)
    selected, margin = choose(request, beams, taken, candidates, totals)
    lead = lead_of_hope(request, selected, candidates)
    margin = min(margin, margin_of_stop(request, selected, candidates, lead))
    selection = Selection(beams, candidates, ended(request, selected, lead), lead)
    return Turn(scored, choices_of(candidates), selected.open, margin, selection)


def with_time_read(request: Request) -> Request:
    """Read the clock once for the whole step. STOPPING-4."""
    if request.plan.stopping.max_time is None or request.clock is None:
        return request
    now = request.clock()
    return replace(request, clock=lambda: now)


def ended(request: Request, beams: Beams, lead: float) -> Beams:
    """End a search that cannot improve, or whose open hypotheses all end. BEAM-SEARCH-6, BEAM-SEARCH-10."""
    if lead <= 0:
        return replace(beams, open=())
    closed = closing(request, beams.open)
    if len(closed) < len(beams.open):
        return beams
    return replace(beams, open=(), finished=best_first((*beams.finished, *closed)))


def closing(request: Request, hypotheses: Sequence[Hypothesis]) -> tuple[Finished, ...]:
    """Finish the open hypotheses that a stopping rule ends. BEAM-SEARCH-10."""
    reasons = [(hypothesis, finish_reason(request, hypothesis.tokens)) for hypothesis in hypotheses]
    return tuple(finished_as(request, one, reason) for one, reason in reasons if reason is not None)


def output_of(request: Request, finished: Sequence[Finished], steps: list[Step]) -> GenerateOutput:
    """Return the first of the finished hypotheses. BEAM-SEARCH-9, OUTPUTS-6.

    Raises `Rejected` when there is none. SCORES-6
    """
    require_a_hypothesis(finished)
    count = request.plan.outputs.num_return_sequences
    if steps:
        steps[-1] = replace(steps[-1], margin=min(steps[-1].margin, margin_of_rows(finished, count)))
    return GenerateOutput(tuple(row_of(request, one) for one in finished[:count]), (tuple(steps),))


def row_of(request: Request, finished: Finished) -> Row:
    """Write a finished hypothesis as a row."""
    one = finished.hypothesis
    return Row(one.tokens, len(request.prompt), finished.reason, finished.score, one.beam_indices)


def require_a_hypothesis(finished: Sequence[Finished]) -> None:
    """Refuse a search that ends with nothing. SCORES-6."""
    if not finished:
        raise Rejected((Reason(
            "scores", None, "SCORES-6", "no hypothesis can go on, and none is finished.",
            "Ban or force fewer tokens, or set remove_invalid_values.",
        ),))
