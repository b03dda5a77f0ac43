"""Eta sampling. Text: docs/spec/eta_cutoff.md."""

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
from support.truncation import ignores_a_shift, kept, knows_no_ids, reordered, subsets, takes_away
from support.vectors import Case, generate_case, operation_case, pipeline_case

from genspec_reference.operations.epsilon_cutoff import epsilon_cutoff
from genspec_reference.operations.eta_cutoff import eta, eta_cutoff, eta_cutoff_margin
from genspec_reference.scores import Scores
from genspec_reference.scripted import Scripted

INF = np.inf
NEAR = 1e-9     # nearer to the cutoff than this rounding decides
CUTOFFS = st.floats(2**-20, 1, exclude_max=True)
DYADIC = st.integers(1, 127).map(lambda part: part / 128)


def probabilities(scores: Scores) -> dict[int, float]:
    weights = {t: math.exp(scores[t]) for t in kept(scores)}
    return {t: weight / math.fsum(weights.values()) for t, weight in weights.items()}


def least_probability(scores: Scores, epsilon: float) -> float:
    """Give the paper's cutoff: exp(-H) is the product of q to the power q."""
    spread = math.prod(q**q for q in probabilities(scores).values())
    return min(epsilon, math.sqrt(epsilon) * spread)


@given(scores=score_vectors(), epsilon=CUTOFFS, least=st.integers(1, 40))
@clauses("ETA-CUTOFF-2", "ETA-CUTOFF-3", "ETA-CUTOFF-4", "ETA-CUTOFF-5")
def test_eta_cutoff_keeps_what_is_probable_for_the_entropy(scores: Scores, epsilon: float, least: int) -> None:
    after = takes_away(lambda s: eta_cutoff(s, epsilon, least), scores)
    probable = {t for t, q in probabilities(scores).items() if q >= least_probability(scores, epsilon)}
    first = {t for t in kept(scores) if sum(scores > scores[t]) < least}
    if eta_cutoff_margin(scores, epsilon, least) > NEAR:
        values = described(scores=scores, epsilon=epsilon, least=least, after=after)
        assert kept(after) == probable | first, values


@given(scores=score_vectors(), epsilon=CUTOFFS)
@clauses("ETA-CUTOFF-3", "ETA-CUTOFF-4")
def test_eta_cutoff_is_the_largest_set_of_probable_tokens(scores: Scores, epsilon: float) -> None:
    """The definition of the paper, by trying every set; when there is none, the most probable tokens."""
    if scores.size > 8 or eta_cutoff_margin(scores, epsilon) < NEAR:
        return
    q, cutoff = probabilities(scores), least_probability(scores, epsilon)
    allowed = [tokens for tokens in subsets(q) if all(q[t] >= cutoff for t in tokens)]
    highest = {t for t in q if scores[t] == max(scores)}
    expected = max(allowed, key=len, default=highest)
    assert kept(eta_cutoff(scores, epsilon)) == expected, described(scores=scores, epsilon=epsilon)


@given(scores=score_vectors(), epsilon=CUTOFFS)
@clauses("ETA-CUTOFF-2")
def test_eta_is_the_lesser_of_two_cutoffs(scores: Scores, epsilon: float) -> None:
    cutoff = eta(scores, epsilon)
    assert cutoff == pytest.approx(least_probability(scores, epsilon))
    assert cutoff <= epsilon
    assert kept(epsilon_cutoff(scores, epsilon)) <= kept(eta_cutoff(scores, epsilon))


@given(size=st.integers(1, 40), gone=st.integers(0, 3), epsilon=CUTOFFS)
@clauses("ETA-CUTOFF-2", "ETA-CUTOFF-3", "ETA-CUTOFF-5")
def test_eta_cutoff_drops_none_of_equal_tokens(size: int, gone: int, epsilon: float) -> None:
    scores = np.array([1.5] * size + [-INF] * gone)
    assert kept(eta_cutoff(scores, epsilon)) == set(range(size))
    assert eta(scores, epsilon) == pytest.approx(min(epsilon, math.sqrt(epsilon) / size))


@clauses("ETA-CUTOFF-2")
def test_eta_of_halves() -> None:
    """H is 1.75 bits: exp(-H) = 2 ** -1.75."""
    halves = np.log([0.5, 0.25, 0.125, 0.125])
    assert eta(halves, 0.25) == pytest.approx(0.5 * 2**-1.75)
    assert eta(halves, 1 / 16) == pytest.approx(1 / 16), "below exp(-2 H) = 2 ** -3.5 the cutoff is epsilon"
    assert kept(eta_cutoff(halves, 0.25)) == {0, 1}
    assert kept(eta_cutoff(halves, 1 / 16)) == {0, 1, 2, 3}


@clauses("ETA-CUTOFF-3")
def test_eta_cutoff_equality_is_kept() -> None:
    """Where epsilon is the cutoff, and the probability of two tokens."""
    scores = np.log([0.75, 0.125, 0.125])
    assert eta(scores, 0.125) == 0.125
    assert kept(eta_cutoff(scores, 0.125 - NEAR)) == {0, 1, 2}
    assert kept(eta_cutoff(scores, 0.125 + NEAR)) == {0}
    assert kept(eta_cutoff(np.array([0.0, -INF]), 1 - 2**-53)) == {0}


@clauses("ETA-CUTOFF-5")
def test_eta_cutoff_never_gives_a_token_back() -> None:
    assert eta_cutoff(np.array([-INF, 1.0, -INF]), 0.5, 3).tolist() == [-INF, 1.0, -INF]
    assert eta_cutoff(np.full(2, -INF), 0.5, 2).tolist() == [-INF, -INF]
    assert eta(np.array([2.0, -INF, 0.0, -INF]), 0.5) == eta(np.array([2.0, 0.0]), 0.5)


@given(scores=score_vectors(), epsilon=CUTOFFS, other=CUTOFFS, shift=st.integers(-20, 20))
@clauses("ETA-CUTOFF-2", "ETA-CUTOFF-3")
def test_eta_cutoff_laws(scores: Scores, epsilon: float, other: float, shift: int) -> None:
    fewer, more = eta_cutoff(scores, max(epsilon, other)), eta_cutoff(scores, min(epsilon, other))
    assert kept(fewer) <= kept(more), described(scores=scores, epsilon=epsilon, other=other)
    ignores_a_shift(lambda s: eta_cutoff(s, epsilon), scores, shift)


@given(case=reordered(score_vectors()), epsilon=CUTOFFS)
@clauses("ETA-CUTOFF-3")
def test_eta_cutoff_knows_no_ids(case: tuple[Scores, list[int]], epsilon: float) -> None:
    if eta_cutoff_margin(case[0], epsilon) > NEAR:
        knows_no_ids(lambda s: eta_cutoff(s, epsilon), *case)


@clauses("ETA-CUTOFF-2")
def test_eta_cutoff_twice_is_not_once() -> None:
    """Without the improbable tokens the entropy is lower, and the cutoff higher."""
    scores = np.array([4.0, 1.5, 1.5, 1.5, *([0.0] * 60)])
    once = eta_cutoff(scores, 0.125)
    assert (kept(once), kept(eta_cutoff(once, 0.125))) == ({0, 1, 2, 3}, {0})


@clauses("ETA-CUTOFF-3", "ETA-CUTOFF-4")
def test_eta_cutoff_margin_is_the_way_to_the_cutoff() -> None:
    halves = np.log([0.5, 0.25, 0.125, 0.125])
    assert eta_cutoff_margin(halves, 0.25) == pytest.approx(math.log(2**-2.75 / 0.125))
    thirds = np.log([0.5, 0.3, 0.2])
    assert eta_cutoff_margin(thirds, 0.9) == pytest.approx(math.log(eta(thirds, 0.9) / 0.3))
    assert eta_cutoff_margin(halves, 0.9, 3) == INF, "two tokens are the third"
    assert eta_cutoff_margin(np.full(2, -INF), 0.5) == INF


@given(scores=score_vectors(), epsilon=DYADIC, least=st.integers(1, 4))
@clauses("ETA-CUTOFF-2", "ETA-CUTOFF-3", "ETA-CUTOFF-4", "ETA-CUTOFF-5")
def test_eta_cutoff_against_transformers(scores: Scores, epsilon: float, least: int) -> None:
    """The root of epsilon is taken in float32 there."""
    if eta_cutoff_margin(scores, epsilon, least) > 1e-6:
        theirs = processed("EtaLogitsWarper", [0], scores, epsilon, -INF, least)
        values = described(scores=scores, epsilon=epsilon, least=least)
        np.testing.assert_array_equal(eta_cutoff(scores, epsilon, least), theirs, err_msg=values)


@clauses("ETA-CUTOFF-2")
def test_transformers_computes_the_cutoff_of_the_paper_and_documents_another() -> None:
    """With the entropy under the root the cutoff would be epsilon here, and the third token dropped."""
    processors = pytest.importorskip("transformers").generation.logits_process
    assert "sqrt(epsilon * e^-entropy" in processors.EtaLogitsWarper.__doc__, "the deviation is gone"
    scores, epsilon = np.log([0.55, 0.25, 0.2]), 0.24
    assert math.sqrt(epsilon * least_probability(scores, 1)) > epsilon > 0.2 > eta(scores, epsilon)
    assert kept(processed("EtaLogitsWarper", [0], scores, epsilon)) == {0, 1, 2} == kept(eta_cutoff(scores, epsilon))


@clauses("ETA-CUTOFF-5")
def test_deviation_nothing_left_raises() -> None:
    with pytest.raises(ValueError, match="constraint"):
        processed("EtaLogitsWarper", [0], np.full(3, -INF), 0.5)


@clauses("ETA-CUTOFF-1", "ETA-CUTOFF-4")
def test_eta_cutoff_in_a_plan() -> None:
    operation = planned("eta_cutoff", {"do_sample": True, "num_beams": 2, "eta_cutoff": 0.25, "eos_token_id": [2, 3]})
    assert operation is not None
    assert operation.arguments == {"epsilon": 0.25, "min_keep": 3}
    assert planned("eta_cutoff", {"do_sample": True, "eta_cutoff": 0}) is None
    assert refusing_clauses({"eta_cutoff": 1}) == {"ETA-CUTOFF-1"}


def drawn(rng: Random, size: int) -> Made:
    return {"epsilon": rng.choice((1, 2, 4, 8, 16, 32, 48)) / 64, "min_keep": rng.choice((1, 1, 1, 2, 3))}, {}


def vectors() -> Iterator[Case]:
    rows: list[tuple[str, str, list[float], dict[str, float], tuple[str, ...], str]] = [
        ("epsilon-is-the-cutoff", "2", [3.0, 1.0, 0.0, -2.0], {"epsilon": 0.03125}, (), ""),
        ("entropy-is-the-cutoff", "2", [2.0, 1.0, 0.0, -2.0], {"epsilon": 0.5}, (), ""),
        ("equal-tokens", "3", [0.0] * 7, {"epsilon": 0.96875}, ("tie",), ""),
        ("equal-tokens-and-masked", "5", [1.0, -INF, 1.0, 1.0, -INF], {"epsilon": 0.5}, ("tie", "masked"), ""),
        ("entropy-of-what-is-left", "5", [2.0, -INF, 0.0, -INF], {"epsilon": 0.5}, ("masked",), ""),
        ("nearly-certain", "2", [8.0, 0.0, -1.0], {"epsilon": 0.0009765625}, (), ""),
        ("min-keep", "4", [4.0, 1.0, 0.0, -2.0], {"epsilon": 0.875, "min_keep": 3}, (), ""),
        ("min-keep-with-ties", "4", [4.0, 1.0, 1.0, -2.0], {"epsilon": 0.875, "min_keep": 2}, ("tie", "boundary"),
         "All equal to the second highest score are kept with it."),
        ("min-keep-above-v", "4", [3.0, -1.0], {"epsilon": 0.96875, "min_keep": 3}, ("small-vocabulary",), ""),
        ("vocabulary-of-one", "3", [-2.0], {"epsilon": 0.96875}, ("small-vocabulary",), ""),
        ("nothing-left", "5", [-INF] * 3, {"epsilon": 0.5, "min_keep": 2}, ("masked", "all-masked"), ""),
    ]
    for name, clause, scores, arguments, flags, note in rows:
        yield operation_case(name, [f"ETA-CUTOFF-{clause}"], "eta_cutoff", scores, arguments, flags=flags, note=note)
    named = ["ETA-CUTOFF-2", "ETA-CUTOFF-3", "ETA-CUTOFF-4", "ETA-CUTOFF-5"]
    yield from random_cases("eta_cutoff", named, drawn)
    yield pipeline_case("law-of-a-token", ["ETA-CUTOFF-3"], [4.0, 2.5, 1.0, 0.0],
                        [("eta_cutoff", {"epsilon": 0.25, "min_keep": 1})], distribution=True)
    twice = [("eta_cutoff", {"epsilon": 0.125, "min_keep": 1})] * 2
    yield pipeline_case("twice", ["ETA-CUTOFF-2"], [4.0, 1.5, 1.5, 1.5, *([0.0] * 60)], twice, flags=("tie",))
    model = Scripted("table", 3, 8)
    for name, epsilon in (("one", 1), ("below-zero", -0.25)):
        yield generate_case(name, ["ETA-CUTOFF-1"], {"do_sample": True, "eta_cutoff": epsilon}, [1], model,
                            flags=("refused",))
