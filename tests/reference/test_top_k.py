"""The k highest scores. Text: docs/spec/top_k.md."""

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
from support.truncation import ignores_a_shift, kept, knows_no_ids, reordered, takes_away, with_choices
from support.vectors import Case, generate_case, operation_case, pipeline_case

from genspec_reference.operations.top_k import top_k, top_k_margin
from genspec_reference.scores import Scores, descending
from genspec_reference.scripted import Scripted

INF = np.inf
COUNTS = st.integers(1, 40)


@given(scores=score_vectors(), k=COUNTS)
@clauses("TOP-K-3", "TOP-K-5")
def test_top_k_keeps_tokens_with_fewer_than_k_above(scores: Scores, k: int) -> None:
    after = takes_away(lambda s: top_k(s, k), scores)
    expected = {t for t in kept(scores) if sum(scores > scores[t]) < k}
    assert kept(after) == expected, described(scores=scores, k=k, after=after)


@given(scores=score_vectors(), k=COUNTS)
@clauses("TOP-K-4", "TOP-K-5")
def test_top_k_exact_keeps_k_of_the_highest(scores: Scores, k: int) -> None:
    after = takes_away(lambda s: top_k(s, k, top_k_ties="exact"), scores)
    stay, values = kept(after), described(scores=scores, k=k, after=after)
    assert len(stay) == min(k, len(kept(scores))), values
    assert all((scores[t], -t) > (scores[u], -u) for t in stay for u in kept(scores) - stay), values
    assert stay <= kept(top_k(scores, k)), values


@given(scores=score_vectors(), more=st.integers(0, 3))
@clauses("TOP-K-1", "TOP-K-3", "TOP-K-4")
def test_top_k_of_v_or_more_is_the_identity(scores: Scores, more: int) -> None:
    for ties in ("kept", "exact"):
        np.testing.assert_array_equal(top_k(scores, scores.size + more, top_k_ties=ties), scores)


@given(scores=score_vectors(), k=COUNTS, least=COUNTS)
@clauses("TOP-K-2")
def test_top_k_is_at_least_min_keep(scores: Scores, k: int, least: int) -> None:
    for ties in ("kept", "exact"):
        np.testing.assert_array_equal(
            top_k(scores, k, least, top_k_ties=ties), top_k(scores, max(k, least), top_k_ties=ties)
        )


@clauses("TOP-K-3", "TOP-K-4")
def test_top_k_boundary_equal_to_the_kth() -> None:
    scores = np.array([1.0, 3.0, 3.0, 3.0, 0.0])
    assert kept(top_k(scores, 2)) == {1, 2, 3}
    assert kept(top_k(scores, 2, top_k_ties="exact")) == {1, 2}
    assert kept(top_k(scores, 3)) == kept(top_k(scores, 3, top_k_ties="exact")) == {1, 2, 3}
    assert kept(top_k(scores, 4)) == {0, 1, 2, 3}


@clauses("TOP-K-5")
def test_top_k_never_gives_a_token_back() -> None:
    few = np.array([-INF, 2.0, -INF, 1.0])
    for ties in ("kept", "exact"):
        assert top_k(few, 3, top_k_ties=ties).tolist() == few.tolist()
        assert top_k(np.full(3, -INF), 2, top_k_ties=ties).tolist() == [-INF] * 3


@given(scores=score_vectors(), k=COUNTS, j=COUNTS, shift=st.integers(-20, 20))
@clauses("TOP-K-3", "TOP-K-4")
def test_top_k_laws(scores: Scores, k: int, j: int, shift: int) -> None:
    for ties in ("kept", "exact"):
        once = top_k(scores, k, top_k_ties=ties)
        values = described(scores=scores, k=k, j=j, ties=ties)
        np.testing.assert_array_equal(top_k(once, k, top_k_ties=ties), once, err_msg=values)
        fewer, more = (top_k(scores, count, top_k_ties=ties) for count in (min(j, k), max(j, k)))
        assert kept(fewer) <= kept(more), values
        np.testing.assert_array_equal(top_k(more, min(j, k), top_k_ties=ties), fewer, err_msg=values)
        ignores_a_shift(lambda s, ties=ties: top_k(s, k, top_k_ties=ties), scores, shift)


@given(case=reordered(score_vectors()), k=COUNTS)
@clauses("TOP-K-3")
def test_top_k_knows_no_ids(case: tuple[Scores, list[int]], k: int) -> None:
    knows_no_ids(lambda s: top_k(s, k), *case)


@clauses("TOP-K-3", "TOP-K-4")
def test_top_k_margin_is_the_lead_on_the_next_score() -> None:
    scores = np.array([1.0, 3.0, 3.0, 0.5, -INF])
    assert top_k_margin(scores, 1) == 2.0
    assert top_k_margin(scores, 3) == 0.5
    assert top_k_margin(scores, 4) == top_k_margin(scores, 9) == INF
    assert top_k_margin(scores, 1, 3) == 0.5
    assert top_k_margin(np.array([3.0, 1.0, 0.5]), 1) == 2.0
    assert top_k_margin(scores, 1, top_k_ties="exact") == 2.0, "which of the two is free, and 1.0 is far"
    assert top_k_margin(np.array([4.0, 3.0, 3.0, 0.0]), 2, top_k_ties="exact") == 1.0
    assert top_k_margin(np.zeros(4), 2, top_k_ties="exact") == INF
    assert top_k_margin(np.full(2, -INF), 1) == INF


@given(scores=score_vectors(), k=COUNTS, least=st.integers(1, 4))
@clauses("TOP-K-2", "TOP-K-3", "TOP-K-5")
def test_top_k_against_transformers(scores: Scores, k: int, least: int) -> None:
    theirs = processed("TopKLogitsWarper", [0], scores, k, -INF, least)
    np.testing.assert_array_equal(top_k(scores, k, least), theirs, err_msg=described(scores=scores, k=k, least=least))


@pytest.mark.parametrize(("eos", "k"), [(None, 2), (2, 2), ([2, 3], 3), ([2, 3, 4], 4)])
@clauses("TOP-K-1", "TOP-K-2")
def test_top_k_in_a_plan(eos: object, k: int) -> None:
    beams = {"do_sample": True, "num_beams": 2, "eos_token_id": eos}
    operation = planned("top_k", {**beams, "top_k": 1})
    assert operation is not None
    assert operation.arguments == {"k": k, "min_keep": k}
    assert planned("top_k", {**beams, "top_k": 0}) is None
    default = planned("top_k", {"do_sample": True})
    assert default is not None
    assert default.arguments == {"k": 50, "min_keep": 1}
    assert refusing_clauses({"top_k": -1}) == {"TOP-K-1"}


def drawn(rng: Random, size: int) -> Made:
    return {"k": rng.randint(1, size + 1), "min_keep": rng.choice((1, 1, 1, 2, 3))}, {}


def vectors() -> Iterator[Case]:
    tied = [1.0, 3.0, 3.0, 3.0, 0.0]
    rows: list[tuple[str, str, list[float], dict[str, int], tuple[str, ...], str]] = [
        ("one", "3", [0.5, 2.0, -1.0], {"k": 1}, (), ""),
        ("two", "3", [0.5, 2.0, -1.0, 1.0], {"k": 2}, ("negative-scores",), ""),
        ("equal-to-the-kth", "3", tied, {"k": 2}, ("boundary", "tie"), "The second and the third highest are equal."),
        ("equal-inside", "3", tied, {"k": 3}, ("tie",), ""),
        ("equal-first", "3", tied, {"k": 1}, ("boundary", "tie"), "Three tokens have the highest score."),
        ("all-equal", "3", [2.0] * 6, {"k": 1}, ("tie",), ""),
        ("raised-for-beams", "2", [0.5, 2.0, -1.0, 1.0], {"k": 1, "min_keep": 3}, (), ""),
        ("raised-for-beams-with-ties", "2", tied, {"k": 1, "min_keep": 2}, ("tie",), ""),
        ("k-is-v", "1", [0.5, 2.0, -1.0], {"k": 3}, ("boundary",), "Every token is kept."),
        ("k-above-v", "1", [0.5, 2.0, -1.0], {"k": 4}, ("small-vocabulary",), ""),
        ("vocabulary-of-one", "3", [-2.0], {"k": 1}, ("small-vocabulary",), ""),
        ("fewer-than-k-left", "5", [0.5, -INF, -1.0, -INF], {"k": 3}, ("masked",), ""),
        ("as-many-as-k-left", "5", [0.5, -INF, -1.0, -INF], {"k": 2}, ("masked",), ""),
        ("nothing-left", "5", [-INF] * 3, {"k": 2}, ("masked", "all-masked"), ""),
        ("nearly-equal", "3", [1.0, 1.0 + 2**-20, 1.0 - 2**-20], {"k": 2}, (), ""),
    ]
    for name, clause, scores, arguments, flags, note in rows:
        yield operation_case(name, [f"TOP-K-{clause}"], "top_k", scores, arguments, flags=flags, note=note)
    yield from random_cases("top_k", ["TOP-K-2", "TOP-K-3", "TOP-K-5"], drawn)
    yield from with_choices(exact_cases())
    both = [("top_k", {"k": 3, "min_keep": 1}), ("temperature", {"temperature": 0.5})]
    yield pipeline_case("law-of-a-token", ["TOP-K-3"], [1.0, 2.0, 0.0, 1.5, -1.0], both, distribution=True)
    model = Scripted("table", 3, 8)
    yield generate_case("below-zero", ["TOP-K-1"], {"do_sample": True, "top_k": -1}, [1], model, flags=("refused",))
    yield generate_case("below-zero-without-drawing", ["TOP-K-1"], {"top_k": -1}, [1], model, flags=("refused",))


def exact_cases() -> Iterator[Case]:
    rows: list[tuple[str, list[float], int]] = [
        ("exact-with-ties", [1.0, 3.0, 3.0, 3.0, 0.0], 2), ("exact-all-equal", [2.0] * 4, 2),
        ("exact-inside", [1.0, 3.0, 3.0, 3.0, 0.0], 3), ("exact-few-left", [-INF, 1.0, -INF, 1.0, 1.0], 2),
        ("exact-k-above-v", [1.0, 1.0], 5),
    ]
    for name, scores, k in rows:
        yield operation_case(name, ["TOP-K-4", "TOP-K-5"], "top_k", scores, {"k": k, "min_keep": 1},
                             profile="llama.cpp", flags=("choice-point",), note="top_k_ties: k tokens and no more.")


@clauses("TOP-K-4")
def test_which_ties_stay_is_free_in_the_vectors() -> None:
    answers = {case.name: len(case.any_of) for case in vectors()}
    assert answers["exact-with-ties"] == 2
    assert answers["exact-all-equal"] == 5
    assert answers["exact-inside"] == answers["equal-to-the-kth"] == 0
    assert descending(np.zeros(3)).tolist() == [0, 1, 2]
