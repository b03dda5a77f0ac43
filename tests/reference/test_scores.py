"""Score vectors. Text: docs/spec/scores.md."""

import math
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.clauses import clauses
from support.strategies import described, score_vectors
from support.vectors import Case, pipeline_case, selection_case

from genspec import GenerationConfig
from genspec.config import Rejected
from genspec_reference import Scripted, decode, generate
from genspec_reference.scores import (
    Scores,
    as_scores,
    descending,
    entropy,
    highest,
    log_softmax,
    mask,
    softmax,
    support,
)
from genspec_reference.select import highest_score

INF = math.inf


@given(scores=score_vectors())
@clauses("SCORES-1", "SCORES-3")
def test_softmax_is_proportional_to_the_exponentials(scores: Scores) -> None:
    q = softmax(scores)
    weights = [math.exp(score) if score > -INF else 0.0 for score in scores.tolist()]
    expected = [weight / math.fsum(weights) for weight in weights]
    np.testing.assert_allclose(q, expected, rtol=1e-12, err_msg=described(scores=scores))
    assert set(np.flatnonzero(q > 0)) == set(support(scores))


@given(scores=score_vectors(), shift=st.integers(-50, 50))
@clauses("SCORES-3")
def test_softmax_does_not_change_when_all_scores_shift(scores: Scores, shift: int) -> None:
    np.testing.assert_allclose(softmax(scores + shift), softmax(scores), rtol=1e-12)


@clauses("SCORES-3")
def test_softmax_does_not_overflow() -> None:
    assert softmax(np.array([2000.0, 1000.0, -3e38])).tolist() == [1.0, 0.0, 0.0]
    assert log_softmax(np.array([2000.0, 1000.0]))[1] == -1000.0


@clauses("SCORES-3", "SCORES-4")
def test_softmax_of_nothing_is_nothing() -> None:
    gone = np.full(3, -INF)
    assert softmax(gone).tolist() == [0.0, 0.0, 0.0]
    assert log_softmax(gone).tolist() == [-INF] * 3
    assert entropy(gone) == 0.0


@clauses("SCORES-2")
@pytest.mark.parametrize("strange", [math.nan, INF])
def test_softmax_of_what_is_no_score_is_nan(strange: float) -> None:
    assert np.isnan(log_softmax(np.array([0.0, strange, -INF]))).all()


@given(scores=score_vectors())
@clauses("SCORES-4")
def test_entropy_is_between_that_of_one_token_and_that_of_equal_ones(scores: Scores) -> None:
    kept = len(support(scores))
    assert -1e-12 <= entropy(scores) <= math.log(kept) + 1e-12, described(scores=scores)


@clauses("SCORES-4")
def test_entropy_of_a_fair_coin_is_log_2() -> None:
    assert entropy(np.array([1.5, -INF, 1.5])) == pytest.approx(math.log(2), abs=1e-15)


@given(scores=score_vectors(), count=st.integers(1, 40))
@clauses("SCORES-5")
def test_highest_is_the_head_of_the_ranking(scores: Scores, count: int) -> None:
    ranking = sorted(range(scores.size), key=lambda token: (-scores[token], token))
    assert descending(scores).tolist() == ranking, described(scores=scores)
    assert highest(scores, count).tolist() == ranking[:count], described(scores=scores, count=count)


def test_mask_leaves_its_argument_alone() -> None:
    scores = np.array([1.0, 2.0])
    assert mask(scores, [1]).tolist() == [1.0, -INF]
    assert mask(scores, np.array([True, False])).tolist() == [-INF, 2.0]
    assert mask(scores, []).tolist() == scores.tolist() == [1.0, 2.0]


@pytest.mark.parametrize("wrong", [[], [[1.0]], 1.0])
def test_as_scores_wants_a_vector(wrong: object) -> None:
    with pytest.raises(ValueError, match=r"float\[V\]"):
        as_scores(wrong)


@pytest.mark.parametrize("strange", [math.nan, INF])
@clauses("SCORES-2")
def test_strange_logits_are_refused_unless_they_are_repaired(strange: float) -> None:
    def model(tokens: tuple[int, ...]) -> list[float]:
        return [0.0, strange, 1.0]

    with pytest.raises(Rejected, match=r"token 1 is (nan|inf) after logits.*SCORES-2"):
        generate(GenerationConfig(max_new_tokens=1), model, [0])
    repaired = generate(GenerationConfig(max_new_tokens=1, remove_invalid_values=True), model, [0])
    assert repaired.sequences == ((0, 1 if strange == INF else 2),)


@clauses("SCORES-2")
def test_an_operation_that_makes_infinity_is_refused() -> None:
    config = GenerationConfig(max_new_tokens=1, repetition_penalty=1e-300)
    with pytest.raises(Rejected, match="after repetition_penalty"):
        generate(config, lambda tokens: [1e300, 0.0], [0])


@clauses("SCORES-2")
def test_infinity_after_the_repair_is_refused() -> None:
    plan = GenerationConfig(max_new_tokens=1, remove_invalid_values=True).resolve().plan
    with pytest.raises(Rejected, match="after processor"):
        decode(plan, lambda tokens: [0.0, 1.0], [0], processors=[lambda scores, context: scores + INF])


@clauses("SCORES-6")
def test_no_token_left_is_refused() -> None:
    with pytest.raises(Rejected, match="SCORES-6"):
        highest_score(np.full(3, -INF))
    config = GenerationConfig(max_new_tokens=2, suppress_tokens=[0, 1])
    with pytest.raises(Rejected, match="SCORES-6"):
        generate(config, Scripted("table", 1, 2), [0])


@clauses("SCORES-2", "SCORES-6")
def test_transformers_goes_on_without_a_token() -> None:
    """Fails once transformers refuses what SCORES-2 and SCORES-6 refuse."""
    torch = pytest.importorskip("torch")
    gone = torch.full((1, 3), -INF)
    assert torch.argmax(gone, dim=-1).item() == 0
    assert torch.argmax(torch.tensor([[0.0, math.nan, 1.0]]), dim=-1).item() == 1
    with pytest.raises(RuntimeError):
        torch.multinomial(torch.softmax(gone, dim=-1), 1)


def vectors() -> Iterator[Case]:
    yield pipeline_case("probabilities", ["SCORES-3"], [1.0, 0.0, -INF, 1.0], [], distribution=True, flags=("masked",))
    yield pipeline_case("one-token", ["SCORES-1", "SCORES-3"], [-3.5], [], distribution=True,
                        flags=("small-vocabulary",))
    yield pipeline_case("large-scores", ["SCORES-3"], [1024.0, 1023.0, -1024.0], [], distribution=True)
    yield pipeline_case("equal-scores", ["SCORES-3", "SCORES-5"], [0.25] * 5, [], distribution=True, flags=("tie",))
    yield selection_case("ranking-of-equals", ["SCORES-5"], [0.0, 2.0, 2.0, -1.0], flags=("tie",))
    yield selection_case("minus-infinity-is-never-taken", ["SCORES-1"], [-INF, -1000.0, -INF], flags=("masked",))
    yield selection_case("no-token-left", ["SCORES-6"], [-INF, -INF], flags=("all-masked",),
                         note="Nothing can be produced: refused.")
    yield pipeline_case("entropy-decides", ["SCORES-4"], [0.0, 0.0, -INF, -4.0], [("eta_cutoff", {"epsilon": 0.25})],
                        flags=("masked",), note="The cutoff is the square root of 0.25 times exp(-H).")
    yield pipeline_case("infinity-is-refused", ["SCORES-2"], [2.0**127, 1.0],
                        [("temperature", {"temperature": 2.0**-1000})], flags=("refused",),
                        note="The temperature makes the score infinite, in double precision too.")
