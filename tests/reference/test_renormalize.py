"""Scores become log-probabilities. Text: docs/spec/renormalize.md."""

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
from support.truncation import reordered
from support.vectors import Case, generate_case, operation_case, pipeline_case

from genspec_reference.operations.renormalize import renormalize
from genspec_reference.scores import Scores, support
from genspec_reference.scripted import Scripted

INF = np.inf


@given(scores=score_vectors())
@clauses("RENORMALIZE-2")
def test_renormalize_makes_the_exponentials_add_up_to_one(scores: Scores) -> None:
    """All scores move by the same amount, so that the sum is 1."""
    before = scores.copy()
    after = renormalize(scores)
    left = support(scores)
    values = described(scores=scores, after=after)
    np.testing.assert_array_equal(scores, before)
    np.testing.assert_array_equal(support(after), left, err_msg=values)
    assert math.fsum(math.exp(score) for score in after[left]) == pytest.approx(1), values
    np.testing.assert_allclose(after[left] - scores[left], after[left[0]] - scores[left[0]], atol=1e-12, err_msg=values)


@given(scores=score_vectors(), shift=st.integers(-50, 50))
@clauses("RENORMALIZE-2")
def test_renormalize_forgets_a_shift_and_twice_is_once(scores: Scores, shift: int) -> None:
    once = renormalize(scores)
    np.testing.assert_allclose(renormalize(scores + shift), once, atol=1e-12)
    np.testing.assert_allclose(renormalize(once), once, atol=1e-12)


@given(case=reordered(score_vectors()))
@clauses("RENORMALIZE-2")
def test_renormalize_knows_no_ids(case: tuple[Scores, list[int]]) -> None:
    scores, order = case
    np.testing.assert_allclose(renormalize(scores[order]), renormalize(scores)[order], atol=1e-12)


@clauses("RENORMALIZE-2")
def test_renormalize_does_not_overflow() -> None:
    assert renormalize(np.array([3e38, -3e38])).tolist() == [0.0, -6e38]
    assert renormalize(np.array([7.0, -INF])).tolist() == [0.0, -INF]


@clauses("RENORMALIZE-3")
def test_renormalize_leaves_nothing_as_it_is() -> None:
    assert renormalize(np.full(3, -INF)).tolist() == [-INF] * 3


@given(scores=score_vectors())
@clauses("RENORMALIZE-2")
def test_renormalize_against_transformers(scores: Scores) -> None:
    np.testing.assert_allclose(renormalize(scores), processed("LogitNormalization", [0], scores), atol=1e-12)


@clauses("RENORMALIZE-3")
def test_deviation_nothing_left_becomes_nan() -> None:
    assert np.isnan(processed("LogitNormalization", [0], np.full(3, -INF))).all()


@clauses("RENORMALIZE-1")
def test_renormalize_in_a_plan() -> None:
    operation = planned("renormalize", {"renormalize_logits": True})
    assert operation is not None
    assert operation.arguments == {}
    assert planned("renormalize", {"renormalize_logits": False}) is None
    assert planned("renormalize", {}) is None
    assert refusing_clauses({"renormalize_logits": "true"}) == {"CONFIG-3"}


def drawn(rng: Random, size: int) -> Made:
    return {}, {}


def vectors() -> Iterator[Case]:
    rows: list[tuple[str, str, list[float], tuple[str, ...]]] = [
        ("equal-scores", "2", [3.0, 3.0, 3.0, 3.0], ("tie",)),
        ("three-scores", "2", [1.0, 0.0, -2.0], ("negative-scores", "zero-score")),
        ("masked-tokens", "2", [1.0, -INF, 1.0, -INF], ("masked",)),
        ("one-token-left", "2", [-INF, -7.5], ("masked",)),
        ("vocabulary-of-one", "2", [4.0], ("small-vocabulary",)),
        ("far-apart", "2", [1024.0, -1024.0], ()),
        ("nothing-left", "3", [-INF, -INF, -INF], ("masked", "all-masked")),
    ]
    for name, clause, scores, flags in rows:
        yield operation_case(name, [f"RENORMALIZE-{clause}"], "renormalize", scores, {}, flags=flags)
    yield from random_cases("renormalize", ["RENORMALIZE-2"], drawn)
    after_top_k = [("top_k", {"k": 2, "min_keep": 1}), ("renormalize", {})]
    yield pipeline_case("after-top-k", ["RENORMALIZE-2"], [2.0, 1.0, 0.0], after_top_k)
    yield pipeline_case("same-law", ["RENORMALIZE-2"], [2.0, 1.0, 0.0, -INF], [("renormalize", {})], distribution=True,
                        flags=("masked",))
    model, asked = Scripted("table", 3, 6), {"output_scores": True, "return_dict_in_generate": True}
    for name, on in (("on", True), ("off", False)):
        yield generate_case(name, ["RENORMALIZE-1"], {"renormalize_logits": on, "max_new_tokens": 2, **asked}, [1],
                            model)
    yield generate_case("a-text", ["RENORMALIZE-1", "CONFIG-3"], {"renormalize_logits": "true"}, [1], model,
                        flags=("refused",))
