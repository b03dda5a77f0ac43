"""What is added to the scores of single tokens. Text: docs/spec/logit_bias.md."""

from collections.abc import Iterator
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.clauses import clauses
from support.drawn import Made, random_cases
from support.strategies import LEVELS, described, score_vectors
from support.vectors import Case, operation_case

from genspec.config import Rejected
from genspec_reference.operations.logit_bias import logit_bias
from genspec_reference.operations.sequence_bias import sequence_bias
from genspec_reference.scores import Scores, support


@st.composite
def biased_scores(draw: st.DrawFn) -> tuple[Scores, list[tuple[int, float]]]:
    scores = draw(score_vectors())
    pairs = st.tuples(st.integers(0, scores.size - 1), LEVELS | st.just(-np.inf))
    return scores, draw(st.lists(pairs, max_size=6))


@given(biased_scores())
@clauses("LOGIT-BIAS-1", "LOGIT-BIAS-2")
def test_logit_bias_adds_to_each_token_the_sum_of_its_biases(case: tuple[Scores, list[tuple[int, float]]]) -> None:
    scores, biases = case
    wanted = [score + sum(bias for token, bias in biases if token == t) for t, score in enumerate(scores)]
    assert logit_bias(scores, biases).tolist() == wanted, described(scores=scores, biases=biases)


@given(biased_scores())
@clauses("LOGIT-BIAS-2")
def test_logit_bias_laws(case: tuple[Scores, list[tuple[int, float]]]) -> None:
    scores, biases = case
    moved = logit_bias(scores, biases)
    assert logit_bias(scores, reversed(biases)).tolist() == moved.tolist(), "order means nothing"
    assert logit_bias(scores + 4.0, biases).tolist() == (moved + 4.0).tolist(), "it shifts with the scores"
    assert set(support(moved).tolist()) <= set(support(scores).tolist()), "no token comes back"
    alone = dict(biases)
    same = sequence_bias(scores, tuple(((token,), bias) for token, bias in alone.items()), tokens=(0,))
    assert logit_bias(scores, alone.items()).tolist() == same.tolist(), "it is a bias of sequences of one token"


@clauses("LOGIT-BIAS-1")
@pytest.mark.parametrize(
    ("pair", "wrong"), [((3, 1.0), 3), ((-1, 1.0), -1), ((0, np.inf), np.inf), ((0, np.nan), np.nan)]
)
def test_logit_bias_refuses_other_ids_and_other_biases(pair: tuple[int, float], wrong: float) -> None:
    with pytest.raises(Rejected) as caught:
        logit_bias(np.zeros(3), [pair])
    (reason,) = caught.value.reasons
    assert (reason.field, reason.clause) == ("biases", "LOGIT-BIAS-1") and reason.value is wrong
    assert reason.remedy in ("Give a token id in [0, 3).", "Give a real number or minus infinity.")


def drawn(rng: Random, size: int) -> Made:
    biases = [[rng.randrange(size), rng.choice((rng.randrange(-96, 97) / 32, 100.0))]
              for _ in range(rng.randint(1, 5))]
    return {"biases": biases}, {}


def vectors() -> Iterator[Case]:
    name, scores = "logit_bias", [1.0, -2.0, 3.0, -np.inf]
    one, two = "LOGIT-BIAS-1", "LOGIT-BIAS-2"
    for label, biases, flags in (
        ("up-and-down", [[0, 0.5], [1, -1.0]], ("masked", "negative-scores")),
        ("twice-adds-up", [[2, 1.0], [2, 0.5]], ("masked", "repeated-ids")),
        ("masked-stays", [[3, 100.0]], ("masked",)),
        ("none", [], ("masked", "empty")),
        ("zero", [[0, 0.0]], ("masked",)),
    ):
        yield operation_case(label, [two], name, scores, {"biases": biases}, flags=flags)
    yield operation_case("vocabulary-of-one", [two], name, [1.0], {"biases": [[0, -2.5]]}, flags=("small-vocabulary",))
    yield operation_case("last-id", [one, two], name, [1.0, 1.0], {"biases": [[1, 1.0]]}, flags=("boundary",),
                         note="V is 2.")
    yield operation_case("id-of-v", [one], name, [1.0, 1.0], {"biases": [[2, 1.0]]}, flags=("refused",))
    yield from random_cases(name, [two], drawn)
