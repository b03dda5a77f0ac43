"""The law of several rows that one call returns: exact, all rows of an answer one symbol. SAMPLE-4."""

from collections.abc import Iterator
from itertools import permutations, product

import numpy as np

from genspec.conform.laws.beams import Laws, Outcomes, Rows, without_replacement
from genspec.conform.laws.law import Law
from genspec.conform.laws.reference import next_token
from genspec_reference.request import Request
from genspec_reference.scores import Scores


def rows_law(request: Request, count: int) -> tuple[Law, Outcomes]:
    """Give the law of so many rows of one token each."""
    q = next_token(request)(request.prompt)
    null, others = independent(q, count), dict(other_laws(q, count))
    outcomes = Outcomes(tuple(sorted(null)))
    return Law(outcomes.law(null), {label: outcomes.law(other) for label, other in others.items()}), outcomes


def independent(q: Scores, count: int) -> Laws:
    """Draw each row from all tokens. float[V]."""
    return {written(drawn): float(np.prod(q[list(drawn)])) for drawn in product(tokens_of(q), repeat=count)}


def tokens_of(q: Scores) -> list[int]:
    """Name the tokens that can come. float[V]."""
    return [int(token) for token in np.flatnonzero(q)]


def other_laws(q: Scores, count: int) -> Iterator[tuple[str, Laws]]:
    """Return the rows in an order, or each token once. float[V]."""
    for label, sign in (("the best row first", -1), ("the best row last", 1)):
        yield label, ordered(q, count, sign * q)
    yield "rows that are drawn without replacement", {
        written(drawn): without_replacement(q, drawn) for drawn in permutations(tokens_of(q), count)}


def ordered(q: Scores, count: int, places: Scores) -> Laws:
    """Sort rows that are drawn independently by the places of their tokens, lowest first. float[V], float[V]."""
    laws: Laws = {}
    for rows, chance in independent(q, count).items():
        name = tuple(sorted(rows, key=lambda row: places[row[0]]))
        laws[name] = laws.get(name, 0.0) + chance
    return laws


def written(drawn: tuple[int, ...]) -> Rows:
    """Write tokens as rows of one token."""
    return tuple((token,) for token in drawn)
