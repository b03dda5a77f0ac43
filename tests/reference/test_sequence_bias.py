"""Biases on token sequences. Text: docs/spec/sequence_bias.md."""

from collections.abc import Iterator
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.clauses import clauses
from support.drawn import Made, drawn_row, drawn_sequence, random_cases
from support.hf_processors import alone_and_in_a_batch, processed
from support.plans import planned, refusing_clauses
from support.strategies import LEVELS, described, relabelings, renamed, sequences_for, situations
from support.vectors import Case, generate_case, operation_case

from genspec_reference import Scripted
from genspec_reference.context import Context
from genspec_reference.operations.sequence_bias import sequence_bias
from genspec_reference.scores import Scores

Pairs = list[tuple[tuple[int, ...], float]]
Biased = tuple[Scores, Context, Pairs]


@st.composite
def biased(draw: st.DrawFn) -> Biased:
    scores, context = draw(situations())
    sequences = st.lists(sequences_for(context.tokens, scores.size), min_size=1, max_size=5)
    return scores, context, [(sequence, draw(LEVELS)) for sequence in draw(sequences)]


@given(biased())
@clauses("SEQUENCE-BIAS-2", "SEQUENCE-BIAS-3", "SEQUENCE-BIAS-4", "SEQUENCE-BIAS-5")
def test_sequence_bias_adds_to_tokens_that_make_the_row_end_in_the_sequence(case: Biased) -> None:
    scores, context, pairs = case
    after = sequence_bias(scores, pairs, context.tokens)
    for token, score in enumerate(scores):
        row = (*context.tokens, token)
        ending = [bias for sequence, bias in pairs if row[-len(sequence):] == sequence]
        values = described(token=token, row=row, pairs=pairs, before=scores, after=after)
        assert after[token] == score + sum(ending), values


@given(biased(), st.data())
@clauses("SEQUENCE-BIAS-2", "SEQUENCE-BIAS-4")
def test_sequence_bias_laws(case: Biased, data: st.DataObject) -> None:
    scores, context, pairs = case
    after = sequence_bias(scores, pairs, context.tokens)
    first, rest = pairs[:1], pairs[1:]
    in_parts = sequence_bias(sequence_bias(scores, rest, context.tokens), first, context.tokens)
    assert after.tolist() == in_parts.tolist(), "the pairs act one by one, in any order"
    shifted = sequence_bias(scores + 3, pairs, context.tokens)
    assert (after + 3).tolist() == shifted.tolist(), "adding to all scores adds to all results"
    ids = data.draw(relabelings(scores.size))
    moved, there = renamed(scores, context, ids)
    named = [(tuple(ids[token] for token in sequence), bias) for sequence, bias in pairs]
    assert sequence_bias(moved, named, there.tokens)[list(ids)].tolist() == after.tolist(), "names mean nothing"


@given(biased())
@clauses("SEQUENCE-BIAS-2", "SEQUENCE-BIAS-3")
def test_sequence_bias_against_transformers(case: Biased) -> None:
    scores, context, pairs = case
    different = list(dict(pairs).items())
    theirs = processed("SequenceBiasLogitsProcessor", context.tokens, scores, dict(different))
    np.testing.assert_array_equal(sequence_bias(scores, different, context.tokens), theirs)


@clauses("SEQUENCE-BIAS-4")
def test_deviation_equal_sequences_the_last_one_counts() -> None:
    pairs = [((1,), 1.0), ((1,), 2.0)]
    assert sequence_bias(np.zeros(2), pairs, (0,)).tolist() == [0, 3]
    listed = [[list(sequence), bias] for sequence, bias in pairs]
    assert processed("SequenceBiasLogitsProcessor", [0], np.zeros(2), listed).tolist() == [0, 2]


@clauses("SEQUENCE-BIAS-2")
def test_deviation_padding_counts() -> None:
    alone, batch = alone_and_in_a_batch([2], [3, 3], [0.0] * 5, sequence_bias=[[[0, 2, 4], 8.0]])
    assert (alone[4], batch[4]) == (0, 8)


@clauses("SEQUENCE-BIAS-1")
def test_sequence_bias_in_a_plan() -> None:
    operation = planned("sequence_bias", {"sequence_bias": [[[5, 6], 1]]})
    assert operation is not None and operation.arguments == {"biases": (((5, 6), 1.0),)}
    assert planned("sequence_bias", {"sequence_bias": []}) is None
    assert refusing_clauses({"sequence_bias": [[[], 1.0]]}) == {"SEQUENCE-BIAS-1"}


ROWS = [
    ((2,), [], True), ((1, 2), [1], True), ((0, 1, 2), [0, 1], True), ((0, 1, 2), [5, 0, 1], True),
    ((0, 1, 2), [1], False), ((0, 1, 2), [1, 0], False), ((0, 1, 2), [0, 1, 3], False),
]


@pytest.mark.parametrize(("sequence", "row", "acts"), ROWS)
@clauses("SEQUENCE-BIAS-2", "SEQUENCE-BIAS-3")
def test_sequence_bias_boundary_of_the_row(sequence: tuple[int, ...], row: list[int], acts: bool) -> None:
    after = sequence_bias(np.zeros(6), [(sequence, 1.0)], tuple(row))
    assert after.tolist() == [0, 0, float(acts), 0, 0, 0]


def drawn(rng: Random, size: int) -> Made:
    row = drawn_row(rng, size)
    pairs = [[drawn_sequence(rng, row, size), rng.randrange(-128, 128) / 32] for _ in range(rng.randint(1, 4))]
    return {"biases": pairs}, {"tokens": row, "prompt_length": rng.randint(1, len(row))}


def vectors() -> Iterator[Case]:
    zeros = [0.0, 0.0, 0.0, 0.0]
    cases: list[tuple[str, str, list[object], list[int], tuple[str, ...], str]] = [
        ("one-token", "2", [[[1], -2.0]], [0], (), ""),
        ("completes-a-pair", "2", [[[3, 1], 2.5]], [0, 3], (), ""),
        ("prefix-does-not-match", "2", [[[3, 1], 2.5]], [3, 0], (), ""),
        ("prefix-in-the-prompt", "2", [[[3, 0, 1], 2.5]], [3, 0], (), ""),
        ("prefix-is-the-whole-row", "3", [[[3, 0, 1], 2.5]], [3, 0], ("boundary",), "The row has n - 1 tokens."),
        ("prefix-is-longer-than-the-row", "3", [[[2, 3, 0, 1], 2.5]], [3, 0], ("boundary",),
         "The row has n - 2 tokens, the last ones of the prefix."),
        ("biases-add-up", "4", [[[1], 1.0], [[0, 1], 2.0], [[3, 0, 1], 4.0]], [3, 0], (), ""),
        ("equal-sequences-add-up", "4", [[[0, 1], 1.0], [[0, 1], 2.0]], [0], ("repeated-ids",), ""),
        ("biases-cancel", "4", [[[1], 1.5], [[0, 1], -1.5]], [0], ("boundary",), "The sum is exactly 0."),
        ("id-twice-in-a-sequence", "2", [[[1, 1, 1], 1.0]], [1, 1], ("repeated-ids",), ""),
    ]
    for name, clause, biases, tokens, flags, note in cases:
        yield operation_case(name, [f"SEQUENCE-BIAS-{clause}"], "sequence_bias", zeros, {"biases": biases},
                             context={"tokens": tokens, "prompt_length": 1}, flags=flags, note=note)
    yield operation_case("masked-stays", ["SEQUENCE-BIAS-5"], "sequence_bias", [0.0, -np.inf],
                         {"biases": [[[1], 4.0]]}, context={"tokens": [0], "prompt_length": 1}, flags=("masked",))
    yield operation_case("vocabulary-of-one", ["SEQUENCE-BIAS-2"], "sequence_bias", [1.0],
                         {"biases": [[[0, 0], 4.0]]}, context={"tokens": [0], "prompt_length": 1},
                         flags=("small-vocabulary",))
    yield from random_cases("sequence_bias", ["SEQUENCE-BIAS-2", "SEQUENCE-BIAS-3", "SEQUENCE-BIAS-4"], drawn)
    model = Scripted("history", 11, 8)
    yield generate_case("loop", ["SEQUENCE-BIAS-1", "SEQUENCE-BIAS-2"],
                        {"sequence_bias": [[[3], 2], [[1, 5], 16.0]], "max_new_tokens": 6}, [1], model)
    yield generate_case("empty-list-is-off", ["SEQUENCE-BIAS-1"], {"sequence_bias": [], "max_new_tokens": 3}, [1],
                        model, flags=("empty",))
    yield generate_case("pair-without-ids", ["SEQUENCE-BIAS-1"], {"sequence_bias": [[[], 1.0]]}, [1], model,
                        flags=("refused", "empty"))
