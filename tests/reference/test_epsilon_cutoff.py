"""Epsilon sampling. Text: docs/spec/epsilon_cutoff.md."""

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
from support.truncation import ignores_a_shift, kept, knows_no_ids, reordered, takes_away
from support.vectors import Case, generate_case, operation_case, pipeline_case

from genspec_reference.operations.epsilon_cutoff import epsilon_cutoff, epsilon_cutoff_margin
from genspec_reference.scores import Scores, softmax
from genspec_reference.scripted import Scripted

INF = np.inf
NEAR = 1e-9     # nearer to the cutoff than this rounding decides
CUTOFFS = st.floats(2**-20, 1, exclude_max=True)


def at_least(scores: Scores, count: int) -> set[int]:
    """Give the tokens of the `count` highest scores and of all equal to them."""
    found = [t for t in range(scores.size) if sum(scores > scores[t]) < count]
    return set(found) & kept(scores)


@given(scores=score_vectors(), epsilon=CUTOFFS, least=st.integers(1, 40))
@clauses("EPSILON-CUTOFF-2", "EPSILON-CUTOFF-3", "EPSILON-CUTOFF-4")
def test_epsilon_cutoff_keeps_what_is_probable(scores: Scores, epsilon: float, least: int) -> None:
    after = takes_away(lambda s: epsilon_cutoff(s, epsilon, least), scores)
    weights = {t: math.exp(scores[t]) for t in kept(scores)}
    probable = {t for t in weights if weights[t] / math.fsum(weights.values()) >= epsilon}
    if epsilon_cutoff_margin(scores, epsilon, least) > NEAR:
        values = described(scores=scores, epsilon=epsilon, least=least, after=after)
        assert kept(after) == probable | at_least(scores, least), values


@pytest.mark.parametrize(("epsilon", "stay"), [(0.25, 4), (0.2500001, 4), (0.9, 4)])
@clauses("EPSILON-CUTOFF-2", "EPSILON-CUTOFF-3")
def test_epsilon_cutoff_keeps_equal_tokens_together(epsilon: float, stay: int) -> None:
    assert len(kept(epsilon_cutoff(np.zeros(4), epsilon))) == stay


@pytest.mark.parametrize(("epsilon", "stay"), [(0.25 - NEAR, 3), (0.25 + NEAR, 1), (0.5 - NEAR, 1)])
@clauses("EPSILON-CUTOFF-2")
def test_epsilon_cutoff_boundary(epsilon: float, stay: int) -> None:
    assert len(kept(epsilon_cutoff(np.log([0.5, 0.25, 0.25]), epsilon))) == stay


@clauses("EPSILON-CUTOFF-2")
def test_epsilon_cutoff_equality_is_kept() -> None:
    assert kept(epsilon_cutoff(np.zeros(4), 0.25)) == {0, 1, 2, 3}
    assert kept(epsilon_cutoff(np.array([0.0, 0.0, -INF]), 0.5, 1)) == {0, 1}
    scores = np.array([2.0, 1.0, 0.0])
    for token, q in enumerate(softmax(scores)):
        assert kept(epsilon_cutoff(scores, q)) == set(range(token + 1)), "the very number of this token"


@clauses("EPSILON-CUTOFF-4")
def test_epsilon_cutoff_never_gives_a_token_back() -> None:
    assert epsilon_cutoff(np.array([-INF, 1.0, -INF]), 0.5, 3).tolist() == [-INF, 1.0, -INF]
    assert epsilon_cutoff(np.full(2, -INF), 0.5, 2).tolist() == [-INF, -INF]


@given(scores=score_vectors(), epsilon=CUTOFFS, other=CUTOFFS, shift=st.integers(-20, 20))
@clauses("EPSILON-CUTOFF-2")
def test_epsilon_cutoff_laws(scores: Scores, epsilon: float, other: float, shift: int) -> None:
    once, values = epsilon_cutoff(scores, epsilon), described(scores=scores, epsilon=epsilon, other=other)
    fewer, more = epsilon_cutoff(scores, max(epsilon, other)), epsilon_cutoff(scores, min(epsilon, other))
    assert kept(fewer) <= kept(more), values
    ignores_a_shift(lambda s: epsilon_cutoff(s, epsilon), scores, shift)
    if epsilon_cutoff_margin(scores, epsilon) > NEAR:
        np.testing.assert_array_equal(epsilon_cutoff(once, epsilon), once, err_msg=values)


@given(case=reordered(score_vectors()), epsilon=CUTOFFS, least=st.integers(1, 4))
@clauses("EPSILON-CUTOFF-2", "EPSILON-CUTOFF-3")
def test_epsilon_cutoff_knows_no_ids(case: tuple[Scores, list[int]], epsilon: float, least: int) -> None:
    if epsilon_cutoff_margin(case[0], epsilon, least) > NEAR:
        knows_no_ids(lambda s: epsilon_cutoff(s, epsilon, least), *case)


@clauses("EPSILON-CUTOFF-2", "EPSILON-CUTOFF-3")
def test_epsilon_cutoff_margin_is_the_way_to_the_cutoff() -> None:
    scores = np.log([0.5, 0.25, 0.25])
    assert epsilon_cutoff_margin(scores, 0.375) == pytest.approx(math.log(1.5))
    assert epsilon_cutoff_margin(scores, 0.125) == pytest.approx(math.log(2))
    assert epsilon_cutoff_margin(scores, 0.9, 2) == INF, "the first two and all equal to them stay anyway"
    assert epsilon_cutoff_margin(np.log([0.5, 0.3, 0.2]), 0.45, 2) == pytest.approx(math.log(1.5)), "0.3 leads 0.2"
    assert epsilon_cutoff_margin(np.array([1.0, -INF]), 0.5) == INF
    assert epsilon_cutoff_margin(np.full(2, -INF), 0.5) == INF


@given(scores=score_vectors(), epsilon=CUTOFFS, least=st.integers(1, 4))
@clauses("EPSILON-CUTOFF-2", "EPSILON-CUTOFF-3", "EPSILON-CUTOFF-4")
def test_epsilon_cutoff_against_transformers(scores: Scores, epsilon: float, least: int) -> None:
    if epsilon_cutoff_margin(scores, epsilon, least) > NEAR:
        theirs = processed("EpsilonLogitsWarper", [0], scores, epsilon, -INF, least)
        values = described(scores=scores, epsilon=epsilon, least=least)
        np.testing.assert_array_equal(epsilon_cutoff(scores, epsilon, least), theirs, err_msg=values)


@clauses("EPSILON-CUTOFF-1", "EPSILON-CUTOFF-3")
def test_epsilon_cutoff_in_a_plan() -> None:
    beams = {"do_sample": True, "num_beams": 2, "eos_token_id": [2, 3]}
    operation = planned("epsilon_cutoff", {**beams, "epsilon_cutoff": 0.25})
    assert operation is not None
    assert operation.arguments == {"epsilon": 0.25, "min_keep": 3}
    assert planned("epsilon_cutoff", {"do_sample": True, "epsilon_cutoff": 0}) is None
    assert refusing_clauses({"epsilon_cutoff": 1}) == {"EPSILON-CUTOFF-1"}


def drawn(rng: Random, size: int) -> Made:
    return {"epsilon": rng.choice((1, 2, 4, 8, 16, 32, 48)) / 64, "min_keep": rng.choice((1, 1, 1, 2, 3))}, {}


def vectors() -> Iterator[Case]:
    quarter = [1.0, 1.0, 1.0, 1.0, -INF]
    rows: list[tuple[str, str, list[float], dict[str, float], tuple[str, ...], str]] = [
        ("some", "2", [2.0, 1.0, 0.0, -2.0], {"epsilon": 0.125}, (), ""),
        ("all-below", "3", [2.0, 1.75, 1.5, 1.25], {"epsilon": 0.5}, (), ""),
        ("all-below-highest-equal", "3", [2.0, 1.5, 2.0, 1.25], {"epsilon": 0.75}, ("tie",), ""),
        ("equal-to-epsilon", "2", quarter, {"epsilon": 0.25}, ("boundary", "tie", "masked"), "q = ε is kept."),
        ("min-keep", "3", [2.0, 1.0, 0.0, -2.0], {"epsilon": 0.875, "min_keep": 3}, (), ""),
        ("min-keep-with-ties", "3", [2.0, 1.0, 1.0, -2.0], {"epsilon": 0.875, "min_keep": 2}, ("tie", "boundary"),
         "All equal to the second highest score are kept with it."),
        ("min-keep-is-inside", "3", [2.0, 1.0, 0.0, -2.0], {"epsilon": 0.0625, "min_keep": 2}, (), ""),
        ("min-keep-above-v", "3", [3.0, -1.0], {"epsilon": 0.96875, "min_keep": 3}, ("small-vocabulary",), ""),
        ("masked-tokens", "4", [1.0, -INF, 0.5, -INF], {"epsilon": 0.5, "min_keep": 3}, ("masked",), ""),
        ("vocabulary-of-one", "2", [-2.0], {"epsilon": 0.96875}, ("small-vocabulary",), ""),
        ("nothing-left", "4", [-INF] * 3, {"epsilon": 0.5, "min_keep": 2}, ("masked", "all-masked"), ""),
    ]
    for name, clause, scores, arguments, flags, note in rows:
        yield operation_case(name, [f"EPSILON-CUTOFF-{clause}"], "epsilon_cutoff", scores, arguments, flags=flags,
                             note=note)
    named = ["EPSILON-CUTOFF-2", "EPSILON-CUTOFF-3", "EPSILON-CUTOFF-4"]
    yield from random_cases("epsilon_cutoff", named, drawn)
    yield pipeline_case("law-of-a-token", ["EPSILON-CUTOFF-2"], [4.0, 2.5, 1.0, 0.0],
                        [("epsilon_cutoff", {"epsilon": 0.0625, "min_keep": 1})], distribution=True)
    model = Scripted("table", 3, 8)
    for name, epsilon in (("one", 1), ("below-zero", -0.25)):
        yield generate_case(name, ["EPSILON-CUTOFF-1"], {"do_sample": True, "epsilon_cutoff": epsilon}, [1], model,
                            flags=("refused",))
