"""Locally typical sampling. Text: docs/spec/typical_p.md."""

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
from support.truncation import ignores_a_shift, kept, knows_no_ids, mass, reordered, subsets, takes_away, with_choices
from support.vectors import Case, generate_case, operation_case, pipeline_case

from genspec_reference.operations.typical_p import distances, typical_p, typical_p_margin
from genspec_reference.scores import Scores
from genspec_reference.scripted import Scripted

INF = np.inf
NEAR = 1e-9     # nearer to a boundary than this rounding decides
PARTS = st.floats(0.01, 0.99)
HALVES = np.log([0.5, 0.25, 0.125, 0.125])      # distances in bits: 0.75, 0.25, 1.25, 1.25
OPTIONS = (("kept", ">="), ("exact", ">="), ("exact", ">"))


def far(scores: Scores) -> dict[int, float]:
    """Give the distance of each token, by a sum over weights and without logarithms of sums."""
    weights = {t: math.exp(scores[t]) for t in kept(scores)}
    total = math.fsum(weights.values())
    mean = math.fsum(weight * scores[t] for t, weight in weights.items()) / total
    return {t: abs(scores[t] - mean) for t in weights}


@given(scores=score_vectors())
@clauses("TYPICAL-P-2", "TYPICAL-P-5")
def test_distances_are_those_of_scores_from_their_mean(scores: Scores) -> None:
    """-log q - H is the mean score minus the score: what normalises q falls out."""
    expected = far(scores)
    for token, distance in enumerate(distances(scores)):
        assert distance == pytest.approx(expected.get(token, INF), abs=1e-12), described(scores=scores, token=token)


@given(scores=score_vectors(), p=PARTS)
@clauses("TYPICAL-P-2", "TYPICAL-P-3", "TYPICAL-P-5")
def test_typical_p_keeps_the_nearest_until_p(scores: Scores, p: float) -> None:
    stay = kept(takes_away(lambda s: typical_p(s, p), scores))
    distance, values = far(scores), described(scores=scores, p=p, stay=stay)
    last = max(distance[t] for t in stay)
    assert mass(scores, stay) >= p - NEAR, values
    assert mass(scores, {t for t in stay if distance[t] < last - NEAR}) < p + NEAR, values
    assert all(distance[t] > last - NEAR for t in kept(scores) - stay), values


@given(scores=score_vectors(), p=PARTS)
@clauses("TYPICAL-P-2", "TYPICAL-P-3")
def test_typical_p_is_the_least_set_of_nearest_tokens(scores: Scores, p: float) -> None:
    """By trying every set: of those with the mass that leave out no nearer or equally far token, the smallest."""
    if scores.size > 8 or typical_p_margin(scores, p) < NEAR:
        return
    distance = far(scores)
    closed = [s for s in subsets(distance) if all(
        distance[u] > max(distance[t] for t in s) + NEAR for u in distance.keys() - s
    )]
    expected = min((s for s in closed if mass(scores, s) >= p), key=len)
    assert kept(typical_p(scores, p)) == expected, described(scores=scores, p=p, distance=distance)


CORNERS = [(0.2, {1}), (0.25, {1}), (0.2500001, {0, 1}), (0.75, {0, 1}), (0.7500001, {0, 1, 2, 3})]


@pytest.mark.parametrize(("p", "stay"), CORNERS)
@clauses("TYPICAL-P-2", "TYPICAL-P-3")
def test_typical_p_boundary_mass_equal_to_p(p: float, stay: set[int]) -> None:
    assert kept(typical_p(HALVES, p)) == stay


OTHERS = [(0.2, {1}), (0.25, {0, 1}), (0.75, {0, 1, 2, 3}), (0.875, {0, 1, 2, 3})]


@pytest.mark.parametrize(("p", "stay"), OTHERS)
@clauses("TYPICAL-P-2")
def test_typical_p_boundary_of_the_other_option_keeps_one_more(p: float, stay: set[int]) -> None:
    assert kept(typical_p(HALVES, p, typical_boundary=">")) == stay


@clauses("TYPICAL-P-3")
def test_typical_p_ties() -> None:
    assert kept(typical_p(np.zeros(6), 0.2)) == {0, 1, 2, 3, 4, 5}
    assert kept(typical_p(np.zeros(4), 0.2, typical_ties="exact")) == {0}
    assert kept(typical_p(np.zeros(4), 0.5, typical_ties="exact")) == {0, 1}
    assert kept(typical_p(np.zeros(4), 0.5, typical_boundary=">", typical_ties="exact")) == {0, 1, 2}
    assert kept(typical_p(HALVES, 0.8, typical_ties="exact")) == {0, 1, 2}


@given(scores=score_vectors(), p=PARTS, least=st.integers(1, 40))
@clauses("TYPICAL-P-4")
def test_typical_p_keeps_min_keep_tokens(scores: Scores, p: float, least: int) -> None:
    nearest = set(sorted(kept(scores), key=lambda t: (distances(scores)[t], t))[:least])
    for ties, boundary in OPTIONS:
        fewest = kept(typical_p(scores, p, 1, boundary, ties))
        values = described(scores=scores, p=p, least=least, ties=ties)
        assert kept(typical_p(scores, p, least, boundary, ties)) == fewest | nearest, values


@clauses("TYPICAL-P-4")
def test_typical_p_does_not_keep_ties_for_min_keep() -> None:
    assert kept(typical_p(HALVES, 0.2, 2)) == {0, 1}
    assert kept(typical_p(HALVES, 0.2, 3)) == {0, 1, 2}


@clauses("TYPICAL-P-5")
def test_typical_p_never_gives_a_token_back() -> None:
    assert typical_p(np.array([-INF, 1.0, -INF]), 0.99, 3).tolist() == [-INF, 1.0, -INF]
    assert typical_p(np.full(2, -INF), 0.5, 2).tolist() == [-INF, -INF]
    assert typical_p_margin(np.full(2, -INF), 0.5) == INF


@clauses("TYPICAL-P-2")
def test_typical_p_may_drop_the_most_probable_token() -> None:
    assert kept(typical_p(HALVES, 0.2)) == {1}
    assert kept(typical_p(np.log([0.9, 0.05, 0.05]), 0.2)) == {0}, "when the entropy is low it is the nearest"


@given(scores=score_vectors(), p=PARTS, r=PARTS, shift=st.integers(-20, 20))
@clauses("TYPICAL-P-2")
def test_typical_p_laws(scores: Scores, p: float, r: float, shift: int) -> None:
    for ties, boundary in OPTIONS:
        fewer, more = (typical_p(scores, part, 1, boundary, ties) for part in (min(p, r), max(p, r)))
        assert kept(fewer) <= kept(more), described(scores=scores, p=p, r=r, ties=ties)
    ignores_a_shift(lambda s: typical_p(s, p), scores, shift)


@given(case=reordered(score_vectors()), p=PARTS)
@clauses("TYPICAL-P-2", "TYPICAL-P-3")
def test_typical_p_knows_no_ids(case: tuple[Scores, list[int]], p: float) -> None:
    if typical_p_margin(case[0], p) > NEAR:
        knows_no_ids(lambda s: typical_p(s, p), *case)


@clauses("TYPICAL-P-2")
def test_typical_p_twice_is_not_once() -> None:
    scores = np.log([0.4, 0.3, 0.2, 0.1])
    once = typical_p(scores, 0.45)
    assert kept(once) == {1, 2}
    assert kept(typical_p(once, 0.45)) == {1}, "of two tokens the more probable one is nearer to their entropy"


@clauses("TYPICAL-P-2", "TYPICAL-P-3", "TYPICAL-P-4")
def test_typical_p_margin_is_the_distance_to_the_nearest_boundary() -> None:
    assert typical_p_margin(HALVES, 0.3) == pytest.approx(0.05)
    assert typical_p_margin(HALVES, 0.72) == pytest.approx(0.03)
    assert typical_p_margin(HALVES, 0.8) == pytest.approx(0.05), "p is 0.05 above 0.75, where 2 tokens would do"
    assert typical_p_margin(HALVES, 0.8, typical_ties="exact") == pytest.approx(0.05)
    assert typical_p_margin(HALVES, 0.86, typical_ties="exact") == pytest.approx(0.015)
    assert typical_p_margin(HALVES, 0.86) == pytest.approx(0.11), "the last two stay together"
    assert typical_p_margin(HALVES, 0.2, 2) == pytest.approx(0.5 * math.log(2)), "the nearest in the ranking"
    scores = np.array([2.0, 1.25, 1.0, 0.5, 0.0])
    _, second, third, *_ = sorted(distances(scores))
    assert typical_p_margin(scores, 0.05, 2) == pytest.approx(third - second), "the third nearest is near the second"
    scores = np.array([2.0, 1.0, 0.9, -1.0])
    nearest, second, *_ = sorted(distances(scores))
    assert typical_p_margin(scores, 0.65) == pytest.approx(second - nearest), "the nearest could be the last of two"
    assert typical_p_margin(np.zeros(4), 0.5) == INF, "all of them stay, whatever p is"
    assert typical_p_margin(np.zeros(4), 0.4, typical_ties="exact") == pytest.approx(0.1)
    mirrored = np.log([0.5, 0.125, 0.125, 0.125, 0.125])
    assert typical_p_margin(mirrored, 0.3) == pytest.approx(0), "two surprises are 1 bit from the entropy of 2 bits"
    assert typical_p_margin(np.array([1.0, -INF]), 0.5) == INF


@given(scores=score_vectors(), p=PARTS, least=st.integers(1, 4))
@clauses("TYPICAL-P-2", "TYPICAL-P-3", "TYPICAL-P-4", "TYPICAL-P-5")
def test_typical_p_against_transformers(scores: Scores, p: float, least: int) -> None:
    """Which of equally far tokens are among the first `least` is free."""
    ours, theirs = typical_p(scores, p, least), processed("TypicalLogitsWarper", [0], scores, p, -INF, least)
    if typical_p_margin(scores, p, least) > NEAR:
        values = described(scores=scores, p=p, least=least, ours=ours, theirs=theirs)
        assert sorted(ours.tolist()) == sorted(theirs.tolist()), values
        assert least > 1 or ours.tolist() == theirs.tolist(), values


@clauses("TYPICAL-P-1", "TYPICAL-P-4")
def test_typical_p_in_a_plan() -> None:
    operation = planned("typical_p", {"do_sample": True, "num_beams": 2, "typical_p": 0.25, "eos_token_id": [2, 3]})
    assert operation is not None
    assert operation.arguments == {"p": 0.25, "min_keep": 3}
    assert planned("typical_p", {"do_sample": True, "typical_p": 1}) is None
    assert refusing_clauses({"typical_p": 0}) == {"TYPICAL-P-1"}


def drawn(rng: Random, size: int) -> Made:
    return {"p": rng.randrange(1, 32) / 32, "min_keep": rng.choice((1, 1, 1, 2, 3))}, {}


def vectors() -> Iterator[Case]:
    named = ["TYPICAL-P-2", "TYPICAL-P-3", "TYPICAL-P-4", "TYPICAL-P-5"]
    yield from with_choices(written_cases(), lambda s: -distances(s))
    yield from with_choices(random_cases("typical_p", named, drawn, count=36), lambda s: -distances(s))
    yield from with_choices(other_cases(), lambda s: -distances(s))
    yield from with_choices(exact_cases(), lambda s: -distances(s))
    yield pipeline_case("law-of-a-token", ["TYPICAL-P-2"], [2.0, 1.5, 1.0, 0.0],
                        [("typical_p", {"p": 0.5, "min_keep": 1})], distribution=True)
    model = Scripted("table", 3, 8)
    for name, p in (("above-one", 1.5), ("zero", 0)):
        yield generate_case(name, ["TYPICAL-P-1"], {"do_sample": True, "typical_p": p}, [1], model, flags=("refused",))


def exact_cases() -> Iterator[Case]:
    """Give cases whose mass is p itself in any arithmetic: llama.cpp goes on until it exceeds p."""
    for count, p, name in ((2, 0.5, "half-of-two"), (4, 0.25, "quarter-of-four"), (4, 0.5, "half-of-four")):
        for profile, suffix in (("llama.cpp", ""), ("hf", "-kept")):
            note = "no more" if profile != "hf" else "the others are as typical"
            yield operation_case(f"exact-{name}{suffix}", ["TYPICAL-P-2", "TYPICAL-P-3"], "typical_p",
                                 [1.0] * count + [-INF] * 2, {"p": p, "min_keep": 1}, profile=profile,
                                 flags=("boundary", "exact", "masked", "choice-point"),
                                 note=f"The mass of {round(count * p)} of {count} equal tokens is {p}, and {note}.")


def written_cases() -> Iterator[Case]:
    rows: list[tuple[str, str, list[float], dict[str, float], tuple[str, ...], str]] = [
        ("highest-is-dropped", "2", [2.0, 1.25, 1.0, 0.5, 0.0], {"p": 0.25}, (), ""),
        ("low-entropy-keeps-the-highest", "2", [6.0, 1.0, 0.0], {"p": 0.5}, (), ""),
        ("crossing-token-stays", "2", [2.0, 1.0, 0.5, -1.0], {"p": 0.625}, (), ""),
        ("all-equal", "3", [0.5] * 6, {"p": 0.25}, ("tie",), ""),
        ("equally-far-at-the-boundary", "3", [3.0, 0.0, 0.0, 0.0], {"p": 0.9375}, ("tie", "boundary"),
         "Three tokens are equally far; two of them would do."),
        ("min-keep", "4", [2.0, 1.25, 1.0, 0.5, 0.0], {"p": 0.125, "min_keep": 3}, (), ""),
        ("min-keep-among-equal", "4", [5.0, 0.0, 0.0, 0.0], {"p": 0.5, "min_keep": 2}, (), ""),
        ("min-keep-is-inside", "4", [2.0, 1.25, 1.0, 0.5, 0.0], {"p": 0.9375, "min_keep": 2}, (), ""),
        ("min-keep-above-v", "4", [3.0, -1.0], {"p": 0.03125, "min_keep": 3}, ("small-vocabulary",), ""),
        ("masked-tokens", "5", [1.0, -INF, 0.5, -INF, 0.0], {"p": 0.5, "min_keep": 2}, ("masked",), ""),
        ("one-token-left", "5", [-INF, 1.0, -INF], {"p": 0.96875}, ("masked",), ""),
        ("vocabulary-of-one", "2", [-2.0], {"p": 0.5}, ("small-vocabulary",), ""),
        ("nothing-left", "5", [-INF] * 3, {"p": 0.5, "min_keep": 2}, ("masked", "all-masked"), ""),
    ]
    for name, clause, scores, arguments, flags, note in rows:
        yield operation_case(name, [f"TYPICAL-P-{clause}"], "typical_p", scores, arguments, flags=flags, note=note)


def other_cases() -> Iterator[Case]:
    rows: list[tuple[str, list[float], float, tuple[str, ...]]] = [
        ("passes-p", [1.0, 1.0, -INF, -INF], 0.5, ("boundary", "masked")),
        ("exact-all-equal", [0.5] * 4, 0.375, ()),
        ("exact-equally-far", [3.0, 0.0, 0.0, 0.0], 0.9375, ()),
        ("exact-without-ties", [2.0, 1.25, 1.0, 0.5, 0.0], 0.5, ()),
    ]
    for name, scores, p, flags in rows:
        yield operation_case(name, ["TYPICAL-P-2", "TYPICAL-P-3"], "typical_p", scores, {"p": p, "min_keep": 1},
                             profile="llama.cpp", flags=("choice-point", *flags),
                             note="typical_boundary: until the mass is above p. typical_ties: no more tokens.")
