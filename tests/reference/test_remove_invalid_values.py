"""Scores that are no numbers. Text: docs/spec/remove_invalid_values.md."""

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from support.clauses import clauses
from support.drawn import random_cases
from support.hf_processors import processed
from support.plans import planned, refusing_clauses
from support.strategies import described
from support.vectors import Case, generate_case, operation_case, pipeline_case

from genspec import GenerationConfig
from genspec.config import Rejected
from genspec_reference import Scripted, generate
from genspec_reference.operations.remove_invalid_values import remove_invalid_values
from genspec_reference.scores import Scores, softmax

F = 3.4028234663852886e38
NUMBERS = st.floats(width=32) | st.sampled_from((np.nan, np.inf, -np.inf, 0.0, F, -F))


@given(arrays(np.float64, st.integers(1, 9), elements=NUMBERS))
@clauses("REMOVE-INVALID-VALUES-2")
def test_remove_invalid_values_leaves_finite_numbers(scores: Scores) -> None:
    after = remove_invalid_values(scores)
    for before, score in zip(scores.tolist(), after.tolist(), strict=True):
        wanted = {"nan": 0.0, "inf": F, "-inf": -F}.get(str(before), before)
        assert score == wanted, described(before=scores, after=after)
    assert remove_invalid_values(after).tolist() == after.tolist(), "twice is once"


@given(arrays(np.float64, st.integers(1, 9), elements=NUMBERS))
@clauses("REMOVE-INVALID-VALUES-2")
def test_remove_invalid_values_against_transformers(scores: Scores) -> None:
    theirs = processed("InfNanRemoveLogitsProcessor", [0], scores, number_type="float32")
    np.testing.assert_array_equal(remove_invalid_values(scores), theirs)


@clauses("REMOVE-INVALID-VALUES-2")
def test_remove_invalid_values_keeps_the_greatest_numbers_of_float64() -> None:
    assert remove_invalid_values(np.array([1e300, -1e300])).tolist() == [1e300, -1e300]
    assert float(np.finfo(np.float32).max) == F


@clauses("REMOVE-INVALID-VALUES-3")
def test_remove_invalid_values_makes_banned_tokens_equal() -> None:
    after = remove_invalid_values(np.full(4, -np.inf))
    assert softmax(after).tolist() == [0.25] * 4
    config = {"suppress_tokens": [0, 1], "bad_words_ids": [[2], [3]], "max_new_tokens": 2}
    model = Scripted("table", 1, 4)
    with pytest.raises(Rejected, match="SCORES-6"):
        generate(GenerationConfig.from_dict(config), model, [0])
    repaired = GenerationConfig.from_dict({**config, "remove_invalid_values": True})
    assert generate(repaired, model, [0]).sequences == ((0, 2, 2),)


@clauses("REMOVE-INVALID-VALUES-2", "REMOVE-INVALID-VALUES-3")
def test_remove_invalid_values_lets_a_model_be_wrong() -> None:
    """NaN is 0, which is less than 1, and plus infinity is the highest score."""
    logits = {0: [np.nan, 1.0, -np.inf], 1: [np.inf, np.nan, 3.0]}
    config = GenerationConfig(remove_invalid_values=True, max_new_tokens=2)
    assert generate(config, lambda tokens: logits[tokens[-1]], [0]).sequences == ((0, 1, 0),)
    with pytest.raises(Rejected, match="SCORES-2"):
        generate(GenerationConfig(max_new_tokens=2), lambda tokens: logits[tokens[-1]], [0])


@clauses("REMOVE-INVALID-VALUES-1")
def test_remove_invalid_values_in_a_plan() -> None:
    operation = planned("remove_invalid_values", {"remove_invalid_values": True})
    assert operation is not None and operation.arguments == {}
    assert planned("remove_invalid_values", {"remove_invalid_values": False}) is None
    assert planned("remove_invalid_values", {}) is None
    assert refusing_clauses({"remove_invalid_values": 1}) == {"CONFIG-3"}


def vectors() -> Iterator[Case]:
    cases: list[tuple[str, list[float], tuple[str, ...]]] = [
        ("nan", [np.nan, 1.0, -2.0], ()),
        ("nan-alone", [np.nan, np.nan], ()),
        ("plus-infinity", [np.inf, 1.0], ()),
        ("minus-infinity", [-np.inf, 1.0], ("masked",)),
        ("every-kind", [np.nan, np.inf, -np.inf, 0.5], ("masked",)),
        ("greatest-numbers-stay", [F, -F, 1.0], ()),
        ("finite", [0.0, -1.5, 2.0], ("zero-score",)),
        ("vocabulary-of-one", [np.nan], ("small-vocabulary",)),
    ]
    for name, scores, flags in cases:
        yield operation_case(name, ["REMOVE-INVALID-VALUES-2"], "remove_invalid_values", scores, {}, flags=flags)
    yield operation_case("all-banned", ["REMOVE-INVALID-VALUES-3"], "remove_invalid_values", [-np.inf, -np.inf], {},
                         flags=("masked", "all-masked"))
    yield pipeline_case("bans-before-it", ["REMOVE-INVALID-VALUES-3"], [1.0, 2.0, 3.0],
                        [("bad_words", {"words": [[2]]}), ("remove_invalid_values", {})],
                        context={"tokens": [0], "prompt_length": 1})
    yield pipeline_case("bans-after-it", ["REMOVE-INVALID-VALUES-2"], [1.0, 2.0, np.nan],
                        [("remove_invalid_values", {}), ("suppress", {"tokens": [2]})])
    yield pipeline_case("nan-penalised-before-it", ["REMOVE-INVALID-VALUES-2"], [1.0, np.nan, -1.0],
                        [("repetition_penalty", {"penalty": 2.0}), ("remove_invalid_values", {})],
                        context={"tokens": [0, 1, 2], "prompt_length": 3})
    for name, logits in (("law-of-equal-tokens", [-np.inf, -np.inf, -np.inf]), ("law-after-nan", [np.nan, 0.0])):
        yield pipeline_case(name, ["REMOVE-INVALID-VALUES-2", "REMOVE-INVALID-VALUES-3"], logits,
                            [("remove_invalid_values", {})], distribution=True)
    yield from random_cases("remove_invalid_values", ["REMOVE-INVALID-VALUES-2"], lambda rng, size: ({}, {}), count=16)
    model = Scripted("history", 26, 4)
    banned = {"bad_words_ids": [[0], [1], [2], [3]], "max_new_tokens": 3}
    yield generate_case("all-banned-in-a-loop", ["REMOVE-INVALID-VALUES-1", "REMOVE-INVALID-VALUES-3"],
                        {**banned, "remove_invalid_values": True}, [1], model, flags=("tie",),
                        note="All scores are equal, and the lowest id is taken.")
    yield generate_case("off", ["REMOVE-INVALID-VALUES-1"], {**banned, "remove_invalid_values": False}, [1], model,
                        flags=("refused", "all-masked"))
    yield generate_case("no-boolean", ["REMOVE-INVALID-VALUES-1"], {"remove_invalid_values": 1}, [1], model,
                        flags=("refused",))
