"""The law of the rows of beam sampling after one step: exact, over every order in which candidates can be drawn."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import permutations, product

import numpy as np

from genspec.conform.laws.law import Next, constant
from genspec.conform.laws.race import exponential_pairs
from genspec_reference import given_noise
from genspec_reference.beams.candidates import candidate_count
from genspec_reference.decode import run
from genspec_reference.request import Request
from genspec_reference.scores import Scores, log_softmax, softmax
from genspec_reference.step import score_row

Rows = tuple[tuple[int, ...], ...]
"""New tokens of the returned rows, in their order."""
Laws = dict[Rows, float]


@dataclass(frozen=True)
class Outcomes:
    """What an answer may be, numbered."""

    rows: tuple[Rows, ...]

    def number(self, rows: Rows) -> int:
        """Give the number of an answer; behind all others when it is none that there can be."""
        return self.rows.index(rows) if rows in self.rows else len(self.rows)

    def law(self, chances: Laws) -> Next:
        """Write a law as a vector, what is none of the outcomes last. float[n + 1]."""
        given = np.array([chances.get(rows, 0.0) for rows in self.rows])
        return constant(np.append(given, max(0.0, sum(chances.values()) - float(given.sum()))))


def by_orders(request: Request, chance: Callable[[Scores, tuple[int, ...]], float]) -> Laws:
    """Let the reference decode for every order of the draws, each with its chance. BEAM-SAMPLE-1 to BEAM-SAMPLE-5."""
    q = softmax(score_row(request, request.prompt, normalised=True).scores)
    laws: Laws = {}
    for order in permutations(range(q.size), min(q.size, candidate_count(request, beams_of(request)))):
        rows = decoded(request, q, order)
        laws[rows] = laws.get(rows, 0.0) + chance(q, order)
    return laws


def beams_of(request: Request) -> int:
    """Count the beams."""
    assert request.plan.beams is not None
    return request.plan.beams.num_beams


def decoded(request: Request, q: Scores, order: tuple[int, ...]) -> Rows:
    """Decode with noise with which the tokens are drawn in an order."""
    noise = np.ones(q.size * beams_of(request))
    rest = [token for token in range(q.size) if token not in order]
    for place, token in enumerate((*order, *rest)):
        noise[token] = np.exp(log_softmax(np.log(q))[token] + place)      # the race is won by -place
    output = run(replace(request, noise=given_noise([noise])))
    return tuple(row.new_tokens for row in output.rows)


def without_replacement(q: Scores, order: tuple[int, ...]) -> float:
    """Give the chance of an order. SAMPLE-5."""
    left, chance = 1.0, 1.0
    for token in order:
        chance *= float(q[token]) / left
        left -= float(q[token])
    return chance


def other_laws(request: Request) -> Iterator[tuple[str, Laws]]:
    """Draw the candidates of the step in other ways."""
    q = softmax(score_row(request, request.prompt, normalised=True).scores)
    beams, ranked = beams_of(request), [int(token) for token in np.argsort(-q, kind="stable")]
    for option in ("draw", "score"):
        if option != request.plan.profile.drawn_order:
            profile = replace(request.plan.profile, drawn_order=option)
            changed = replace(request, plan=replace(request.plan, profile=profile))
            yield f"drawn_order {option}", by_orders(changed, without_replacement)
    yield "the most probable candidates, always", {tuple((token,) for token in ranked[:beams]): 1.0}
    yield "drawn with replacement", with_replacement(q, beams)
    if request.plan.profile.drawn_order == "draw":
        yield "exponential noise in the place of Gumbel noise", of_pairs(q, exponential_pairs(q))


def with_replacement(q: Scores, beams: int) -> Laws:
    """Draw each candidate from all tokens. float[V]."""
    return of_pairs(q, {drawn: float(np.prod(q[list(drawn)])) for drawn in product(range(q.size), repeat=beams)})


def of_pairs(q: Scores, drawn: Mapping[tuple[int, ...], float]) -> Laws:
    """Return what was drawn first, the highest total first. float[V]."""
    laws: Laws = {}
    for tokens, chance in drawn.items():
        rows = tuple((token,) for token in sorted(tokens, key=lambda token: -q[token]))
        laws[rows] = laws.get(rows, 0.0) + chance
    return laws
