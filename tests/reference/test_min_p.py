"""Min-p. Text: docs/spec/min_p.md."""

import math
from collections.abc import Iterator
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.clauses import clauses
from support.drawn import Made, random_cases
from support.hf_processors import processed
from support.plans import planned, refusing_clauses
from support.strategies import described, score_vectors
from support.truncation import (
    ignores_a_shift,
    kept,
    knows_no_ids,
    reordered,
    same_but_for_ties,
    takes_away,
    with_choices,
)
from support.vectors import Case, generate_case, operation_case, pipeline_case

from genspec_reference.operations.min_p import min_p, min_p_margin
from genspec_reference.scores import Scores, descending
from genspec_reference.scripted import Scripted

INF = np.inf
NEAR = 1e-9     # nearer to the cutoff than this rounding decides
PARTS = st.floats(2**-20, 1)


@given(scores=score_vectors(), p=PARTS)
@clauses("MIN-P-2", "MIN-P-4")
def test_min_p_keeps_what_is_near_enough_to_the_most_probable(scores: Scores, p: float) -> None:
    """A ratio of probabilities is a difference of scores: no softmax is needed to say who stays."""
    after = takes_away(lambda s: min_p(s, p), scores)
    if min_p_margin(scores, p) > NEAR:
        expected = {t for t in kept(scores) if max(scores) - scores[t] <= -math.log(p)}
        assert kept(after) == expected, described(scores=scores, p=p, after=after)


@given(scores=score_vectors(), p=PARTS, least=st.integers(1, 40))
@clauses("MIN-P-3")
def test_min_p_keeps_min_keep_tokens(scores: Scores, p: float, least: int) -> None:
    first = set(descending(scores)[:least].tolist()) & kept(scores)
    assert kept(min_p(scores, p, least)) == kept(min_p(scores, p)) | first, described(scores=scores, p=p, least=least)


@given(scores=score_vectors())
@clauses("MIN-P-1", "MIN-P-2")
def test_min_p_of_one_keeps_the_most_probable_tokens(scores: Scores) -> None:
    assert kept(min_p(scores, 1)) == {t for t in kept(scores) if scores[t] == max(scores)}


@pytest.mark.parametrize(("p", "stay"), [(0.5, {0}), (2 / 5, {0, 1, 2}), (0.4000001, {0}), (0.2, {0, 1, 2, 3})])
@clauses("MIN-P-2")
def test_min_p_boundary(p: float, stay: set[int]) -> None:
    assert kept(min_p(np.log([0.5, 0.2 + 1e-12, 0.2 + 1e-12, 0.1 + 1e-12]), p)) == stay


@clauses("MIN-P-3")
def test_min_p_ties_at_min_keep_keep_the_lowest_id() -> None:
    assert kept(min_p(np.array([5.0, 0.0, 0.0, 0.0]), 0.5, 2)) == {0, 1}


@clauses("MIN-P-4")
def test_min_p_never_gives_a_token_back() -> None:
    assert min_p(np.array([-INF, 1.0, -INF]), 0.5, 3).tolist() == [-INF, 1.0, -INF]
    assert min_p(np.full(2, -INF), 0.5, 2).tolist() == [-INF, -INF]


@given(scores=score_vectors(), p=PARTS, r=PARTS, shift=st.integers(-20, 20))
@clauses("MIN-P-2")
def test_min_p_laws(scores: Scores, p: float, r: float, shift: int) -> None:
    values = described(scores=scores, p=p, r=r)
    assert kept(min_p(scores, max(p, r))) <= kept(min_p(scores, min(p, r))), values
    ignores_a_shift(lambda s: min_p(s, p), scores, shift)
    if min_p_margin(scores, p) > NEAR:
        once = min_p(scores, p)
        np.testing.assert_array_equal(min_p(once, p), once, err_msg=values)


@given(case=reordered(score_vectors()), p=PARTS)
@clauses("MIN-P-2")
def test_min_p_knows_no_ids(case: tuple[Scores, list[int]], p: float) -> None:
    if min_p_margin(case[0], p) > NEAR:
        knows_no_ids(lambda s: min_p(s, p), *case)


@clauses("MIN-P-2", "MIN-P-3")
def test_min_p_margin_is_the_way_to_the_cutoff() -> None:
    scores = np.array([2.0, 1.0, 0.0, -INF])
    assert min_p_margin(scores, math.exp(-0.75)) == pytest.approx(0.25)
    assert min_p_margin(scores, math.exp(-1.75)) == pytest.approx(0.25)
    assert min_p_margin(scores, math.exp(-1)) == pytest.approx(0)
    assert min_p_margin(scores, math.exp(-0.25), 2) == pytest.approx(1), "the second stays anyway, before the third"
    assert min_p_margin(np.array([2.0, 2.0]), 1) == INF, "both are the most probable"
    assert min_p_margin(np.array([3.0, 0.0, 0.0]), 0.5, 2) == pytest.approx(3 - math.log(2)), "free among equals"
    assert min_p_margin(np.full(2, -INF), 0.5) == INF


@given(scores=score_vectors(), p=PARTS, least=st.integers(1, 4))
@clauses("MIN-P-2", "MIN-P-3", "MIN-P-4")
def test_min_p_against_transformers(scores: Scores, p: float, least: int) -> None:
    if min_p_margin(scores, p, least) > NEAR:
        same_but_for_ties(min_p(scores, p, least), processed("MinPLogitsWarper", [0], scores, p, -INF, least), scores)


@clauses("MIN-P-1", "MIN-P-3")
def test_min_p_in_a_plan() -> None:
    operation = planned("min_p", {"do_sample": True, "num_beams": 2, "min_p": 0.25, "eos_token_id": [2, 3]})
    assert operation is not None
    assert operation.arguments == {"p": 0.25, "min_keep": 3}
    assert planned("min_p", {"do_sample": True, "min_p": 0}) is None
    assert refusing_clauses({"min_p": 1.5}) == {"MIN-P-1"}


def drawn(rng: Random, size: int) -> Made:
    return {"p": rng.choice((1, 2, 3, 5, 8, 16, 24, 32)) / 32, "min_keep": rng.choice((1, 1, 1, 2, 3))}, {}


def vectors() -> Iterator[Case]:
    yield from with_choices(written_cases())
    yield from with_choices(random_cases("min_p", ["MIN-P-2", "MIN-P-3", "MIN-P-4"], drawn, count=36))
    steps = [("temperature", {"temperature": 2}), ("min_p", {"p": 0.25, "min_keep": 1})]
    yield pipeline_case("law-of-a-token", ["MIN-P-2"], [4.0, 2.5, 1.0, 0.0], steps, distribution=True)
    model = Scripted("table", 3, 8)
    for name, p in (("above-one", 1.5), ("below-zero", -0.25)):
        yield generate_case(name, ["MIN-P-1"], {"do_sample": True, "min_p": p}, [1], model, flags=("refused",))


def written_cases() -> Iterator[Case]:
    rows: list[tuple[str, str, list[float], dict[str, float], tuple[str, ...], str]] = [
        ("half", "2", [2.0, 1.5, 1.0, 0.0], {"p": 0.5}, (), ""),
        ("one-keeps-the-highest", "1", [2.0, 2.0, 1.0], {"p": 1}, ("boundary", "tie"), "q = 1 · max q is kept."),
        ("one-keeps-all-equal", "1", [0.5] * 5, {"p": 1}, ("boundary", "tie"), "All are the most probable."),
        ("small-part", "2", [2.0, -2.0, -4.0], {"p": 0.0078125}, (), ""),
        ("min-keep-below-the-cutoff", "3", [3.0, -1.0, 0.0, -2.0], {"p": 0.5, "min_keep": 2}, (), ""),
        ("min-keep-among-equal", "3", [3.0, 0.0, 0.0, 0.0], {"p": 0.5, "min_keep": 2}, ("tie",), ""),
        ("min-keep-is-inside", "3", [3.0, 2.5, 2.75, -2.0], {"p": 0.5, "min_keep": 2}, (), ""),
        ("min-keep-above-v", "3", [3.0, -1.0], {"p": 1, "min_keep": 3}, ("small-vocabulary",), ""),
        ("masked-tokens", "4", [1.0, -INF, 0.5, -INF], {"p": 0.5, "min_keep": 3}, ("masked",), ""),
        ("vocabulary-of-one", "2", [-2.0], {"p": 1}, ("small-vocabulary",), ""),
        ("nothing-left", "4", [-INF] * 3, {"p": 0.5, "min_keep": 2}, ("masked", "all-masked"), ""),
    ]
    for name, clause, scores, arguments, flags, note in rows:
        yield operation_case(name, [f"MIN-P-{clause}"], "min_p", scores, arguments, flags=flags, note=note)
