"""The nucleus. Text: docs/spec/top_p.md."""

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
    mass,
    reordered,
    same_but_for_ties,
    subsets,
    takes_away,
    with_choices,
)
from support.vectors import Case, generate_case, operation_case, pipeline_case

from genspec_reference import Table
from genspec_reference.operations.top_k import top_k
from genspec_reference.operations.top_p import mass_above, top_p, top_p_margin
from genspec_reference.scores import Scores, descending
from genspec_reference.scripted import Scripted

INF = np.inf
HALVES = np.log([0.5, 0.25, 0.125, 0.125])
NEAR = 1e-9     # nearer to a boundary than this the rounding of the test itself decides


@given(scores=score_vectors(), p=st.floats(0, 1))
@clauses("TOP-P-2", "TOP-P-3", "TOP-P-4", "TOP-P-7")
def test_top_p_keeps_the_smallest_prefix_that_reaches_p(scores: Scores, p: float) -> None:
    nucleus = kept(takes_away(lambda s: top_p(s, p), scores))
    lowest = min(nucleus, key=lambda t: (scores[t], -t))
    values = described(scores=scores, p=p, nucleus=nucleus)
    assert mass(scores, nucleus) >= p - NEAR or nucleus == kept(scores), values
    assert mass(scores, nucleus - {lowest}) < p + NEAR or len(nucleus) == 1, values
    assert all((scores[t], -t) < (scores[lowest], -lowest) for t in kept(scores) - nucleus), values


@given(scores=score_vectors(), p=st.floats(0.01, 0.99))
@clauses("TOP-P-2")
def test_top_p_is_the_smallest_set_of_its_mass(scores: Scores, p: float) -> None:
    """The definition of the paper, by trying every set: the fewest tokens that have the mass, and the most mass."""
    if scores.size > 8 or top_p_margin(scores, p) < NEAR:
        return
    enough = [tokens for tokens in subsets(kept(scores)) if mass(scores, tokens) >= p]
    fewest = [tokens for tokens in enough if len(tokens) == len(enough[0])]
    best = max(mass(scores, tokens) for tokens in fewest)
    nucleus = kept(top_p(scores, p))
    values = described(scores=scores, p=p, nucleus=nucleus)
    assert nucleus in fewest, values
    assert mass(scores, nucleus) == pytest.approx(best), values


CORNERS = [(0.0, [0]), (0.5, [0]), (0.500001, [0, 1]), (0.75, [0, 1]), (1.0, [0, 1, 2, 3])]


@pytest.mark.parametrize(("p", "nucleus"), CORNERS)
@clauses("TOP-P-2")
def test_top_p_boundary_mass_equal_to_p(p: float, nucleus: list[int]) -> None:
    assert sorted(kept(top_p(HALVES, p))) == nucleus


@pytest.mark.parametrize(("p", "nucleus"), [(0.0, [0]), (0.5, [0, 1]), (0.75, [0, 1, 2]), (0.8, [0, 1, 2])])
@clauses("TOP-P-2")
def test_top_p_boundary_of_the_other_option_keeps_one_more(p: float, nucleus: list[int]) -> None:
    assert sorted(kept(top_p(HALVES, p, nucleus_boundary="<="))) == nucleus


@clauses("TOP-P-3")
def test_top_p_ties_keep_the_lowest_id() -> None:
    assert sorted(kept(top_p(np.zeros(4), 0.5))) == [0, 1]
    assert sorted(kept(top_p(np.array([1.0, 3.0, 1.0, 1.0]), 0.8))) == [0, 1]


@given(scores=score_vectors(), p=st.floats(0, 1), least=st.integers(1, 40))
@clauses("TOP-P-4")
def test_top_p_keeps_min_keep_tokens(scores: Scores, p: float, least: int) -> None:
    first = set(descending(scores)[:least].tolist()) & kept(scores)
    assert kept(top_p(scores, p, least)) == kept(top_p(scores, p)) | first, described(scores=scores, p=p, least=least)


@given(scores=score_vectors(), p=st.floats(0, 1), k=st.integers(1, 8))
@clauses("TOP-P-5")
def test_top_p_of_the_full_mass(scores: Scores, p: float, k: int) -> None:
    """Top-k before the nucleus changes nothing of its mass: the two sets meet."""
    few = top_k(scores, k, top_k_ties="exact")
    both = top_p(few, p, unfiltered=scores, nucleus_mass="full")
    assert kept(both) == kept(few) & kept(top_p(scores, p)), described(scores=scores, p=p, k=k)


@clauses("TOP-P-5")
def test_top_p_of_the_full_mass_may_not_reach_p() -> None:
    few = np.array([HALVES[0], -INF, HALVES[2], -INF])
    assert kept(top_p(few, 0.9, unfiltered=HALVES, nucleus_mass="full")) == {0, 2}
    assert kept(top_p(few, 0.55, unfiltered=HALVES, nucleus_mass="full")) == {0, 2}, "0.5 is above token 2, not 0.75"
    assert kept(top_p(few, 0.55, unfiltered=HALVES)) == {0}
    assert kept(top_p(few, 0.55, nucleus_mass="full")) == {0}, "nothing was taken away before"


@given(scores=score_vectors(), p=st.floats(0, 1))
@clauses("TOP-P-6")
def test_top_p_with_all_ties(scores: Scores, p: float) -> None:
    nucleus = kept(top_p(scores, p))
    equal = {t for t in kept(scores) if scores[t] in {scores[u] for u in nucleus}}
    assert kept(top_p(scores, p, nucleus_ties="kept")) == equal, described(scores=scores, p=p)


@clauses("TOP-P-7")
def test_top_p_nothing_is_left_as_it_is() -> None:
    gone = np.full(3, -INF)
    assert top_p(gone, 0.5).tolist() == [-INF] * 3
    assert top_p(gone, 0.5, nucleus_ties="kept").tolist() == [-INF] * 3
    assert top_p_margin(gone, 0.5) == INF


@given(scores=score_vectors(), p=st.floats(0, 1), q=st.floats(0, 1))
@clauses("TOP-P-2")
def test_top_p_grows_with_p(scores: Scores, p: float, q: float) -> None:
    assert kept(top_p(scores, min(p, q))) <= kept(top_p(scores, max(p, q))), described(scores=scores, p=p, q=q)


@given(scores=score_vectors(), p=st.floats(0, 1), shift=st.integers(-20, 20))
@clauses("TOP-P-2")
def test_top_p_ignores_a_shift(scores: Scores, p: float, shift: int) -> None:
    ignores_a_shift(lambda s: top_p(s, p), scores, shift)


@given(case=reordered(score_vectors(distinct=True)), p=st.floats(0, 1))
@clauses("TOP-P-3")
def test_top_p_knows_no_ids(case: tuple[Scores, list[int]], p: float) -> None:
    if top_p_margin(case[0], p) > NEAR:
        knows_no_ids(lambda s: top_p(s, p), *case)


@clauses("TOP-P-2")
def test_top_p_twice_is_not_once() -> None:
    """What is left has all the mass, so a second nucleus is smaller."""
    once = top_p(HALVES, 0.6)
    assert (kept(once), kept(top_p(once, 0.6))) == ({0, 1}, {0})


@clauses("TOP-P-2", "TOP-P-3")
def test_top_p_margin_is_the_distance_to_the_nearest_boundary() -> None:
    assert top_p_margin(HALVES, 0.7) == pytest.approx(0.05)
    assert top_p_margin(HALVES, 0.7, 3) == pytest.approx(0.175)
    assert top_p_margin(np.zeros(1), 0.7) == INF
    assert top_p_margin(np.array([0.0, -INF]), 0.999) == INF, "there is no second token"
    assert top_p_margin(np.array([0.0, 0.0, -50.0]), 0.5) == pytest.approx(0)
    assert top_p_margin(np.array([1.0, 1.0 - 1e-6, -20.0]), 0.3) == pytest.approx(1e-6), "the ranking is near"
    assert top_p_margin(np.zeros(4), 0.6) == pytest.approx(0.1), "which of four equal tokens stay is free"
    assert top_p_margin(np.zeros(4), 0.6, nucleus_ties="kept") == INF, "all four stay, whatever p is"
    first = math.exp(2) / (math.exp(2) + 2)
    assert top_p_margin(np.array([2.0, 0.0, 0.0]), 0.88) == pytest.approx((1 + first) / 2 - 0.88)
    assert top_p_margin(np.array([2.0, 0.0, 0.0]), 0.88, nucleus_ties="kept") == pytest.approx(0.88 - first)
    assert mass_above(np.array([0.5, 0.25, 0.25])).tolist() == [0.0, 0.5, 0.75]
    assert top_p_margin(HALVES[:3], 0.7, unfiltered=HALVES, nucleus_mass="full") == pytest.approx(0.05)


@given(scores=score_vectors(), p=st.floats(0, 1, exclude_max=True), least=st.integers(1, 4))
@clauses("TOP-P-2", "TOP-P-3", "TOP-P-4")
def test_top_p_against_transformers(scores: Scores, p: float, least: int) -> None:
    theirs = processed("TopPLogitsWarper", [0], scores, p, -INF, least)
    ours = top_p(scores, p, least)
    if top_p_margin(scores, p, least) > NEAR:
        same_but_for_ties(ours, theirs, scores)


@clauses("TOP-P-3")
def test_transformers_keeps_another_of_equal_tokens() -> None:
    assert kept(processed("TopPLogitsWarper", [0], np.zeros(4), 0.5, -INF, 1)) == {2, 3}, "no deviation: it is free"


@clauses("TOP-P-1", "TOP-P-4")
def test_top_p_in_a_plan() -> None:
    operation = planned("top_p", {"do_sample": True, "num_beams": 2, "top_p": 0.9, "eos_token_id": [2, 3]})
    assert operation is not None
    assert operation.arguments == {"p": 0.9, "min_keep": 3}
    assert planned("top_p", {"do_sample": True, "top_p": 1}) is None
    assert refusing_clauses({"do_sample": True, "top_p": 1.25}) == {"TOP-P-1"}


def drawn(rng: Random, size: int) -> Made:
    return {"p": rng.randrange(1, 32) / 32, "min_keep": rng.choice((1, 1, 1, 2, 3))}, {}


def exact_cases() -> Iterator[Case]:
    """Give cases whose mass is p itself in any arithmetic: nothing excuses one token more or less."""
    for count, p, name in ((2, 0.5, "half-of-two"), (4, 0.25, "quarter-of-four"), (4, 0.5, "half-of-four"),
                           (4, 0.75, "three-quarters-of-four"), (8, 0.125, "eighth-of-eight")):
        for profile in ("hf", "openvino-genai", "sglang"):
            suffix, flags = ("", ()) if profile == "hf" else (f"-{profile}", ("choice-point",))
            note = f"The mass of {round(count * p)} of {count} equal tokens is {p}, and each is 1/{count}."
            yield operation_case(f"exact-{name}{suffix}", ["TOP-P-2", "TOP-P-3"], "top_p", [1.0] * count + [-INF] * 2,
                                 {"p": p}, profile=profile, flags=("boundary", "exact", "masked", *flags), note=note)


def vectors() -> Iterator[Case]:
    yield from with_choices(exact_cases())
    yield from with_choices(written_cases())
    yield from with_choices(random_cases("top_p", ["TOP-P-2", "TOP-P-3", "TOP-P-4", "TOP-P-7"], drawn, count=40))
    yield operation_case("ties-stay-together", ["TOP-P-6"], "top_p", [1.0, 2.0, 1.0, 1.0, 0.0], {"p": 0.6},
                         profile="mlx-lm", flags=("tie", "choice-point"), note="nucleus_ties: all equal tokens stay.")
    yield operation_case("mass-equal-to-p-keeps-one-more", ["TOP-P-2"], "top_p", [2.0, 2.0, 1.0, -np.inf], {"p": 0.5},
                         profile="openvino-genai", flags=("choice-point", "masked"), note="nucleus_boundary: M <= p.")
    full = {"unfiltered": [2.0, 1.0, 1.5, 0.0, 1.0]}
    for name, p in (("full-mass-not-reached", 0.9375), ("full-mass-reached", 0.40625)):
        yield operation_case(name, ["TOP-P-5", "TOP-P-7"], "top_p", [2.0, -INF, 1.5, -INF, 1.0], {"p": p}, context=full,
                             profile="sglang", flags=("choice-point", "masked"),
                             note="nucleus_mass: the softmax of the scores before the first truncation.")
    after_top_k = [("top_k", {"k": 3, "min_keep": 1}), ("top_p", {"p": 0.75, "min_keep": 1})]
    logits = [2.0, 0.5, 1.5, 0.0, 1.0]
    for profile in ("hf", "sglang"):
        yield pipeline_case(f"after-top-k-{profile}", ["TOP-P-2", "TOP-P-5"], logits, after_top_k, profile=profile,
                            flags=("choice-point",), note="After top_k: the mass of three tokens, or of all.")
        yield generate_case(
            f"row-after-top-k-{profile}", ["TOP-P-2", "TOP-P-5"],
            {"do_sample": True, "top_k": 3, "top_p": 0.75, "max_new_tokens": 2, "return_dict_in_generate": True,
             "output_scores": True}, [0], Table((tuple(logits),)), seed=2, profile=profile, flags=("choice-point",),
            note="After top_k: the mass of three tokens, or of all.")
    steps = [("temperature", {"temperature": 0.5}), ("top_p", {"p": 0.75, "min_keep": 1})]
    yield pipeline_case("law-of-a-token", ["TOP-P-2"], logits, steps, distribution=True)
    model = Scripted("table", 3, 8)
    for name, p in (("above-one", 1.5), ("below-zero", -0.25)):
        yield generate_case(name, ["TOP-P-1"], {"do_sample": True, "top_p": p}, [1], model, flags=("refused",))


def written_cases() -> Iterator[Case]:
    half = [2.0, 2.0, -INF, -INF]
    rows: list[tuple[str, str, list[float], dict[str, float], tuple[str, ...], str]] = [
        ("mass-equal-to-p", "2", half, {"p": 0.5}, ("boundary", "masked"), "M is 0, 0.5: 0.5 is not below 0.5."),
        ("p-above-the-mass", "2", half, {"p": 0.53125}, ("masked",), ""),
        ("p-zero-keeps-one", "4", [0.0, 3.0, 1.0], {"p": 0.0}, ("boundary",), "M of the first token is 0, not below."),
        ("p-zero-keeps-min-keep", "4", [0.0, 3.0, 1.0], {"p": 0.0, "min_keep": 2}, (), ""),
        ("min-keep-is-inside", "4", [0.0, 3.0, 1.0, 0.5], {"p": 0.96875, "min_keep": 2}, (), ""),
        ("min-keep-above-v", "4", [0.0, 3.0], {"p": 0.0, "min_keep": 3}, ("small-vocabulary",), ""),
        ("crossing-token-stays", "2", [3.0, 1.0, 0.0, -1.0], {"p": 0.875}, (), ""),
        ("equal-tokens", "3", [0.0] * 5, {"p": 0.5}, ("tie",), ""),
        ("equal-tokens-at-the-boundary", "3", [1.0, 3.0, 1.0, 1.0], {"p": 0.78125}, ("tie",), ""),
        ("one-token-left", "7", [-INF, 1.0, -INF], {"p": 0.5}, ("masked",), ""),
        ("vocabulary-of-one", "4", [-2.0], {"p": 0.5}, ("small-vocabulary", "negative-scores"), ""),
        ("nothing-left", "7", [-INF] * 3, {"p": 0.5}, ("masked", "all-masked"), ""),
        ("masked-tokens-have-no-mass", "7", [1.0, -INF, 1.0, -INF, 0.0], {"p": 0.96875}, ("masked",), ""),
        ("far-apart", "2", [400.0, -400.0, 0.0], {"p": 0.96875}, (), ""),
    ]
    for name, clause, scores, arguments, flags, note in rows:
        yield operation_case(name, [f"TOP-P-{clause}"], "top_p", scores, arguments, flags=flags, note=note)


