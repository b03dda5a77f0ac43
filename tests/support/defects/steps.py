"""The steps of a search with beams, written wrongly."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from genspec_reference.beams.hypotheses import Beams
from genspec_reference.scores import highest, log_softmax
from genspec_reference.stopping import FinishReason


def count(change: Callable[[int], int]) -> Callable[[Any], Any]:
    return lambda right: lambda request, size: max(1, change(right(request, size)))


def totals(change: Callable[[Any, Any], Any]) -> Callable[[Any], Any]:
    """Change the totals of all continuations: of the hypotheses and their scores."""
    return lambda right: lambda request, hypotheses, scored: change(hypotheses, [one.scores for one in scored])


def bare(hypotheses: Any, scores: Any) -> Any:
    return np.concatenate(scores)


def averaged(hypotheses: Any, scores: Any) -> Any:
    """Rank by the mean so far."""
    return np.concatenate(
        [(one.total + s) / (1 + len(one.beam_indices)) for one, s in zip(hypotheses, scores, strict=True)]
    )


def again_normalised(hypotheses: Any, scores: Any) -> Any:
    return np.concatenate([one.total + log_softmax(s) for one, s in zip(hypotheses, scores, strict=True)])


def of_one_parent(right: Any) -> Any:
    """Take the best tokens of each hypothesis, one a hypothesis."""

    def wrong(request: Any, beams: Any, totals: Any) -> Any:
        vocab = totals.size // len(beams.open)
        kept = np.full_like(totals, -np.inf)
        each = max(2, beams.size)
        for place in range(len(beams.open)):
            part = totals[place * vocab : (place + 1) * vocab]
            best = highest(part, max(1, math.ceil(each / len(beams.open))))
            kept[place * vocab + best] = part[best]
        return right(request, beams, kept)

    return wrong


def indices(change: Callable[[int, int], int]) -> Callable[[Any], Any]:
    """Record another parent: of the number of the parent and the step."""

    def made(right: Any) -> Any:
        def wrong(hypothesis: Any, beam: int, token: int, total: float) -> Any:
            return right(hypothesis, change(beam, len(hypothesis.beam_indices)), token, total)

        return wrong

    return made


def stale_beams(right: Any) -> Any:
    """Read for a hypothesis what another one has read: the cache is not reordered."""

    def wrong(request: Any, hypotheses: Any) -> Any:
        prompt = len(request.prompt)
        first = hypotheses[0].tokens
        return [
            right(
                request,
                [replace(one, tokens=(*first[:-1], one.tokens[-1]) if len(one.tokens) > prompt + 1 else one.tokens)],
            )[0]
            for one in hypotheses
        ]

    return wrong


def stale_context(right: Any) -> Any:
    """Let operations read the row of the first hypothesis."""

    def wrong(request: Any, hypotheses: Any) -> Any:
        from genspec_reference.model import evaluate

        return [
            right(request, [hypotheses[0]])[0]
            if len(hypotheses) == 1
            else scored_as(request, one.tokens, hypotheses[0].tokens, evaluate)
            for one in hypotheses
        ]

    return wrong


def scored_as(request: Any, tokens: Any, other: Any, evaluate: Any) -> Any:
    from genspec_reference.step import score_row

    answer = evaluate(request.model, tokens, request.source)
    return score_row(request, other, answer=answer, normalised=request.plan.profile.beam_input == "log_softmax")


def selecting(change: Callable[[Any, Any, tuple[Any, ...]], Any]) -> Callable[[Any], Any]:
    """Change a search after its step."""

    def made(right: Any) -> Any:
        def wrong(request: Any, beams: Any, take: Any, choose: Any, first_beam: int = 0) -> Any:
            def chosen(request: Any, beams: Any, taken: Any, candidates: Any, totals: Any) -> Any:
                selected, margin = choose(request, beams, taken, candidates, totals)
                return change(beams, selected, candidates), margin

            return right(request, beams, take, chosen, first_beam)

        return wrong

    return made


def eos_goes_on(before: Any, selected: Any, candidates: Any) -> Any:
    best = tuple(one.hypothesis for one in candidates)[: selected.size]
    return replace(selected, open=best)


def pool_first_come(before: Any, selected: Any, candidates: Any) -> Any:
    """Let a full pool take no better hypothesis."""
    if len(before.finished) < selected.size:
        return selected
    return replace(selected, finished=before.finished)


def pool_newest(before: Any, selected: Any, candidates: Any) -> Any:
    """Replace the worst finished hypothesis by the newest, even when it is worse."""
    new = [one for one in selected.finished if one not in before.finished]
    kept = before.finished[: max(0, selected.size - len(new))]
    return replace(selected, finished=tuple(sorted((*kept, *new), key=lambda one: -one.score)))


def fewer_open(before: Any, selected: Any, candidates: Any) -> Any:
    """Lose a beam with each candidate that finishes."""
    ended = sum(one.reason is not None for one in candidates[: selected.size])
    return replace(selected, open=selected.open[: max(1, selected.size - ended)] if selected.open else selected.open)


def worst_open(before: Any, selected: Any, candidates: Any) -> Any:
    others = [one.hypothesis for one in candidates if one.reason is None]
    return replace(selected, open=tuple(others[-selected.size :]))


def hope(change: Callable[..., float]) -> Callable[[Any], Any]:
    return lambda right: lambda request, beams, candidates: change(right, request, beams, candidates)


def at_once(right: Any, request: Any, beams: Any, candidates: Any) -> float:
    return -np.inf if beams.finished else right(request, beams, candidates)


def never_ends(right: Any, request: Any, beams: Any, candidates: Any) -> float:
    return np.inf if beams.open else right(request, beams, candidates)


def of_best(right: Any, request: Any, beams: Any, candidates: Any) -> float:
    """Compare with the best finished hypothesis, not with the worst."""
    if len(beams.finished) < beams.size:
        return right(request, beams, candidates)
    worst = beams.finished[beams.size - 1].score
    lead = right(request, beams, candidates)
    return lead + worst - beams.finished[0].score


def pool_of_one(right: Any, request: Any, beams: Any, candidates: Any) -> float:
    """Take a pool for full with one fewer."""
    full = max(1, beams.size - 1)
    if len(beams.finished) >= full and len(beams.finished) < beams.size:
        return right(request, replace(beams, size=full), candidates)
    return right(request, beams, candidates)


def normalising(change: Callable[[Any, Any, float, int, bool], float]) -> Callable[[Any], Any]:
    return lambda right: (
        lambda request, total, new_tokens, ends_in_eos: change(right, request, total, new_tokens, ends_in_eos)
    )


def penalty_of(request: Any) -> float:
    return request.plan.beams.length_penalty


def with_penalty(change: Callable[[float], float]) -> Any:
    def wrong(right: Any, request: Any, total: float, new_tokens: int, ends: bool) -> float:
        beams = replace(request.plan.beams, length_penalty=change(penalty_of(request)))
        return right(replace(request, plan=replace(request.plan, beams=beams)), total, new_tokens, ends)

    return normalising(wrong)


def eos_alone(before: Any, selected: Any, candidates: Any) -> Any:
    """Lose what ends by its length when something has ended in an EOS."""
    ended = tuple(one for one in selected.finished if one.reason is FinishReason.EOS)
    return replace(selected, finished=ended) if ended else selected


def closing_always(right: Any) -> Any:
    """Open hypotheses join the finished ones whenever a search ends."""

    def wrong(request: Any, beams: Any, lead: float) -> Any:
        from genspec_reference.beams.hypotheses import best_first, finished_as

        found = right(request, beams, lead)
        if found.open or not beams.open:
            return found
        added = [finished_as(request, one, FinishReason.LENGTH) for one in beams.open]
        return replace(found, finished=best_first((*beams.finished, *added)))

    return wrong


def returned(change: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda right: lambda request, finished, steps: right(request, change(tuple(finished)), steps)


def by_total_score(finished: Any) -> Any:
    return tuple(sorted(finished, key=lambda one: -one.hypothesis.total))


def shortest_first(finished: Any) -> Any:
    return tuple(sorted(finished, key=lambda one: len(one.hypothesis.tokens)))


def open_copies(right: Any) -> Any:
    def wrong(request: Any, size: int) -> Any:
        found = right(request, size)
        return Beams(size, found.open * size, found.finished)

    return wrong
