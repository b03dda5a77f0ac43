"""Truncation by standard deviations. Text: docs/spec/top_n_sigma.md."""

from collections.abc import Iterator
from functools import partial
from math import fsum, sqrt
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.clauses import clauses
from support.drawn import Made, random_cases
from support.strategies import described, score_vectors
from support.truncation import ignores_a_shift, kept, knows_no_ids, reordered, takes_away
from support.vectors import Case, operation_case

from genspec.config import Rejected
from genspec_reference.operations.temperature import temperature
from genspec_reference.operations.top_n_sigma import top_n_sigma, top_n_sigma_margin
from genspec_reference.scores import Scores, softmax

WIDTHS = st.sampled_from((0.25, 0.5, 1.0, 1.5, 2.0, 4.0))
TENTHS = np.log([0.1, 0.2, 0.3, 0.4])


@given(score_vectors(), WIDTHS)
@clauses("TOP-N-SIGMA-2", "TOP-N-SIGMA-3")
def test_top_n_sigma_keeps_what_is_within_n_standard_deviations(scores: Scores, n: float) -> None:
    after = takes_away(partial(top_n_sigma, n=n), scores)
    if top_n_sigma_margin(scores, n) < 1e-9:
        return
    left = [float(score) for score in scores if score > -np.inf]
    mean = fsum(left) / len(left)
    deviation = sqrt(fsum((score - mean) ** 2 for score in left) / len(left))
    wanted = {token for token, score in enumerate(scores) if score > -np.inf and max(left) - score <= n * deviation}
    assert kept(after) == wanted or deviation == 0, described(scores=scores, n=n, deviation=deviation)


@given(score_vectors(), WIDTHS, st.sampled_from((0.25, 0.5, 2.0, 4.0)))
@clauses("TOP-N-SIGMA-2")
def test_top_n_sigma_keeps_the_same_tokens_at_every_temperature(scores: Scores, n: float, t: float) -> None:
    """The law that the paper proves of it, and that no other truncation has."""
    assert kept(top_n_sigma(temperature(scores, t), n)) == kept(top_n_sigma(scores, n))


@given(reordered(score_vectors()), WIDTHS, st.integers(-8, 8))
@clauses("TOP-N-SIGMA-2")
def test_top_n_sigma_laws(case: tuple[Scores, list[int]], n: float, shift: int) -> None:
    scores, order = case
    wider = kept(top_n_sigma(scores, 2 * n))
    assert kept(top_n_sigma(scores, n)) <= wider, "a greater n keeps more"
    if top_n_sigma_margin(scores, n) > 1e-9:
        ignores_a_shift(partial(top_n_sigma, n=n), scores, shift)
        knows_no_ids(partial(top_n_sigma, n=n), scores, order)


@clauses("TOP-N-SIGMA-2")
def test_top_n_sigma_is_not_idempotent() -> None:
    """What is left deviates less."""
    once = top_n_sigma(np.array([4.0, 2.0, 0.0, -2.0]), 1.0)
    assert (len(kept(once)), len(kept(top_n_sigma(once, 0.75)))) == (2, 1)


@clauses("TOP-N-SIGMA-2")
@pytest.mark.parametrize(("n", "wanted"), [(1.0, [0, 0, 3 / 7, 4 / 7]), (3.0, [0.1, 0.2, 0.3, 0.4])])
def test_top_n_sigma_gives_the_numbers_of_llama_cpp(n: float, wanted: list[float]) -> None:
    """Published in tests/test-sampling.cpp of llama.cpp (07e4038)."""
    np.testing.assert_allclose(softmax(top_n_sigma(TENTHS, n)), wanted, atol=1e-12)


@clauses("TOP-N-SIGMA-3")
def test_top_n_sigma_corners() -> None:
    assert top_n_sigma(np.array([3.0, 1.0]), 2.0).tolist() == [3, 1], "equal to the threshold stays"
    assert top_n_sigma(np.array([3.0, 1.0]), 1.9375).tolist() == [3, -np.inf]
    assert top_n_sigma(np.full(17, 0.1), 0.25).tolist() == [0.1] * 17
    assert top_n_sigma(np.array([-np.inf, 2.0]), 0.25).tolist() == [-np.inf, 2.0]
    assert top_n_sigma(np.full(3, -np.inf), 1.0).tolist() == [-np.inf] * 3


@clauses("TOP-N-SIGMA-2")
def test_top_n_sigma_margin_is_the_distance_to_the_threshold() -> None:
    assert top_n_sigma_margin(np.array([3.0, 1.0, -np.inf]), 1.5) == 0.5
    assert top_n_sigma_margin(np.array([3.0, 1.0]), 2.0) == 0.0
    assert top_n_sigma_margin(np.array([3.0, 3.0]), 1.0) == np.inf
    assert top_n_sigma_margin(np.full(2, -np.inf), 1.0) == np.inf


@pytest.mark.parametrize("n", [0.0, -1.0, np.inf, np.nan])
@clauses("TOP-N-SIGMA-1")
def test_top_n_sigma_refuses_other_numbers(n: float) -> None:
    with pytest.raises(Rejected, match=r"is not a real number above 0\. Give .* \[TOP-N-SIGMA-1\]"):
        top_n_sigma(np.zeros(2), n)


def drawn(rng: Random, size: int) -> Made:
    return {"n": rng.choice((0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 3.0))}, {}


def vectors() -> Iterator[Case]:
    name, two, three = "top_n_sigma", "TOP-N-SIGMA-2", "TOP-N-SIGMA-3"
    case = operation_case
    yield case("half-is-noise", [two], name, [4.0, 2.0, 0.0, -2.0], {"n": 1.0})
    yield case("equal-to-the-threshold", [two], name, [3.0, 1.0], {"n": 2.0}, flags=("boundary",),
               note="The deviation is 1 and the threshold 1.")
    yield case("extreme", [two], name, [4.0, 2.0, 0.0, -2.0], {"n": 128.0})
    yield case("above-the-score", [two], name, [3.0, 1.0], {"n": 1.9375})
    yield case("masked-do-not-deviate", [three], name, [3.0, 1.0, -np.inf, -np.inf], {"n": 1.5}, flags=("masked",))
    yield case("equal-scores", [three], name, [5.0] * 4, {"n": 0.25}, flags=("tie",), note="The deviation is 0.")
    yield case("one-left", [three], name, [-np.inf, 2.0], {"n": 0.25}, flags=("masked", "small-vocabulary"))
    yield case("vocabulary-of-one", [three], name, [2.0], {"n": 1.0}, flags=("small-vocabulary",))
    yield case("none-left", [three], name, [-np.inf] * 3, {"n": 1.0}, flags=("all-masked",))
    for label, n in (("zero", 0.0), ("below-zero", -1.0)):
        yield case(label, ["TOP-N-SIGMA-1"], name, [1.0, 0.0], {"n": n}, flags=("refused",))
    yield from random_cases(name, [two, three], drawn)
    for label, scores in (("two", [3.0, 1.0]), ("four", [3.0, 1.0, 1.0, 3.0, -np.inf])):
        yield case(f"exact-{label}", [two], name, scores, {"n": 2.0}, flags=("boundary", "exact"),
                   note="The mean is 2, the deviation 1, and the threshold 1: equal scores stay.")
