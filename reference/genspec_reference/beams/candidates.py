"""From the scores of the open hypotheses to the candidates of a step. Text: docs/spec/beam_search.md."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from genspec_reference.beams.hypotheses import Beams, Candidate, Hypothesis
from genspec_reference.request import Request
from genspec_reference.scores import Scores, Tokens, descending, highest, log_softmax
from genspec_reference.select import Choice
from genspec_reference.step import Scored, noise_of, score_row
from genspec_reference.stopping import FinishReason, ends_in_eos, finish_reason


@dataclass(frozen=True, slots=True)
class Taken:
    """The places that a step takes from its totals, in the order of their rank."""

    places: Tokens          # int[n]: beam * V + token
    keys: Scores            # float[n]: what they are ranked by
    margin: float           # how far the last one taken leads the first one left
    drawn: bool = False     # by a race


Take = Callable[[Request, Beams, Scores], Taken]
"""Take the candidates from the totals of all continuations. float[n * V]."""


def score_open(request: Request, hypotheses: Sequence[Hypothesis]) -> list[Scored]:
    """Score the next token of every open hypothesis. BEAM-SEARCH-1."""
    start = request.plan.profile.beam_input == "log_softmax"
    return [score_row(request, hypothesis.tokens, normalised=start) for hypothesis in hypotheses]


def totals_of(request: Request, hypotheses: Sequence[Hypothesis], scored: Sequence[Scored]) -> Scores:
    """Give the total of every continuation, at place beam * V + token. float[n * V]. BEAM-SEARCH-1."""
    after = request.plan.profile.beam_input == "logits"
    return np.concatenate([
        hypothesis.total + (log_softmax(one.scores) if after else one.scores)
        for hypothesis, one in zip(hypotheses, scored, strict=True)
    ])


def candidate_count(request: Request, size: int) -> int:
    """Tell how many candidates a step looks at. BEAM-SEARCH-2, BEAM-SAMPLE-1."""
    eos = len(request.plan.stopping.eos_token_ids)
    two = request.plan.profile.beam_candidates == "two" or draws_from_copies(request)
    return size * (2 if two else max(2, 1 + eos))


def draws_from_copies(request: Request) -> bool:
    """Tell whether a search begins with copies of the prompt and draws 2 candidates a beam. BEAM-SAMPLE-1."""
    return request.plan.draws and request.plan.profile.drawn_start == "copies"


def by_total(request: Request, beams: Beams, totals: Scores) -> Taken:
    """Take the highest totals; equal ones lowest beam first, then lowest id. float[n * V]. BEAM-SEARCH-2."""
    return first_of(totals, candidate_count(request, beams.size))


def first_of(keys: Scores, count: int) -> Taken:
    """Take the first `count` places of a ranking, or all that are not minus infinity. float[n * V]. BEAM-SEARCH-2."""
    ranked = highest(keys, count + 1)
    ranked = ranked[keys[ranked] > -np.inf]
    margin = float(keys[ranked[count - 1]] - keys[ranked[count]]) if ranked.size > count else np.inf
    return Taken(ranked[:count], keys[ranked[:count]], margin)


def by_race(request: Request, beams: Beams, totals: Scores) -> Taken:
    """Draw places without replacement from the softmax of all totals. float[n * V]. BEAM-SAMPLE-1, BEAM-SAMPLE-2."""
    slots = beams.size * (totals.size // len(beams.open))
    noise = noise_of(request, beams.open[0].tokens, 0, slots)[:totals.size]
    drawn = first_of(log_softmax(totals) - np.log(noise), candidate_count(request, beams.size))
    if request.plan.profile.drawn_order == "draw":
        return Taken(drawn.places, drawn.keys, drawn.margin, drawn=True)
    places = drawn.places[descending(totals[drawn.places])]
    return Taken(places, totals[places], drawn.margin, drawn=True)


def candidates_of(
    request: Request, hypotheses: Sequence[Hypothesis], totals: Scores, taken: Taken, first_beam: int = 0
) -> tuple[Candidate, ...]:
    """Make the candidates of the places taken, best first. `first_beam`: the number of the first hypothesis."""
    vocab_size = totals.size // len(hypotheses)
    made = []
    for place, key in zip(taken.places.tolist(), taken.keys.tolist(), strict=True):
        beam, token = divmod(place, vocab_size)
        longer = continued(hypotheses[beam], first_beam + beam, token, float(totals[place]))
        made.append(Candidate(longer, key, reason_of(request, longer.tokens)))
    return tuple(made)


def continued(hypothesis: Hypothesis, beam: int, token: int, total: float) -> Hypothesis:
    """Append one token. BEAM-SEARCH-1, BEAM-SEARCH-11."""
    return Hypothesis((*hypothesis.tokens, token), total, (*hypothesis.beam_indices, beam))


def reason_of(request: Request, tokens: tuple[int, ...]) -> FinishReason | None:
    """Tell why a candidate finishes: by any rule, or by an EOS only. BEAM-SEARCH-3, BEAM-SEARCH-10."""
    if request.plan.profile.finishing_rules == "all":
        return finish_reason(request, tokens)
    return FinishReason.EOS if ends_in_eos(request, tokens) else None


def choices_of(candidates: Sequence[Candidate]) -> list[Choice]:
    """Write candidates as choices, each with its lead on the next."""
    keys = [candidate.key for candidate in candidates] + [-np.inf]
    return [
        Choice(one.hypothesis.tokens[-1], one.hypothesis.total, one.key - following, one.hypothesis.beam_indices[-1])
        for one, following in zip(candidates, keys[1:], strict=True)
    ]
