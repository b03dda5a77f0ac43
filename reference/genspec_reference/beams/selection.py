"""Which candidates finish, and which go on. Text: docs/spec/beam_search.md."""

from collections.abc import Callable, Sequence

from genspec_reference.beams.candidates import Taken
from genspec_reference.beams.hypotheses import Beams, Candidate, Finished, Hypothesis, best_first, finished_as
from genspec_reference.beams.margins import margin_of_selection
from genspec_reference.request import Request
from genspec_reference.scores import Scores

Select = Callable[[Request, Beams, Taken, tuple[Candidate, ...], Scores], tuple[Beams, float]]
"""Give a search after its step, before the stop rule, and the margin of the choice."""


def select(
    request: Request, beams: Beams, taken: Taken, candidates: tuple[Candidate, ...], totals: Scores
) -> tuple[Beams, float]:
    """Let candidates join the finished hypotheses, and the best others go on. BEAM-SEARCH-3, BEAM-SEARCH-8."""
    finished = best_first((*beams.finished, *joining(request, beams.size, candidates)))
    selected = Beams(beams.size, going_on(candidates, beams.size), finished)
    return selected, margin_of_selection(request, beams.size, taken, candidates)


def joining(request: Request, size: int, candidates: Sequence[Candidate]) -> tuple[Finished, ...]:
    """Give the candidates that finish and rank high enough, in the order of their rank. BEAM-SEARCH-3."""
    high = candidates if request.plan.profile.finishing_rank == "any" else candidates[:size]
    return tuple(finished_as(request, one.hypothesis, one.reason) for one in high if one.reason is not None)


def going_on(candidates: Sequence[Candidate], size: int) -> tuple[Hypothesis, ...]:
    """Give the best candidates that do not finish, highest total first. BEAM-SEARCH-8."""
    others = [one.hypothesis for one in candidates if one.reason is None]
    return tuple(sorted(others, key=lambda one: -one.total)[:size])
