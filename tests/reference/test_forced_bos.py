"""The forced first token. Text: docs/spec/forced_bos.md."""

from collections.abc import Iterator
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.clauses import clauses
from support.drawn import Made, drawn_row, random_cases
from support.hf_processors import alone_and_in_a_batch, processed
from support.plans import planned, refusing_clauses
from support.strategies import described, models, situations
from support.vectors import Case, generate_case, operation_case

from genspec import GenerationConfig
from genspec_reference import Scripted, generate
from genspec_reference.context import Context
from genspec_reference.operations.forced_bos import forced_bos
from genspec_reference.scores import Scores, softmax


@given(situations(max_length=3), st.data())
@clauses("FORCED-BOS-2", "FORCED-BOS-3")
def test_forced_bos_leaves_one_token_in_a_row_of_one(case: tuple[Scores, Context], data: st.DataObject) -> None:
    scores, context = case
    token = data.draw(st.integers(0, scores.size - 1))
    after = forced_bos(scores, token, context.tokens)
    values = described(token=token, tokens=context.tokens, before=scores, after=after)
    if len(context.tokens) > 1:
        assert after.tolist() == scores.tolist(), values
    else:
        assert softmax(after).tolist() == [float(other == token) for other in range(scores.size)], values
        assert after[token] == 0, values


@given(situations(max_length=3), st.data())
@clauses("FORCED-BOS-2", "FORCED-BOS-3")
def test_forced_bos_against_transformers(case: tuple[Scores, Context], data: st.DataObject) -> None:
    scores, context = case
    token = data.draw(st.integers(0, scores.size - 1))
    theirs = processed("ForcedBOSTokenLogitsProcessor", context.tokens, scores, token)
    np.testing.assert_array_equal(forced_bos(scores, token, context.tokens), theirs)


@given(models(), st.data())
@clauses("FORCED-BOS-1", "FORCED-BOS-2", "FORCED-BOS-3")
def test_forced_bos_of_a_whole_row(model: Scripted, data: st.DataObject) -> None:
    """The row is that of a prompt which ends in the forced token."""
    token = data.draw(st.integers(0, model.vocab_size - 1))
    (row,) = generate(GenerationConfig(forced_bos_token_id=token, max_new_tokens=5), model, [0]).sequences
    (longer,) = generate(GenerationConfig(max_new_tokens=4), model, [0, token]).sequences
    assert row == longer, described(row=row, longer=longer, token=token)


@pytest.mark.parametrize(("length", "after"), [(0, [1, 2]), (1, [0, -np.inf]), (2, [1, 2]), (3, [1, 2])])
@clauses("FORCED-BOS-2", "FORCED-BOS-3")
def test_forced_bos_boundary(length: int, after: list[float]) -> None:
    assert forced_bos(np.array([1.0, 2.0]), 0, (1,) * length).tolist() == after


@clauses("FORCED-BOS-2")
def test_deviation_padding_counts() -> None:
    alone, batch = alone_and_in_a_batch([2], [3, 3], [1.0, 1.0, 1.0, 1.0], forced_bos_token_id=1)
    assert (alone.tolist(), batch.tolist()) == ([-np.inf, 0, -np.inf, -np.inf], [1, 1, 1, 1])


@clauses("FORCED-BOS-1")
def test_forced_bos_in_a_plan() -> None:
    operation = planned("forced_bos", {"forced_bos_token_id": 7}, prompt_length=1)
    assert operation is not None and operation.arguments == {"token": 7}
    assert planned("forced_bos", {"forced_bos_token_id": 7}, prompt_length=2) is None
    assert refusing_clauses({"forced_bos_token_id": 100}, prompt_length=1) == {"TOKENS-1"}


def drawn(rng: Random, size: int) -> Made:
    row = drawn_row(rng, size, 1, rng.choice((1, 3)))
    return {"token": rng.randrange(size)}, {"tokens": row, "prompt_length": 1}


def vectors() -> Iterator[Case]:
    cases: list[tuple[str, str, list[float], list[int], tuple[str, ...], str]] = [
        ("row-of-one", "2", [1.0, 2.0, 3.0], [2], ("boundary",), "The row holds one token."),
        ("row-of-two", "3", [1.0, 2.0, 3.0], [2, 2], ("boundary",), "The row holds two tokens."),
        ("row-of-the-forced-token", "2", [1.0, 2.0, 3.0], [1], (), ""),
        ("forced-token-was-masked", "2", [1.0, -np.inf, 3.0], [2], ("masked",), ""),
        ("all-were-masked", "2", [-np.inf, -np.inf, -np.inf], [2], ("masked", "all-masked"), ""),
    ]
    for name, clause, scores, tokens, flags, note in cases:
        yield operation_case(name, [f"FORCED-BOS-{clause}"], "forced_bos", scores, {"token": 1},
                             context={"tokens": tokens, "prompt_length": 1}, flags=flags, note=note)
    yield operation_case("vocabulary-of-one", ["FORCED-BOS-2"], "forced_bos", [3.0], {"token": 0},
                         context={"tokens": [0], "prompt_length": 1}, flags=("small-vocabulary",))
    yield from random_cases("forced_bos", ["FORCED-BOS-2", "FORCED-BOS-3"], drawn, count=25)
    model = Scripted("history", 24, 8, (2,))
    named = ["FORCED-BOS-1", "FORCED-BOS-2", "FORCED-BOS-3"]
    call = {"forced_bos_token_id": 7, "max_new_tokens": 4}
    yield generate_case("loop", named, call, [1], model)
    yield generate_case("loop-of-an-encoder-decoder-model", named, {**call, "decoder_start_token_id": 0}, [], model,
                        source=[5, 6])
    yield generate_case("loop-with-beams", named, {**call, "num_beams": 3}, [1], model)
    yield generate_case("forced-eos-token-ends-the-row", named[:2],
                        {"forced_bos_token_id": 2, "eos_token_id": 2, "max_new_tokens": 4}, [1], model)
    yield generate_case("held-back-and-forced", named[:2],
                        {"forced_bos_token_id": 2, "eos_token_id": 2, "min_new_tokens": 3, "max_new_tokens": 4}, [1],
                        model)
    yield generate_case("longer-prompt", ["FORCED-BOS-1"], call, [1, 3], model, flags=("boundary",), note="P is 2.")
    yield generate_case("id-outside", ["FORCED-BOS-1"], {"forced_bos_token_id": 8}, [1], model, flags=("refused",))
