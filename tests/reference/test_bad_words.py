"""Banned token sequences. Text: docs/spec/bad_words.md."""

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
from support.strategies import described, models, prompts, relabelings, renamed, sequences_for, situations
from support.vectors import Case, generate_case, operation_case, pipeline_case

from genspec import GenerationConfig
from genspec.config import Rejected
from genspec_reference import Scripted, generate
from genspec_reference.context import Context
from genspec_reference.operations.bad_words import bad_words
from genspec_reference.scores import Scores

Words = list[tuple[int, ...]]
Banned = tuple[Scores, Context, Words]


@st.composite
def banned(draw: st.DrawFn) -> Banned:
    scores, context = draw(situations())
    return scores, context, draw(st.lists(sequences_for(context.tokens, scores.size), min_size=1, max_size=5))


@given(banned())
@clauses("BAD-WORDS-2", "BAD-WORDS-3", "BAD-WORDS-5")
def test_bad_words_bans_tokens_that_make_the_row_end_in_a_word(case: Banned) -> None:
    scores, context, words = case
    after = bad_words(scores, words, context.tokens)
    for token, score in enumerate(scores):
        row = (*context.tokens, token)
        ends = any(row[-len(word):] == word for word in words)
        values = described(token=token, row=row, words=words, before=scores, after=after)
        assert after[token] == (-np.inf if ends else score), values


@given(banned(), st.data())
@clauses("BAD-WORDS-2", "BAD-WORDS-5")
def test_bad_words_laws(case: Banned, data: st.DataObject) -> None:
    scores, context, words = case
    after = bad_words(scores, words, context.tokens)
    assert bad_words(after, words, context.tokens).tolist() == after.tolist(), "twice is once"
    shifted = bad_words(scores + 3, words, context.tokens)
    assert (after + 3).tolist() == shifted.tolist(), "adding to all scores adds to all results"
    fewer = bad_words(scores, words[1:], context.tokens)
    assert np.all(fewer >= after), "fewer words ban fewer tokens"
    ids = data.draw(relabelings(scores.size))
    moved, there = renamed(scores, context, ids)
    named = [tuple(ids[token] for token in word) for word in words]
    assert bad_words(moved, named, there.tokens)[list(ids)].tolist() == after.tolist(), "names mean nothing"


@given(banned())
@clauses("BAD-WORDS-2", "BAD-WORDS-3")
def test_bad_words_against_transformers(case: Banned) -> None:
    scores, context, words = case
    theirs = processed("NoBadWordsLogitsProcessor", context.tokens, scores, [list(word) for word in words])
    np.testing.assert_array_equal(bad_words(scores, words, context.tokens), theirs)


@given(st.data(), models(vocab_size=5), prompts(5, 3))
@clauses("BAD-WORDS-2")
def test_bad_words_never_end_a_row(data: st.DataObject, model: Scripted, prompt: tuple[int, ...]) -> None:
    ids = st.integers(0, 4)
    words = data.draw(st.lists(st.lists(ids, min_size=1, max_size=3), min_size=1, max_size=4))
    config = GenerationConfig(max_new_tokens=8, bad_words_ids=words)
    try:
        (row,) = generate(config, model, prompt, vocab_size=5).sequences
    except Rejected:
        return                                          # SCORES-6: every token is banned
    for end in range(len(prompt) + 1, len(row) + 1):
        assert not any(row[:end][-len(word):] == tuple(word) for word in words), described(row=row, words=words)


ROWS = [((2,), [], True), ((1, 2), [1], True), ((0, 1, 2), [0, 1], True), ((0, 1, 2), [1], False),
        ((0, 1, 2), [1, 0], False), ((0, 1, 2), [0, 1, 1], False)]


@pytest.mark.parametrize(("word", "row", "acts"), ROWS)
@clauses("BAD-WORDS-2", "BAD-WORDS-3")
def test_bad_words_boundary_of_the_row(word: tuple[int, ...], row: list[int], acts: bool) -> None:
    assert bad_words(np.zeros(3), [word], tuple(row)).tolist() == [0, 0, -np.inf if acts else 0]


@clauses("BAD-WORDS-4")
def test_bad_words_eos_at_the_end_of_a_longer_word_is_banned() -> None:
    config = {"bad_words_ids": [[2], [1, 2]], "eos_token_id": 2}
    operation = planned("bad_words", config)
    assert operation is not None and operation.arguments == {"words": ((1, 2),)}
    assert bad_words(np.zeros(3), [(1, 2)], (1,)).tolist() == [0, 0, -np.inf]


@clauses("BAD-WORDS-2")
def test_deviation_a_banned_score_that_is_not_real() -> None:
    scores = np.array([np.nan, np.inf, 0])
    assert bad_words(scores, [(0,), (1,)], (2,)).tolist() == [-np.inf, -np.inf, 0]
    assert np.isnan(processed("NoBadWordsLogitsProcessor", [2], scores, [[0], [1]])).tolist() == [True, True, False]


@clauses("BAD-WORDS-2")
def test_deviation_padding_counts() -> None:
    alone, batch = alone_and_in_a_batch([2], [3, 3], [0.0] * 5, bad_words_ids=[[0, 2, 4]])
    assert (alone[4], batch[4]) == (0, -np.inf)


@clauses("BAD-WORDS-1")
def test_bad_words_in_a_plan() -> None:
    assert planned("bad_words", {"bad_words_ids": [[2]], "eos_token_id": 2}) is None
    assert planned("bad_words", {"bad_words_ids": []}) is None
    assert refusing_clauses({"bad_words_ids": [[]]}) == {"BAD-WORDS-1"}


def drawn(rng: Random, size: int) -> Made:
    row = drawn_row(rng, size)
    words = [drawn_sequence(rng, row, size) for _ in range(rng.randint(1, 4))]
    return {"words": words}, {"tokens": row, "prompt_length": rng.randint(1, len(row))}


def vectors() -> Iterator[Case]:
    scores = [1.0, 2.0, -1.0, 0.0]
    cases: list[tuple[str, str, list[list[int]], list[int], tuple[str, ...], str]] = [
        ("one-token", "2", [[1]], [0], (), ""),
        ("completes-a-pair", "2", [[3, 1]], [0, 3], (), ""),
        ("prefix-does-not-match", "5", [[3, 1]], [3, 0], (), ""),
        ("prefix-in-the-prompt", "2", [[3, 0, 1]], [3, 0], (), ""),
        ("prefix-is-the-whole-row", "3", [[3, 0, 1]], [3, 0], ("boundary",), "The row has n - 1 tokens."),
        ("prefix-is-longer-than-the-row", "3", [[2, 3, 0, 1]], [3, 0], ("boundary",), "The row has n - 2 tokens."),
        ("several-words-one-token", "2", [[1], [0, 1], [3, 0, 1]], [3, 0], ("repeated-ids",), ""),
        ("equal-words", "2", [[0, 1], [0, 1]], [0], ("repeated-ids",), ""),
        ("id-twice-in-a-word", "2", [[1, 1, 1]], [1, 1], ("repeated-ids",), ""),
        ("all-tokens", "2", [[0], [1], [2], [3]], [1, 1], ("all-masked",), ""),
    ]
    for name, clause, words, tokens, flags, note in cases:
        yield operation_case(name, [f"BAD-WORDS-{clause}"], "bad_words", scores, {"words": words},
                             context={"tokens": tokens, "prompt_length": 1}, flags=flags, note=note)
    yield operation_case("other-scores-stay", ["BAD-WORDS-5"], "bad_words", [0.0, -np.inf, -1.0], {"words": [[0]]},
                         context={"tokens": [1], "prompt_length": 1}, flags=("masked",))
    yield operation_case("vocabulary-of-one", ["BAD-WORDS-2"], "bad_words", [1.0], {"words": [[0, 0]]},
                         context={"tokens": [0], "prompt_length": 1}, flags=("small-vocabulary", "all-masked"))
    yield pipeline_case("banned-nan-is-the-least-number", ["BAD-WORDS-2", "REMOVE-INVALID-VALUES-3"],
                        [np.nan, 1.0, np.nan], [("bad_words", {"words": [[0]]}), ("remove_invalid_values", {})],
                        context={"tokens": [1], "prompt_length": 1})
    yield from random_cases("bad_words", ["BAD-WORDS-2", "BAD-WORDS-3", "BAD-WORDS-5"], drawn)
    model = Scripted("history", 12, 6, (2,))
    rich = ("eos-rich",)
    yield generate_case("loop", ["BAD-WORDS-1", "BAD-WORDS-2"], {"bad_words_ids": [[3], [1, 5]], "max_new_tokens": 8},
                        [1], model)
    yield generate_case("one-eos-alone-is-dropped", ["BAD-WORDS-1"],
                        {"bad_words_ids": [[2], [4]], "eos_token_id": 2, "max_new_tokens": 8}, [1], model, flags=rich)
    yield generate_case("eos-at-the-end-of-a-word", ["BAD-WORDS-4"],
                        {"bad_words_ids": [[token, 2] for token in range(6)], "eos_token_id": 2, "max_new_tokens": 8},
                        [1], model, flags=rich)
    yield generate_case("empty-list-is-off", ["BAD-WORDS-1"], {"bad_words_ids": [], "max_new_tokens": 3}, [1], model,
                        flags=("empty",))
    yield generate_case("word-without-ids", ["BAD-WORDS-1"], {"bad_words_ids": [[]]}, [1], model,
                        flags=("refused", "empty"))
    yield generate_case("nothing-left", ["BAD-WORDS-2"], {"bad_words_ids": [[token] for token in range(6)]}, [1],
                        model, flags=("refused", "all-masked"))
