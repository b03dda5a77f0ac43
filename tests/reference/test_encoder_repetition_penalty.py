"""The penalty in favour of the source. Text: docs/spec/encoder_repetition_penalty.md."""

from collections.abc import Iterator
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.clauses import clauses
from support.drawn import Made, drawn_row, random_cases
from support.hf_processors import alone_and_in_a_batch, ids, processed
from support.plans import planned, refusing_clauses
from support.strategies import described, relabelings, renamed, situations
from support.vectors import Case, generate_case, operation_case

from genspec import GenerationConfig
from genspec_reference import Scripted, generate
from genspec_reference.context import Context
from genspec_reference.operations.encoder_repetition_penalty import encoder_repetition_penalty
from genspec_reference.scores import Scores

PENALTIES = st.sampled_from((0.125, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 8.0))


@given(situations(), PENALTIES)
@clauses("ENCODER-REPETITION-PENALTY-2", "ENCODER-REPETITION-PENALTY-3")
def test_encoder_repetition_penalty_moves_each_token_of_the_source_once(
    case: tuple[Scores, Context], penalty: float
) -> None:
    scores, context = case
    moved = encoder_repetition_penalty(scores, penalty, context.source)
    for token, score in enumerate(scores):
        factor = penalty if score >= 0 else 1 / penalty
        wanted = score * factor if token in context.source else score
        values = described(token=token, source=context.source, penalty=penalty, before=scores, after=moved)
        assert moved[token] == pytest.approx(wanted, rel=1e-15), values


@given(situations(), PENALTIES)
@clauses("ENCODER-REPETITION-PENALTY-2", "ENCODER-REPETITION-PENALTY-3")
def test_encoder_repetition_penalty_against_transformers(case: tuple[Scores, Context], penalty: float) -> None:
    scores, context = case
    theirs = processed("EncoderRepetitionPenaltyLogitsProcessor", context.tokens, scores, penalty, ids(context.source))
    np.testing.assert_allclose(encoder_repetition_penalty(scores, penalty, context.source), theirs, rtol=1e-15)


@given(situations(), PENALTIES, st.data())
@clauses("ENCODER-REPETITION-PENALTY-2", "ENCODER-REPETITION-PENALTY-3")
def test_encoder_repetition_penalty_laws(
    case: tuple[Scores, Context], penalty: float, data: st.DataObject
) -> None:
    scores, context = case
    source = context.source
    moved = encoder_repetition_penalty(scores, penalty, source)
    undone = encoder_repetition_penalty(moved, 1 / penalty, source)
    np.testing.assert_allclose(undone, scores, rtol=1e-14, err_msg="1 / e undoes e")
    assert np.all(moved >= scores if penalty >= 1 else moved <= scores), described(before=scores, after=moved)
    order = data.draw(st.permutations(source))
    assert encoder_repetition_penalty(scores, penalty, (*order, *order)).tolist() == moved.tolist()
    new_ids = data.draw(relabelings(scores.size))
    renamed_scores, there = renamed(scores, context, new_ids)
    assert encoder_repetition_penalty(renamed_scores, penalty, there.source)[list(new_ids)].tolist() == moved.tolist()


@clauses("ENCODER-REPETITION-PENALTY-2")
def test_encoder_repetition_penalty_is_not_shift_invariant() -> None:
    favoured = [encoder_repetition_penalty(np.array([1.0, 1.0]) + shift, 2.0, (0,)) for shift in (0.0, 4.0, -4.0)]
    assert [first - second for first, second in favoured] == [1.0, 5.0, 1.5]


@clauses("ENCODER-REPETITION-PENALTY-4")
def test_encoder_repetition_penalty_reads_the_prompt_of_a_decoder_only_model() -> None:
    """Token 1 is produced first, and is not favoured for it; the prompt's token 2 is, at every step."""
    def model(tokens: tuple[int, ...], source: tuple[int, ...] = ()) -> list[float]:
        return [0.0, 2.0, 1.5]

    config = GenerationConfig(
        encoder_repetition_penalty=1.25, max_new_tokens=3, decoder_start_token_id=2, output_scores=True,
        return_dict_in_generate=True,
    )
    (run,) = generate(config, model, [2]).runs
    assert [step.scores[0].tolist() for step in run if step.scores] == [[0, 2, 1.875]] * 3
    (run,) = generate(config, model, [2], source=[1, 0]).runs
    assert [step.scores[0].tolist() for step in run if step.scores] == [[0, 2.5, 1.5]] * 3


@clauses("ENCODER-REPETITION-PENALTY-4")
def test_deviation_an_id_without_a_score_ends_in_an_error() -> None:
    scores = np.array([1.0, 1.0])
    assert encoder_repetition_penalty(scores, 2.0, (2, 0, -1)).tolist() == [2, 1]
    with pytest.raises(RuntimeError):
        processed("EncoderRepetitionPenaltyLogitsProcessor", [0], scores, 2.0, ids([2, 1]))


@clauses("ENCODER-REPETITION-PENALTY-4")
def test_deviation_padding_counts() -> None:
    alone, batch = alone_and_in_a_batch([2], [3, 3], [1.0] * 5, encoder_repetition_penalty=2.0)
    assert (alone.tolist(), batch.tolist()) == ([1, 1, 2, 1, 1], [2, 1, 2, 1, 1])


@clauses("ENCODER-REPETITION-PENALTY-1")
def test_encoder_repetition_penalty_in_a_plan() -> None:
    operation = planned("encoder_repetition_penalty", {"encoder_repetition_penalty": 2})
    assert operation is not None and operation.arguments == {"penalty": 2.0}
    assert planned("encoder_repetition_penalty", {"encoder_repetition_penalty": 1}) is None
    assert refusing_clauses({"encoder_repetition_penalty": 0}) == {"ENCODER-REPETITION-PENALTY-1"}


def drawn(rng: Random, size: int) -> Made:
    row = drawn_row(rng, size)
    source = row[:rng.randint(1, len(row))] if rng.random() < 0.5 else drawn_row(rng, size)
    return ({"penalty": rng.choice((0.25, 0.5, 0.75, 1.125, 1.25, 1.5, 2.0, 4.0))},
            {"tokens": row, "prompt_length": rng.randint(1, len(row)), "source": source})


def vectors() -> Iterator[Case]:
    cases: list[tuple[str, str, list[float], float, list[int], tuple[str, ...], str]] = [
        ("both-signs", "2", [1.0, -1.0, 2.0, 0.0], 2.0, [0, 1, 3], ("negative-scores", "zero-score"), ""),
        ("below-one-lowers", "2", [1.0, -1.0, 2.0, 0.0], 0.5, [0, 1, 3], ("negative-scores", "zero-score"), ""),
        ("masked-stays", "2", [-np.inf, 1.0], 2.0, [0, 1], ("masked",), ""),
        ("often-is-once", "3", [1.0, -1.0], 2.0, [0, 0, 1, 0, 1], ("repeated-ids",), ""),
        ("id-without-a-score", "4", [1.0, -1.0], 2.0, [7, 1], (), ""),
        ("first-id-without-a-score", "4", [1.0, -1.0], 2.0, [2], ("boundary",), "V is the id."),
        ("new-tokens-do-not-count", "4", [1.0, 1.0, 1.0], 2.0, [2], (), ""),
        ("no-source", "4", [1.0, 1.0], 2.0, [], ("empty",), ""),
        ("vocabulary-of-one", "2", [-0.5], 2.0, [0], ("small-vocabulary", "negative-scores"), ""),
    ]
    for name, clause, scores, penalty, source, flags, note in cases:
        yield operation_case(name, [f"ENCODER-REPETITION-PENALTY-{clause}"], "encoder_repetition_penalty", scores,
                             {"penalty": penalty}, context={"tokens": [0, 0], "prompt_length": 1, "source": source},
                             flags=flags, note=note)
    both = ["ENCODER-REPETITION-PENALTY-2", "ENCODER-REPETITION-PENALTY-3"]
    yield from random_cases("encoder_repetition_penalty", both, drawn)
    model = Scripted("history", 14, 8)
    call = {"encoder_repetition_penalty": 2, "max_new_tokens": 6}
    named = ["ENCODER-REPETITION-PENALTY-1", "ENCODER-REPETITION-PENALTY-4"]
    yield generate_case("prompt-of-a-decoder-only-model", named, call, [1, 3], model)
    yield generate_case("source-of-an-encoder-decoder-model", named, {**call, "decoder_start_token_id": 0}, [], model,
                        source=[5, 6, 5])
    yield generate_case("one-is-off", named[:1], {"encoder_repetition_penalty": 1.0, "max_new_tokens": 3}, [1], model)
    yield generate_case("zero", named[:1], {"encoder_repetition_penalty": 0}, [1], model, flags=("refused",))
