"""The penalty between groups of beams. Text: docs/spec/diversity.md."""

import random
from collections import Counter
from collections.abc import Iterator

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from support.clauses import clauses
from support.strategies import described, score_vectors
from support.vectors import Case, generate_case, operation_case

from genspec_reference import Scripted
from genspec_reference.operations.diversity import diversity
from genspec_reference.scores import Scores


@given(scores=score_vectors(), penalty=st.floats(0, 8), data=st.data())
@clauses("DIVERSITY-1")
def test_diversity_takes_the_penalty_off_once_for_each_hypothesis(
    scores: Scores, penalty: float, data: st.DataObject
) -> None:
    taken = tuple(data.draw(st.lists(st.integers(0, scores.size - 1), max_size=6)))
    counts = Counter(taken)
    result = diversity(scores, penalty, taken)
    expected = [score - counts[token] * penalty for token, score in enumerate(scores.tolist())]
    assert result.tolist() == expected, described(scores=scores, penalty=penalty, taken=taken)


@clauses("DIVERSITY-1")
def test_diversity_is_the_hamming_diversity_of_the_paper() -> None:
    """Figure 2 of Vijayakumar et al., AAAI 2018: two groups took birds, birds, the and an; over and in are free."""
    birds, the, an, over, inside = range(5)
    lowered = diversity(np.zeros(5), 1.0, (birds, birds, the, an))
    assert lowered[[birds, the, an, over, inside]].tolist() == [-2.0, -1.0, -1.0, 0.0, 0.0]


@clauses("DIVERSITY-1")
def test_diversity_of_the_first_group_changes_nothing_and_copies() -> None:
    scores = np.array([1.0, -np.inf])
    result = diversity(scores, 3.0, ())
    assert result.tolist() == scores.tolist()
    assert result is not scores


@clauses("DIVERSITY-1")
def test_diversity_is_the_processor_of_transformers_4_46() -> None:
    """Its class, in its own words: scores less penalty times the frequencies of the tokens of earlier beams."""
    rng = np.random.default_rng(1)
    for _ in range(20):
        scores, current = rng.normal(size=7), rng.integers(0, 7, size=6)
        frequencies = np.array([np.count_nonzero(current[:4] == token) for token in range(7)])
        ours = diversity(scores, 0.5, tuple(current[:4].tolist()))
        np.testing.assert_allclose(ours, scores - 0.5 * frequencies, rtol=0, atol=1e-15)


def vectors() -> Iterator[Case]:
    rng = random.Random("diversity")
    for number in range(25):
        size = rng.randint(2, 17)
        scores = [rng.choice((rng.randint(-64, 64) / 32, rng.randint(-64, 64) / 32, -np.inf)) for _ in range(size)]
        taken = [rng.randrange(size) for _ in range(rng.randint(0, 5))]
        flags = ["random"] + ["masked"] * (-np.inf in scores) + ["repeated-ids"] * (len(set(taken)) < len(taken))
        yield operation_case(f"random-{number}", ["DIVERSITY-1"], "diversity", scores,
                             {"penalty": rng.choice((0.5, 1.0, 2.25)), "taken": taken}, flags=tuple(flags))
    yield operation_case("first-group", ["DIVERSITY-1"], "diversity", [0.0, 1.0], {"penalty": 1.0, "taken": []},
                         flags=("empty",))
    yield operation_case("twice", ["DIVERSITY-1"], "diversity", [0.0, 1.0], {"penalty": 1.0, "taken": [1, 1]},
                         flags=("repeated-ids",))
    for name, extra in (("before-repetition-penalty", {"repetition_penalty": 2.0}),
                        ("after-sequence-bias", {"sequence_bias": [[[1], 1.5]]})):
        yield generate_case(name, ["DIVERSITY-2"], {
            "num_beams": 4, "num_beam_groups": 2, "diversity_penalty": 0.75, "max_new_tokens": 4,
            "num_return_sequences": 4, **extra,
        }, [1, 2], Scripted("history", 3, 8), profile="hf-4.46")
