"""No n-gram of the source. Text: docs/spec/encoder_no_repeat_ngram.md."""

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
from support.strategies import described, models, prompts, relabelings, renamed, situations
from support.vectors import Case, generate_case, operation_case

from genspec import GenerationConfig
from genspec.config import Rejected
from genspec_reference import Scripted, generate
from genspec_reference.context import Context
from genspec_reference.operations.encoder_no_repeat_ngram import encoder_no_repeat_ngram
from genspec_reference.scores import Scores

SIZES = st.integers(1, 5)


def as_text(tokens: tuple[int, ...]) -> str:
    """Write a row as a text of one letter a token."""
    return "".join(chr(0x100 + token) for token in tokens)


@given(situations(), SIZES)
@clauses("ENCODER-NO-REPEAT-NGRAM-2", "ENCODER-NO-REPEAT-NGRAM-3")
def test_encoder_no_repeat_ngram_bans_what_a_string_search_finds(case: tuple[Scores, Context], size: int) -> None:
    scores, context = case
    banned = encoder_no_repeat_ngram(scores, size, context.tokens, context.source)
    for token, score in enumerate(scores):
        would_end = as_text((*context.tokens, token))[-size:]
        stands = len(would_end) == size and would_end in as_text(context.source)
        values = described(token=token, context=context, size=size, before=scores, after=banned)
        assert banned[token] == (-np.inf if stands else score), values


@given(situations(), SIZES)
@clauses("ENCODER-NO-REPEAT-NGRAM-2", "ENCODER-NO-REPEAT-NGRAM-3")
def test_encoder_no_repeat_ngram_against_transformers(case: tuple[Scores, Context], size: int) -> None:
    scores, context = case
    name = "EncoderNoRepeatNGramLogitsProcessor"
    theirs = processed(name, context.tokens, scores, size, ids(context.source))
    np.testing.assert_array_equal(encoder_no_repeat_ngram(scores, size, context.tokens, context.source), theirs)


@given(situations(), SIZES, st.data())
@clauses("ENCODER-NO-REPEAT-NGRAM-2", "ENCODER-NO-REPEAT-NGRAM-4")
def test_encoder_no_repeat_ngram_laws(case: tuple[Scores, Context], size: int, data: st.DataObject) -> None:
    scores, context = case
    tokens, source = context.tokens, context.source
    banned = encoder_no_repeat_ngram(scores, size, tokens, source)
    assert encoder_no_repeat_ngram(banned, size, tokens, source).tolist() == banned.tolist(), "twice is once"
    shifted = encoder_no_repeat_ngram(scores + 3, size, tokens, source)
    assert shifted.tolist() == (banned + 3).tolist(), "shift invariance"
    assert np.all(encoder_no_repeat_ngram(scores, size + 1, tokens, source) >= banned), "a greater n bans no more"
    assert np.all(encoder_no_repeat_ngram(scores, size, tokens, source[1:]) >= banned), "a part of it bans no more"
    ids_of = data.draw(relabelings(scores.size))
    moved, there = renamed(scores, context, ids_of)
    again = encoder_no_repeat_ngram(moved, size, there.tokens, there.source)
    assert again[list(ids_of)].tolist() == banned.tolist(), "names mean nothing"


@given(models(), st.data(), SIZES)
@clauses("ENCODER-NO-REPEAT-NGRAM-2", "ENCODER-NO-REPEAT-NGRAM-4")
def test_encoder_no_repeat_ngram_holds_of_whole_rows(model: Scripted, data: st.DataObject, size: int) -> None:
    """No n-gram that ends in a new token stands in the prompt."""
    prompt = data.draw(prompts(model.vocab_size))
    config = GenerationConfig(max_new_tokens=8, encoder_no_repeat_ngram_size=size)
    try:
        (row,) = generate(config, model, prompt, vocab_size=model.vocab_size).sequences
    except Rejected:
        return                                          # SCORES-6: every token is banned
    ends = range(max(size, len(prompt) + 1), len(row) + 1)
    values = described(row=row, prompt=prompt, size=size)
    assert not any(as_text(row[end - size:end]) in as_text(prompt) for end in ends), values


CORNERS = [
    (1, (0,), (1, 2, 1), [1, 2]), (1, (), (1,), [1]), (2, (1,), (1, 2), [2]), (2, (), (1, 2), []),
    (2, (2,), (1, 2), []), (2, (1,), (1,), []), (2, (1, 2), (), []), (3, (0, 1), (0, 1, 2), [2]),
    (3, (1,), (0, 1, 2), []), (3, (3, 0, 1), (0, 1, 2, 0, 1, 3), [2, 3]), (3, (0, 1), (0, 1), []),
]


@pytest.mark.parametrize(("size", "row", "source", "banned"), CORNERS)
@clauses("ENCODER-NO-REPEAT-NGRAM-2", "ENCODER-NO-REPEAT-NGRAM-3")
def test_encoder_no_repeat_ngram_corners(
    size: int, row: tuple[int, ...], source: tuple[int, ...], banned: list[int]
) -> None:
    scores = encoder_no_repeat_ngram(np.zeros(4), size, row, source)
    assert np.flatnonzero(scores == -np.inf).tolist() == banned


@clauses("ENCODER-NO-REPEAT-NGRAM-4")
def test_deviation_an_id_without_a_score_ends_in_an_error() -> None:
    assert encoder_no_repeat_ngram(np.zeros(2), 1, (0,), (5, 0, -1)).tolist() == [-np.inf, 0]
    with pytest.raises(IndexError):
        processed("EncoderNoRepeatNGramLogitsProcessor", [0], np.zeros(2), 1, ids([5, 1]))


@clauses("ENCODER-NO-REPEAT-NGRAM-4")
def test_deviation_padding_counts() -> None:
    alone, batch = alone_and_in_a_batch([2], [3, 3], [1.0] * 5, encoder_no_repeat_ngram_size=1)
    assert (np.flatnonzero(alone == -np.inf).tolist(), np.flatnonzero(batch == -np.inf).tolist()) == ([2], [0, 2])


@clauses("ENCODER-NO-REPEAT-NGRAM-1")
def test_encoder_no_repeat_ngram_in_a_plan() -> None:
    operation = planned("encoder_no_repeat_ngram", {"encoder_no_repeat_ngram_size": 2})
    assert operation is not None and operation.arguments == {"size": 2}
    assert planned("encoder_no_repeat_ngram", {"encoder_no_repeat_ngram_size": 0}) is None
    assert refusing_clauses({"encoder_no_repeat_ngram_size": -1}) == {"ENCODER-NO-REPEAT-NGRAM-1"}


def drawn(rng: Random, size: int) -> Made:
    row = drawn_row(rng, size)
    prompt_length = rng.randint(1, len(row))
    source = row[:prompt_length] if rng.random() < 0.5 else drawn_row(rng, size, 0, 9)
    return {"size": rng.randint(1, 4)}, {"tokens": row, "prompt_length": prompt_length, "source": source}


def vectors() -> Iterator[Case]:
    scores = [1.0, 0.0, -1.0, 2.0]
    cases: list[tuple[str, str, int, list[int], list[int], tuple[str, ...], str]] = [
        ("one-bans-the-source", "3", 1, [0], [1, 2, 1], ("repeated-ids",), ""),
        ("pair", "2", 2, [0, 1], [1, 2], (), ""),
        ("two-successors", "2", 2, [0, 1], [1, 2, 1, 3], (), ""),
        ("prefix-begins-in-the-prompt", "2", 3, [0, 1], [0, 1, 2], (), ""),
        ("ngram-of-the-row-alone", "4", 2, [1, 2, 1], [3, 2], (), ""),
        ("ngram-with-a-new-token", "4", 2, [1, 2, 1], [1], (), ""),
        ("prefix-ends-the-source", "2", 2, [2], [1, 2], ("boundary",), "The prefix has no successor in the source."),
        ("source-of-n-tokens", "2", 3, [1, 2], [1, 2, 3], ("boundary",), "The source is one n-gram."),
        ("source-of-n-minus-1-tokens", "3", 3, [1, 2], [1, 2], ("boundary",), "The source has no n-gram."),
        ("row-of-n-minus-1-tokens", "3", 3, [1, 2], [1, 2, 0, 1, 2, 3], ("boundary",), "The row is the prefix."),
        ("row-of-n-minus-2-tokens", "3", 3, [2], [1, 2, 0, 1, 2, 3], ("boundary",), "The row is part of a prefix."),
        ("no-source", "3", 1, [1], [], ("empty",), ""),
        ("id-without-a-score", "4", 1, [1], [9, 3], (), ""),
        ("first-id-without-a-score", "4", 1, [1], [4, 3], ("boundary",), "V is the id."),
        ("all-tokens", "3", 1, [1], [0, 1, 2, 3], ("all-masked",), ""),
    ]
    for name, clause, size, tokens, source, flags, note in cases:
        yield operation_case(name, [f"ENCODER-NO-REPEAT-NGRAM-{clause}"], "encoder_no_repeat_ngram", scores,
                             {"size": size}, context={"tokens": tokens, "prompt_length": 1, "source": source},
                             flags=flags, note=note)
    yield operation_case("other-scores-stay", ["ENCODER-NO-REPEAT-NGRAM-4"], "encoder_no_repeat_ngram",
                         [0.0, -np.inf, -1.0], {"size": 1}, flags=("masked",),
                         context={"tokens": [0], "prompt_length": 1, "source": [0]})
    yield operation_case("vocabulary-of-one", ["ENCODER-NO-REPEAT-NGRAM-2"], "encoder_no_repeat_ngram", [1.0],
                         {"size": 2}, context={"tokens": [0], "prompt_length": 1, "source": [0, 0]},
                         flags=("small-vocabulary", "all-masked"))
    yield from random_cases("encoder_no_repeat_ngram", [f"ENCODER-NO-REPEAT-NGRAM-{n}" for n in (2, 3, 4)], drawn)
    model = Scripted("table", 16, 6)
    call = {"encoder_no_repeat_ngram_size": 2, "max_new_tokens": 8}
    named = ["ENCODER-NO-REPEAT-NGRAM-1", "ENCODER-NO-REPEAT-NGRAM-4"]
    yield generate_case("prompt-of-a-decoder-only-model", named, call, [1, 3, 1, 0, 4], model)
    yield generate_case("source-of-an-encoder-decoder-model", named, {**call, "decoder_start_token_id": 0}, [], model,
                        source=[5, 2, 5, 1, 3, 0, 2])
    yield generate_case("zero-is-off", named[:1], {"encoder_no_repeat_ngram_size": 0, "max_new_tokens": 3}, [1], model)
    yield generate_case("below-zero", named[:1], {"encoder_no_repeat_ngram_size": -1}, [1], model, flags=("refused",))
