"""Temperature. Text: docs/spec/temperature.md."""

from collections.abc import Iterator
from itertools import pairwise
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
from support.truncation import knows_no_ids, reordered
from support.vectors import Case, generate_case, operation_case, pipeline_case

from genspec import GenerationConfig, Rejected
from genspec_reference import generate, seeded_noise
from genspec_reference.operations.temperature import temperature
from genspec_reference.scores import Scores, entropy, softmax, support
from genspec_reference.scripted import Scripted

INF = np.inf
TEMPERATURES = st.floats(0.01, 100)


@given(scores=score_vectors(), t=TEMPERATURES)
@clauses("TEMPERATURE-3", "TEMPERATURE-4")
def test_temperature_scales_differences(scores: Scores, t: float) -> None:
    """The odds of any two tokens are raised to the power 1 / T."""
    before = scores.copy()
    q, p = softmax(scores), softmax(temperature(scores, t))
    left = support(scores)
    values = described(scores=scores, t=t, q=q, p=p)
    np.testing.assert_array_equal(scores, before)
    np.testing.assert_array_equal(support(temperature(scores, t)), left, err_msg=values)
    for a, b in pairwise(left):
        with np.errstate(divide="ignore"):
            odds = (np.log(q[a]) - np.log(q[b])) / t
            assert np.log(p[a]) - np.log(p[b]) == pytest.approx(odds) or min(p[a], p[b]) < 1e-300, values


@given(scores=score_vectors(distinct=True))
@clauses("TEMPERATURE-3")
def test_temperature_near_zero_leaves_the_most_probable_token(scores: Scores) -> None:
    q = softmax(temperature(scores, 1e-5))
    assert q[scores.argmax()] == pytest.approx(1), described(scores=scores, q=q)


@given(scores=score_vectors())
@clauses("TEMPERATURE-3", "TEMPERATURE-4")
def test_temperature_without_bound_makes_all_equal(scores: Scores) -> None:
    q = softmax(temperature(scores, 1e12))
    left = support(scores)
    np.testing.assert_allclose(q[left], 1 / left.size, rtol=1e-9, err_msg=described(scores=scores, q=q))
    assert q.sum() == pytest.approx(1)


@given(scores=score_vectors(), t=TEMPERATURES, u=TEMPERATURES)
@clauses("TEMPERATURE-3")
def test_temperature_raises_the_entropy(scores: Scores, t: float, u: float) -> None:
    low, high = temperature(scores, min(t, u)), temperature(scores, max(t, u))
    assert entropy(low) <= entropy(high) + 1e-9, described(scores=scores, t=t, u=u)


@given(scores=score_vectors(), t=TEMPERATURES, shift=st.integers(-20, 20))
@clauses("TEMPERATURE-3")
def test_temperature_keeps_the_law_when_all_scores_shift(scores: Scores, t: float, shift: int) -> None:
    """The scores are others, their softmax is the same."""
    shifted = temperature(scores + shift, t)
    np.testing.assert_allclose(softmax(shifted), softmax(temperature(scores, t)), rtol=1e-9, atol=1e-300)


@given(case=reordered(score_vectors()), t=TEMPERATURES)
@clauses("TEMPERATURE-3")
def test_temperature_knows_no_ids(case: tuple[Scores, list[int]], t: float) -> None:
    knows_no_ids(lambda s: temperature(s, t), *case)


@clauses("TEMPERATURE-3")
def test_temperature_twice_is_not_once() -> None:
    assert temperature(temperature(np.array([2.0, 1.0]), 0.5), 0.5).tolist() == [8.0, 4.0]
    assert temperature(temperature(np.array([2.0, 1.0]), 0.5), 2).tolist() == [2.0, 1.0]


@clauses("TEMPERATURE-4")
def test_temperature_leaves_a_token_that_cannot_be_produced() -> None:
    assert temperature(np.array([1.0, -INF]), 0.25).tolist() == [4.0, -INF]
    assert temperature(np.full(2, -INF), 4.0).tolist() == [-INF, -INF]


@clauses("TEMPERATURE-3")
def test_a_quotient_that_is_no_number_is_refused() -> None:
    model, config = Scripted("table", 1, 8), GenerationConfig(do_sample=True, temperature=5e-324, max_new_tokens=1)
    with np.errstate(over="ignore"), pytest.raises(Rejected, match="SCORES-2"):
        generate(config, model, [1], noise=seeded_noise(0))


@given(scores=score_vectors(), t=TEMPERATURES)
@clauses("TEMPERATURE-3", "TEMPERATURE-4")
def test_temperature_against_transformers(scores: Scores, t: float) -> None:
    np.testing.assert_array_equal(temperature(scores, t), processed("TemperatureLogitsWarper", [0], scores, t))


@clauses("TEMPERATURE-1", "TEMPERATURE-2")
def test_temperature_in_a_plan() -> None:
    operation = planned("temperature", {"do_sample": True, "temperature": 0.5})
    assert operation is not None
    assert operation.arguments == {"temperature": 0.5}
    assert planned("temperature", {"do_sample": True, "temperature": 1}) is None
    assert planned("temperature", {"temperature": 0}) is None
    assert refusing_clauses({"do_sample": True, "temperature": 0}) == {"TEMPERATURE-2"}
    assert refusing_clauses({"temperature": -1}) == {"TEMPERATURE-1"}


def drawn(rng: Random, size: int) -> Made:
    return {"temperature": rng.choice((0.125, 0.25, 0.5, 0.75, 0.875, 1.25, 1.5, 2, 3.5, 16))}, {}


def vectors() -> Iterator[Case]:
    rows: list[tuple[str, str, list[float], float, tuple[str, ...]]] = [
        ("half", "3", [1.0, -2.0, 0.0, 3.5], 0.5, ("negative-scores", "zero-score")),
        ("four", "3", [1.0, -2.0, 0.0, 3.5], 4.0, ("negative-scores", "zero-score")),
        ("integer", "3", [1.0, -2.0], 2, ()),
        ("third", "3", [1.0, -2.0, 0.5], 3.0, ()),
        ("masked-tokens", "4", [1.0, -INF, 0.5, -INF], 0.25, ("masked",)),
        ("nothing-left", "4", [-INF, -INF], 2.0, ("masked", "all-masked")),
        ("vocabulary-of-one", "3", [-1.0], 0.5, ("small-vocabulary",)),
        ("very-low", "3", [1.0, 0.96875, -1.0], 0.00390625, ()),
        ("very-high", "3", [1.0, 0.96875, -1.0], 4096.0, ()),
    ]
    for name, clause, scores, t, flags in rows:
        yield operation_case(name, [f"TEMPERATURE-{clause}"], "temperature", scores, {"temperature": t}, flags=flags)
    yield from random_cases("temperature", ["TEMPERATURE-3", "TEMPERATURE-4"], drawn)
    for t in (0.25, 4.0):
        yield pipeline_case(f"law-at-{t:g}".replace(".", "-"), ["TEMPERATURE-3"], [2.0, 0.5, -INF, 1.0],
                            [("temperature", {"temperature": t})], distribution=True, flags=("masked",))
    model = Scripted("table", 3, 8)
    yield generate_case("below-zero", ["TEMPERATURE-1"], {"temperature": -0.5}, [1], model, flags=("refused",))
    yield generate_case("zero-when-drawing", ["TEMPERATURE-2"], {"do_sample": True, "temperature": 0}, [1], model,
                        flags=("refused", "boundary"), note="0 is in the range of TEMPERATURE-1.")
    yield generate_case("zero-without-drawing", ["TEMPERATURE-2"], {"temperature": 0, "max_new_tokens": 3}, [1], model,
                        flags=("boundary",), note="0 is inert.")
