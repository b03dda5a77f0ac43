"""No n-gram twice. Text: docs/spec/no_repeat_ngram.md."""

from collections import Counter
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
from support.strategies import described, models, prompts, relabelings, renamed, situations
from support.vectors import Case, generate_case, operation_case

from genspec import GenerationConfig
from genspec.config import Rejected
from genspec_reference import Scripted, generate
from genspec_reference.context import Context
from genspec_reference.operations.no_repeat_ngram import no_repeat_ngram
from genspec_reference.scope import Scope
from genspec_reference.scores import Scores

SIZES = st.integers(1, 5)
SCOPES = st.sampled_from(("row", "output"))


def after(scores: Scores, size: int, context: Context, scope: Scope = "row") -> Scores:
    return no_repeat_ngram(scores, size, context.tokens, context.prompt_length, scope)


def as_text(tokens: tuple[int, ...]) -> str:
    """Write a row as a text of one letter a token."""
    return "".join(chr(0x100 + token) for token in tokens)


@given(situations(), SIZES, SCOPES)
@clauses("NO-REPEAT-NGRAM-2", "NO-REPEAT-NGRAM-3", "NO-REPEAT-NGRAM-4", "NO-REPEAT-NGRAM-5")
def test_no_repeat_ngram_bans_what_a_string_search_finds(
    case: tuple[Scores, Context], size: int, scope: Scope
) -> None:
    scores, context = case
    text = as_text(context.tokens if scope == "row" else context.tokens[context.prompt_length:])
    banned = after(scores, size, context, scope)
    for token, score in enumerate(scores):
        would_end = (text + as_text((token,)))[-size:]
        repeats = len(would_end) == size and would_end in text
        values = described(token=token, text=text, size=size, scope=scope, context=context, after=banned)
        assert banned[token] == (-np.inf if repeats else score), values


@given(situations(), SIZES)
@clauses("NO-REPEAT-NGRAM-3", "NO-REPEAT-NGRAM-4")
def test_no_repeat_ngram_against_transformers(case: tuple[Scores, Context], size: int) -> None:
    scores, context = case
    theirs = processed("NoRepeatNGramLogitsProcessor", context.tokens, scores, size)
    np.testing.assert_array_equal(after(scores, size, context), theirs)


@given(situations(), SIZES, st.data())
@clauses("NO-REPEAT-NGRAM-3", "NO-REPEAT-NGRAM-5")
def test_no_repeat_ngram_laws(case: tuple[Scores, Context], size: int, data: st.DataObject) -> None:
    scores, context = case
    banned = after(scores, size, context)
    assert after(banned, size, context).tolist() == banned.tolist(), "twice is once"
    assert after(scores + 3, size, context).tolist() == (banned + 3).tolist(), "shift invariance"
    assert np.all(after(scores, size + 1, context) >= banned), "a greater n bans no more"
    assert np.all(after(scores, size, context, "output") >= banned), "new tokens alone ban no more"
    ids = data.draw(relabelings(scores.size))
    moved, there = renamed(scores, context, ids)
    assert after(moved, size, there)[list(ids)].tolist() == banned.tolist(), "names mean nothing"


@given(models(), st.data(), SIZES)
@clauses("NO-REPEAT-NGRAM-3")
def test_no_repeat_ngram_holds_of_whole_rows(model: Scripted, data: st.DataObject, size: int) -> None:
    """An n-gram that ends in a new token stands in the row once."""
    prompt = data.draw(prompts(model.vocab_size))
    config = GenerationConfig(max_new_tokens=12, no_repeat_ngram_size=size)
    try:
        (row,) = generate(config, model, prompt, vocab_size=model.vocab_size).sequences
    except Rejected:
        return                                          # SCORES-6: every token is banned
    ngrams = [row[start:start + size] for start in range(len(row) - size + 1)]
    new = ngrams[max(0, len(prompt) - size + 1):]
    assert all(Counter(ngrams)[ngram] == 1 for ngram in new), described(row=row, prompt=prompt, size=size)


ROWS = [
    (1, (), []), (1, (1,), [1]), (1, (1, 2, 1), [1, 2]),
    (2, (1,), []), (2, (1, 1), [1]), (2, (1, 2), []), (2, (1, 2, 1), [2]), (2, (1, 2, 1, 3, 1), [2, 3]),
    (3, (1, 1), []), (3, (1, 1, 1), [1]), (3, (1, 2, 3), []), (3, (1, 2, 3, 1, 2), [3]), (3, (2, 3, 1, 2), []),
]


@pytest.mark.parametrize(("size", "row", "banned"), ROWS)
@clauses("NO-REPEAT-NGRAM-3", "NO-REPEAT-NGRAM-4")
def test_no_repeat_ngram_corners(size: int, row: tuple[int, ...], banned: list[int]) -> None:
    scores = no_repeat_ngram(np.zeros(4), size, row, 1)
    assert np.flatnonzero(scores == -np.inf).tolist() == banned


@clauses("NO-REPEAT-NGRAM-2")
def test_no_repeat_ngram_of_new_tokens_alone() -> None:
    """The prompt gives neither n-grams nor the tokens before a new one."""
    assert no_repeat_ngram(np.zeros(3), 2, (1, 2, 1), 1, "output").tolist() == [0, 0, 0]
    assert no_repeat_ngram(np.zeros(3), 2, (1, 1, 2, 1), 1, "output").tolist() == [0, 0, -np.inf]
    assert no_repeat_ngram(np.zeros(3), 1, (1, 2), 1, "output").tolist() == [0, 0, -np.inf]


@clauses("NO-REPEAT-NGRAM-5")
def test_no_repeat_ngram_passes_over_ids_without_a_score() -> None:
    assert no_repeat_ngram(np.zeros(2), 2, (0, 5, 0, 1, 0), 5).tolist() == [0, -np.inf]
    assert no_repeat_ngram(np.zeros(2), 2, (5, 1, 5), 3).tolist() == [0, -np.inf]


@clauses("NO-REPEAT-NGRAM-2")
def test_deviation_padding_counts() -> None:
    alone, batch = alone_and_in_a_batch([2], [3, 3], [1.0] * 5, no_repeat_ngram_size=1)
    assert (np.flatnonzero(alone == -np.inf).tolist(), np.flatnonzero(batch == -np.inf).tolist()) == ([2], [0, 2])


@clauses("NO-REPEAT-NGRAM-1")
def test_no_repeat_ngram_in_a_plan() -> None:
    operation = planned("no_repeat_ngram", {"no_repeat_ngram_size": 2})
    assert operation is not None and operation.arguments == {"size": 2}
    assert planned("no_repeat_ngram", {"no_repeat_ngram_size": 0}) is None
    assert refusing_clauses({"no_repeat_ngram_size": -1}) == {"NO-REPEAT-NGRAM-1"}


def drawn(rng: Random, size: int) -> Made:
    row = drawn_row(rng, size)
    return {"size": rng.randint(1, 4)}, {"tokens": row, "prompt_length": rng.randint(1, len(row))}


def vectors() -> Iterator[Case]:
    scores = [1.0, 0.0, -1.0, 2.0]
    cases: list[tuple[str, str, int, list[int], tuple[str, ...], str]] = [
        ("one-bans-the-row", "4", 1, [1, 2, 1], ("repeated-ids",), ""),
        ("pair", "3", 2, [1, 2, 1], (), ""),
        ("two-successors", "3", 2, [1, 2, 1, 3, 1], (), ""),
        ("same-successor-twice", "3", 2, [1, 2, 1, 2, 1], ("repeated-ids",), ""),
        ("overlap", "3", 2, [1, 1], ("boundary",), "The banned pair and the one in the row share a token."),
        ("overlap-of-three", "3", 3, [1, 1, 1], ("boundary",), "They share two tokens."),
        ("row-of-n-tokens", "4", 3, [1, 2, 3], ("boundary",), "The only n-gram ends the row: it has no successor."),
        ("row-of-n-minus-1-tokens", "4", 3, [1, 1], ("boundary",), "There is no n-gram yet."),
        ("row-shorter-than-the-prefix", "4", 4, [1, 1], (), ""),
        ("prefix-seen-at-the-end-only", "3", 3, [3, 1, 2, 0, 1], (), ""),
        ("id-without-a-score", "5", 2, [1, 9, 1, 3, 1], (), ""),
        ("prefix-of-ids-without-a-score", "5", 2, [9, 1, 9], (), ""),
        ("all-tokens", "4", 1, [0, 1, 2, 3], ("all-masked",), ""),
    ]
    for name, clause, size, tokens, flags, note in cases:
        yield operation_case(name, [f"NO-REPEAT-NGRAM-{clause}"], "no_repeat_ngram", scores, {"size": size},
                             context={"tokens": tokens, "prompt_length": 1}, flags=flags, note=note)
    outputs: list[tuple[str, int, list[int], int, str]] = [
        ("ngram-in-the-prompt", 2, [1, 2, 1], 2, "1 2 stands in the prompt."),
        ("ngram-across-the-border", 2, [1, 2, 1], 1, "1 2 begins in the prompt."),
        ("ngram-of-new-tokens", 2, [1, 1, 2, 1], 1, "1 2 is new."),
        ("no-new-token-yet", 1, [1, 2, 1], 3, "Nothing counts."),
    ]
    for name, size, tokens, prompt_length, note in outputs:
        yield operation_case(f"output-{name}", ["NO-REPEAT-NGRAM-2"], "no_repeat_ngram", scores, {"size": size},
                             context={"tokens": tokens, "prompt_length": prompt_length}, profile="fairseq",
                             flags=("choice-point",), note=note)
    yield operation_case("other-scores-stay", ["NO-REPEAT-NGRAM-5"], "no_repeat_ngram", [0.0, -np.inf, -1.0],
                         {"size": 1}, context={"tokens": [0], "prompt_length": 1}, flags=("masked",))
    yield operation_case("vocabulary-of-one", ["NO-REPEAT-NGRAM-3"], "no_repeat_ngram", [1.0], {"size": 2},
                         context={"tokens": [0, 0], "prompt_length": 1}, flags=("small-vocabulary", "all-masked"))
    named = [f"NO-REPEAT-NGRAM-{number}" for number in (3, 4, 5)]
    yield from random_cases("no_repeat_ngram", named, drawn)
    yield from random_cases("no_repeat_ngram", ["NO-REPEAT-NGRAM-2", *named], drawn, count=12, name="random-fairseq",
                            profile="fairseq", flags=("choice-point",), note="New tokens alone count.")
    table = Scripted("table", 15, 6)
    yield generate_case("loop", ["NO-REPEAT-NGRAM-1", "NO-REPEAT-NGRAM-3"],
                        {"no_repeat_ngram_size": 2, "max_new_tokens": 12}, [1, 3, 1], table)
    yield generate_case("loop-without-repeats", ["NO-REPEAT-NGRAM-4"], {"no_repeat_ngram_size": 1,
                        "max_new_tokens": 5}, [1], table)
    yield generate_case("loop-runs-out-of-tokens", ["NO-REPEAT-NGRAM-4"], {"no_repeat_ngram_size": 1,
                        "max_new_tokens": 6}, [1], table, flags=("refused", "all-masked"))
    yield generate_case("zero-is-off", ["NO-REPEAT-NGRAM-1"], {"no_repeat_ngram_size": 0, "max_new_tokens": 3}, [1],
                        table)
    yield generate_case("below-zero", ["NO-REPEAT-NGRAM-1"], {"no_repeat_ngram_size": -1}, [1], table,
                        flags=("refused",))
