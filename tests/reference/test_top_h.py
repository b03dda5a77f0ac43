"""Top-H. Text: docs/spec/top_h.md."""

import math
from collections.abc import Iterator
from itertools import accumulate
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
    subsets,
    takes_away,
    with_choices,
)
from support.vectors import Case, generate_case, operation_case, pipeline_case

from genspec_reference.operations.top_h import top_h, top_h_margin
from genspec_reference.scores import Scores, entropy, log_softmax
from genspec_reference.scripted import Scripted

INF = np.inf
NEAR = 1e-9     # nearer to the limit than this rounding decides
PARTS = st.floats(0.01, 1)
BELOW_ONE = st.floats(0.01, 0.99)
HALVES = np.log([0.5, 0.25, 0.125, 0.125])      # in bits 0.5, 0.5, 0.375, 0.375 of an entropy of 1.75


def part(scores: Scores, tokens: set[int]) -> float:
    """Give what tokens add to the entropy."""
    log_q = log_softmax(scores)
    return math.fsum(-math.exp(log_q[t]) * log_q[t] for t in tokens)


@given(scores=score_vectors(), h=BELOW_ONE)
@clauses("TOP-H-2", "TOP-H-3", "TOP-H-4", "TOP-H-6")
def test_top_h_keeps_the_longest_prefix_within_its_part_of_the_entropy(scores: Scores, h: float) -> None:
    stay = kept(takes_away(lambda s: top_h(s, h), scores))
    rest, values = kept(scores) - stay, described(scores=scores, h=h, stay=stay)
    limit = h * entropy(scores)
    assert part(scores, stay) <= limit + NEAR or len(stay) == 1, values
    for token in sorted(rest, key=lambda t: (-scores[t], t))[:1]:
        assert part(scores, stay | {token}) > limit - NEAR, values
    assert all((scores[t], -t) > (scores[u], -u) for t in stay for u in rest), values


@given(scores=score_vectors(), h=BELOW_ONE)
@clauses("TOP-H-2", "TOP-H-4")
def test_top_h_is_the_largest_set_of_highest_tokens(scores: Scores, h: float) -> None:
    """By trying every set: no token outside is above one inside, and the sum is within the limit."""
    if scores.size > 8 or top_h_margin(scores, h) < NEAR:
        return
    tops = [s for s in subsets(kept(scores)) if all(
        (scores[t], -t) > (scores[u], -u) for t in s for u in kept(scores) - s
    )]
    within = [s for s in tops if len(s) == 1 or part(scores, s) <= h * entropy(scores)]
    assert kept(top_h(scores, h)) == max(within, key=len), described(scores=scores, h=h)


CORNERS = [(0.01, {0}), (0.28, {0}), (0.29, {0}), (0.53, {0}), (0.57, {0}), (0.58, {0, 1}), (0.78, {0, 1}),
           (0.79, {0, 1, 2}), (0.99, {0, 1, 2}), (1, {0, 1, 2, 3})]


@pytest.mark.parametrize(("h", "stay"), CORNERS)
@clauses("TOP-H-2", "TOP-H-4")
def test_top_h_boundary(h: float, stay: set[int]) -> None:
    assert kept(top_h(HALVES, h)) == stay


@given(size=st.integers(1, 40), h=PARTS)
@clauses("TOP-H-2", "TOP-H-3", "TOP-H-4")
def test_top_h_of_equal_tokens_keeps_a_part_of_them(size: int, h: float) -> None:
    """Each adds the same, so that of n tokens h · n are kept, rounded down, and one at least."""
    stay = kept(top_h(np.zeros(size), h))
    if abs(h * size - round(h * size)) > NEAR or size == 1:
        assert stay == set(range(max(1, math.floor(h * size))))


@clauses("TOP-H-2", "TOP-H-3")
def test_top_h_equal_to_the_limit_is_kept() -> None:
    assert kept(top_h(np.zeros(4), 0.5)) == {0, 1}
    assert kept(top_h(np.zeros(4), 0.4999)) == {0}


@given(scores=score_vectors())
@clauses("TOP-H-1", "TOP-H-5")
def test_top_h_of_one_is_the_identity(scores: Scores) -> None:
    np.testing.assert_array_equal(top_h(scores, 1), scores)


@clauses("TOP-H-5")
def test_top_h_keeps_more_than_a_hundred_tokens() -> None:
    assert len(kept(top_h(np.zeros(300), 0.9))) == 270
    assert len(kept(top_h(np.zeros(300), 1))) == 300
    assert kept(top_h(np.array([0.0, -1.0, -800.0]), 1)) == {0, 1, 2}, "exp(-800) is 0 in float64"


@clauses("TOP-H-6")
def test_top_h_never_gives_a_token_back() -> None:
    assert top_h(np.array([-INF, 1.0, -INF]), 0.5).tolist() == [-INF, 1.0, -INF]
    assert top_h(np.full(2, -INF), 0.5).tolist() == [-INF, -INF]
    with_masked = np.array([HALVES[0], -INF, *HALVES[1:], -INF])
    assert kept(top_h(with_masked, 0.6)) == {0, 2}


@given(scores=score_vectors(), h=PARTS, other=PARTS, shift=st.integers(-20, 20))
@clauses("TOP-H-2")
def test_top_h_laws(scores: Scores, h: float, other: float, shift: int) -> None:
    fewer, more = top_h(scores, min(h, other)), top_h(scores, max(h, other))
    assert kept(fewer) <= kept(more), described(scores=scores, h=h, other=other)
    ignores_a_shift(lambda s: top_h(s, h), scores, shift)


@given(case=reordered(score_vectors(distinct=True)), h=PARTS)
@clauses("TOP-H-3")
def test_top_h_knows_no_ids(case: tuple[Scores, list[int]], h: float) -> None:
    if top_h_margin(case[0], h) > NEAR or h == 1:
        knows_no_ids(lambda s: top_h(s, h), *case)


@clauses("TOP-H-2")
def test_top_h_twice_is_not_once() -> None:
    once = top_h(HALVES, 0.6)
    assert (kept(once), kept(top_h(once, 0.6))) == ({0, 1}, {0})


@clauses("TOP-H-2", "TOP-H-3", "TOP-H-4")
def test_top_h_margin_is_the_distance_to_the_nearest_boundary() -> None:
    bit = math.log(2)
    assert top_h_margin(HALVES, 0.6) == pytest.approx(0.05 * bit)
    assert top_h_margin(HALVES, 0.2) == pytest.approx(0.65 * bit), "the first is kept in any case"
    assert top_h_margin(np.array([1.0, 1.0 - 1e-6, -20.0]), 0.4) == pytest.approx(1e-6, rel=1e-3)
    assert top_h_margin(np.zeros(4), 0.5) == pytest.approx(0)
    assert top_h_margin(np.array([1.0, -INF]), 0.5) == INF
    assert top_h_margin(np.full(2, -INF), 0.5) == INF


@given(scores=score_vectors(), h=BELOW_ONE)
@clauses("TOP-H-2", "TOP-H-3", "TOP-H-4", "TOP-H-6")
def test_top_h_against_transformers(scores: Scores, h: float) -> None:
    if top_h_margin(scores, h) > NEAR:
        same_but_for_ties(top_h(scores, h), processed("TopHLogitsWarper", [0], scores, h), scores)


@clauses("TOP-H-2", "TOP-H-5")
def test_deviation_transformers_sees_a_hundred_tokens() -> None:
    scores = np.arange(300) / -64
    assert len(kept(processed("TopHLogitsWarper", [0], np.zeros(300), 1.0))) == 100
    theirs, ours = kept(processed("TopHLogitsWarper", [0], scores, 0.75)), kept(top_h(scores, 0.75))
    assert len(theirs) < len(ours), "the entropy, too, is that of a hundred tokens"
    within = accumulate(-q * math.log(q) for q in np.exp(log_softmax(scores[:100])))
    assert len(theirs) == sum(reached <= 0.75 * entropy(scores[:100]) for reached in within)


@clauses("TOP-H-5")
def test_deviation_at_one_rounding_decides() -> None:
    rng = Random(0)
    vectors_of_scores = [[rng.randrange(-128, 128) / 32 for _ in range(64)] for _ in range(50)]
    dropped = [len(kept(processed("TopHLogitsWarper", [0], np.array(s), 1.0, number_type="float32"))) < 64
               for s in vectors_of_scores]
    assert any(dropped), "the deviation is gone"
    assert kept(processed("TopHLogitsWarper", [0], np.array([0.0, -1.0, -800.0]), 1.0)) == {0, 1}


@clauses("TOP-H-6")
def test_deviation_nothing_left_raises() -> None:
    with pytest.raises(ValueError, match="constraint"):
        processed("TopHLogitsWarper", [0], np.full(3, -INF), 0.5)


@clauses("TOP-H-2")
def test_the_paper_bounds_the_entropy_of_what_is_kept() -> None:
    """The text of the paper would keep two tokens here; its authors' code, and transformers, keep one."""
    limit = 0.53 * entropy(HALVES)
    assert entropy(HALVES[:2]) < limit < part(HALVES, {0, 1})
    assert kept(top_h(HALVES, 0.53)) == {0} == kept(processed("TopHLogitsWarper", [0], HALVES, 0.53))


@clauses("TOP-H-1", "TOP-H-4")
def test_top_h_in_a_plan() -> None:
    operation = planned("top_h", {"do_sample": True, "num_beams": 2, "top_h": 0.25, "eos_token_id": [2, 3]})
    assert operation is not None
    assert operation.arguments == {"h": 0.25}
    assert planned("top_h", {"do_sample": True, "top_h": 1}) is not None
    assert refusing_clauses({"top_h": 0}) == {"TOP-H-1"}


def drawn(rng: Random, size: int) -> Made:
    return {"h": rng.randrange(1, 32) / 32}, {}


def vectors() -> Iterator[Case]:
    yield from with_choices(written_cases())
    yield from with_choices([operation_case(
        "exact-half-of-two", ["TOP-H-2", "TOP-H-3"], "top_h", [1.0, 1.0, -INF], {"h": 0.5},
        flags=("boundary", "masked", "exact"), note="One of two equal tokens adds half of the entropy.")])
    yield from with_choices(random_cases("top_h", ["TOP-H-2", "TOP-H-3", "TOP-H-4", "TOP-H-6"], drawn, count=36))
    long = [-token / 64 for token in range(160)]
    yield operation_case("more-than-a-hundred", ["TOP-H-5"], "top_h", long, {"h": 0.875},
                         note="transformers sees the first hundred alone.")
    yield pipeline_case("law-of-a-token", ["TOP-H-2"], [2.0, 1.5, 1.0, 0.0], [("top_h", {"h": 0.625})],
                        distribution=True)
    model = Scripted("table", 3, 8)
    for name, h in (("above-one", 1.5), ("zero", 0)):
        yield generate_case(name, ["TOP-H-1"], {"do_sample": True, "top_h": h}, [1], model, flags=("refused",))


def written_cases() -> Iterator[Case]:
    rows: list[tuple[str, str, list[float], float, tuple[str, ...], str]] = [
        ("some", "2", [2.0, 1.0, 0.5, -1.0], 0.625, (), ""),
        ("few", "4", [2.0, 1.0, 0.5, -1.0], 0.125, (), ""),
        ("equal-tokens", "3", [1.0] * 5, 0.5, ("tie",), ""),
        ("equal-to-the-limit", "2", [1.0, 1.0, 1.0, 1.0, -INF], 0.5, ("boundary", "masked"),
         "The first two of four equal tokens add half of the entropy."),
        ("equal-tokens-at-the-boundary", "3", [2.0, 0.0, 0.0, 0.0], 0.5, ("tie",), ""),
        ("one-keeps-all", "5", [2.0, 1.0, 0.5, -1.0], 1, ("boundary",), "The sum over all tokens is H itself."),
        ("masked-tokens", "6", [2.0, -INF, 0.5, -INF, 1.0], 0.75, ("masked",), ""),
        ("one-token-left", "6", [-INF, 1.0, -INF], 0.5, ("masked",), ""),
        ("vocabulary-of-one", "4", [-2.0], 0.03125, ("small-vocabulary",), ""),
        ("nothing-left", "6", [-INF] * 3, 0.5, ("masked", "all-masked"), ""),
    ]
    for name, clause, scores, h, flags, note in rows:
        yield operation_case(name, [f"TOP-H-{clause}"], "top_h", scores, {"h": h}, flags=flags, note=note)
