"""Beam search and beam sampling: follow the decoder's rows through a search that may rank near totals another way.

A row says with its beam indices which of its beginnings were open, and under which numbers. The search below takes a
step as the reference does, except that totals which the decoder's rounding cannot tell apart may change places: first
so that the rows' beginnings get their numbers, then, where that leads nowhere, in some other orders too.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np

from genspec.conform.oracle.ranking import FEW, Ranking, Wish, near, orders_of, ranked_anew
from genspec_reference import GenerateOutput, Row
from genspec_reference.beams.candidates import Taken, by_race, candidate_count, candidates_of, totals_of
from genspec_reference.beams.hypotheses import Beams, Candidate, Finished, Hypothesis, rules_of
from genspec_reference.beams.search import ended, row_of, started
from genspec_reference.beams.selection import select
from genspec_reference.beams.stop import lead_of_hope
from genspec_reference.output import Step
from genspec_reference.request import Request
from genspec_reference.scores import Scores
from genspec_reference.step import Scored, score_row

Tokens = tuple[int, ...]
BREADTHS, NODES = (1, 3, 12, FEW), 300
"""Orders that are tried of every step, ever more of them, and steps that are tried in all."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A beginning of a row, or all of it. Several hypotheses may have the same tokens. BEAM-SAMPLE-1."""

    tokens: Tokens
    beam_indices: Tokens                            # empty: of a decoder that does not tell them

    def is_that(self, one: Hypothesis) -> bool:
        """Tell whether it is a hypothesis."""
        return self.tokens == one.tokens and self.beam_indices in ((), one.beam_indices)


@dataclass(frozen=True, slots=True)
class Rows:
    """What the rows of an answer say of the search."""

    open: Mapping[int, Mapping[int, Begun]]         # after how many tokens: number -> beginning
    ended: Mapping[int, frozenset[Begun]]           # after how many tokens: the rows that have ended


@dataclass(frozen=True, slots=True)
class Node:
    """A search between two steps, on the way to the rows."""

    beams: Beams
    totals: tuple[float, ...]                       # of the open hypotheses, without rounding
    steps: tuple[Step, ...] = ()


@dataclass(slots=True)
class Followed:
    """The search for a search: what it must end with, and what it has tried."""

    request: Request
    answered: tuple[Row, ...]
    rows: Rows
    epsilon: float                                  # within which totals may change places
    left: int = NODES
    whole: bool = True                              # every order has been tried
    scored: dict[Tokens, Scored] = field(default_factory=dict)


def followed(
    request: Request, answered: tuple[Row, ...], epsilon: float
) -> tuple[GenerateOutput | None, bool]:
    """Give the reference's output when a search with near totals in other places ends in the rows, else None.

    And whether there is no other order of near totals that has not been tried.
    """
    rows = rows_of(answered)
    if rows is None:
        return None, True
    search = Followed(request, answered, rows, epsilon)
    beams = started(request, rules_of(request).num_beams)
    first = Node(beams, (0.0,) * len(beams.open))
    for breadth in BREADTHS:
        search.whole = True
        found = walk(search, first, breadth)
        if found is not None or search.whole:
            return found, search.whole
    return None, False


def rows_of(answered: tuple[Row, ...]) -> Rows | None:
    """Read what rows say of the search; None when two of them contradict each other, or one says nothing.

    Rows without beam indices, of a decoder that does not tell them, say only when they have ended.
    """
    numbered: dict[int, dict[int, Begun]] = defaultdict(dict)
    ended_at: dict[int, set[Begun]] = defaultdict(set)
    told = any(row.beam_indices for row in answered)
    for row in answered:
        if told and len(row.beam_indices) != len(row.new_tokens):
            return None
        for count, number in enumerate(row.beam_indices[1:], start=1):
            begun = Begun(row.tokens[:row.prompt_length + count], row.beam_indices[:count])
            if numbered[count].setdefault(number, begun) != begun:
                return None
        ended_at[len(row.new_tokens)].add(Begun(row.tokens, row.beam_indices))
    return Rows(numbered, {count: frozenset(begun) for count, begun in ended_at.items()})


def walk(search: Followed, node: Node, breadth: int) -> GenerateOutput | None:
    """Go on from a node, depth first."""
    if not node.beams.open:
        return arrived(search, node)
    tried = set[object]()
    for order in range(breadth):
        for after in stepped(search, node, order, breadth):
            key = (after.beams.open, after.beams.finished)
            if search.left <= 0:
                search.whole = False
                return None
            if key not in tried:
                tried.add(key)
                search.left -= 1
                found = walk(search, after, breadth)
                if found is not None:
                    return found
    return None


def stepped(search: Followed, node: Node, order: int, breadth: int) -> Iterator[Node]:
    """Take one step with near totals in one order. Yields nothing when the rows cannot come of it."""
    request, beams, count = search.request, node.beams, len(node.steps) + 1
    scored = [score_of(search, hypothesis.tokens) for hypothesis in beams.open]
    exact = [replace(one, total=total) for one, total in zip(beams.open, node.totals, strict=True)]
    totals = totals_of(request, exact, scored)
    taken = taken_from(request, beams, totals)
    places = {int(place): at for at, place in enumerate(taken.places)}
    ends = np.array([one.reason is not None for one in candidates_of(request, beams.open, totals, taken)], dtype=bool)
    wish = wish_for(search, beams, places, count)
    orders = orders_of(near(totals[taken.places], ~ends, beams.size, search.epsilon))
    search.whole &= orders <= breadth
    if wish is None or order >= orders:
        return
    ranking = ranked_anew(totals[taken.places], ~ends, wish, search.epsilon, order)
    if ranking is None:
        return
    rounded = totals.copy()
    rounded[taken.places[ranking.places]] = ranking.rounded
    candidates = candidates_of(request, beams.open, rounded, retaken(request, taken, ranking, rounded, beams))
    selected, _ = select(request, beams, taken, candidates, rounded)
    step = Step((), np.inf, tuple(one.scores for one in scored), tuple(one.answer.logits for one in scored))
    size = totals.size // len(beams.open)
    for after in endings(search, selected, candidates, count):
        if holds(search, after, count):
            exactly = (totals[one.beam_indices[-1] * size + one.tokens[-1]] for one in after.open)
            yield Node(after, tuple(map(float, exactly)), (*node.steps, step))


def score_of(search: Followed, tokens: Tokens) -> Scored:
    """Score the token after an open hypothesis, once. BEAM-SEARCH-1."""
    if tokens not in search.scored:
        normalised = search.request.plan.profile.beam_input == "log_softmax"
        search.scored[tokens] = score_row(search.request, tokens, normalised=normalised)
    return search.scored[tokens]


def taken_from(request: Request, beams: Beams, totals: Scores) -> Taken:
    """Take the candidates that are drawn; or, without drawing, every continuation there is. float[n * V]."""
    if request.plan.draws:
        return by_race(request, beams, totals)
    places = np.argsort(-totals, kind="stable")
    places = places[totals[places] > -np.inf]
    return Taken(places, totals[places], np.inf)


def retaken(request: Request, taken: Taken, ranking: Ranking, rounded: Scores, beams: Beams) -> Taken:
    """Give the candidates in their new order; those that were drawn stay in the order of the draw. BEAM-SAMPLE-2."""
    if stay_drawn(request):
        return taken
    places = taken.places[ranking.places][:candidate_count(request, beams.size)]
    return Taken(places, rounded[places], np.inf, drawn=taken.drawn)


def stay_drawn(request: Request) -> bool:
    """Tell whether candidates stay in the order of the draw. BEAM-SAMPLE-2."""
    return request.plan.draws and request.plan.profile.drawn_order == "draw"


def wish_for(search: Followed, beams: Beams, places: Mapping[int, int], count: int) -> Wish | None:
    """Tell where the rows' beginnings must stand after a step, or None when one of them has no place at all."""
    numbers: dict[int, int] = {}
    for number, begun in search.rows.open.get(count, {}).items():
        place = place_of(search, beams, places, begun)
        if place is None or number >= beams.size:
            return None
        numbers[place] = number
    high = [place_of(search, beams, places, begun) for begun in search.rows.ended.get(count, ())]
    if None in high:
        return None
    if stay_drawn(search.request):
        high = []                           # no total makes them rank higher
    return Wish(numbers, frozenset(place for place in high if place is not None and place not in numbers), beams.size)


def place_of(search: Followed, beams: Beams, places: Mapping[int, int], begun: Begun) -> int | None:
    """Give the place of a beginning among the candidates, None when it is none."""
    before = Begun(begun.tokens[:-1], begun.beam_indices[:-1])
    number = begun.beam_indices[-1] if begun.beam_indices else None
    size = search.scored[beams.open[0].tokens].scores.size
    found = (places.get(at * size + begun.tokens[-1]) for at, one in enumerate(beams.open)
             if number in (None, at) and before.is_that(one))
    return next((place for place in found if place is not None), None)


def endings(search: Followed, selected: Beams, candidates: tuple[Candidate, ...], count: int) -> Iterator[Beams]:
    """Yield the search after the stop rule: both ways when the rule is near equality. BEAM-SEARCH-6."""
    request = search.request
    lead = lead_of_hope(request, selected, candidates)
    yield ended(request, selected, lead)
    if abs(lead) <= scaled(search, count):
        yield ended(request, selected, 1.0 if lead <= 0 else -1.0)


def scaled(search: Followed, longest: int) -> float:
    """Give the tolerance of scores, which a negative `length_penalty` widens like the scores. BEAM-SEARCH-4."""
    penalty = rules_of(search.request).length_penalty
    return float(search.epsilon * max(1.0, max(1, longest) ** -penalty))


def holds(search: Followed, beams: Beams, count: int) -> bool:
    """Tell whether the search has what the rows say that it has after so many tokens."""
    ended, wanted = search.rows.ended.get(count, frozenset()), search.rows.open.get(count, {})
    return all(
        number < len(beams.open) and begun.is_that(beams.open[number]) for number, begun in wanted.items()
    ) and all(any(begun.is_that(one.hypothesis) for one in beams.finished) for begun in ended)


def arrived(search: Followed, node: Node) -> GenerateOutput | None:
    """Give the output when the rows are what a search that has ended returns. BEAM-SEARCH-9."""
    finished, answered = node.beams.finished, search.answered
    longest = max((len(one.hypothesis.tokens) - len(search.request.prompt) for one in finished), default=1)
    near = scaled(search, longest)
    left, kept = list(finished), list[Finished]()
    for row in answered:
        found = next((one for one in left if identical(row, one)), None)
        if found is None:
            return None
        left.remove(found)
        kept.append(found)
    if len(kept) != min(len(finished), search.request.plan.outputs.num_return_sequences):
        return None
    highest_left = max((one.score for one in left), default=-np.inf)
    if any(after > before + near for before, after in pairwise([*(one.score for one in kept), highest_left])):
        return None
    return GenerateOutput(tuple(row_of(search.request, one) for one in kept), (node.steps,))


def identical(row: Row, finished: Finished) -> bool:
    """Tell whether a row is a finished hypothesis."""
    return row.finish_reason == finished.reason and Begun(row.tokens, row.beam_indices).is_that(finished.hypothesis)
