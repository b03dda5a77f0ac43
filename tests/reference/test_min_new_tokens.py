"""No EOS before so many new tokens. Text: docs/spec/min_new_tokens.md."""

from collections.abc import Iterator
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.clauses import clauses
from support.drawn import Made, drawn_ids, drawn_row, random_cases
from support.hf_processors import alone_and_in_a_batch, processed
from support.plans import planned, refusing_clauses
from support.strategies import described, models, prompts, situations
from support.vectors import Case, generate_case, operation_case

from genspec import GenerationConfig
from genspec.config import Rejected
from genspec_reference import Scripted, generate
from genspec_reference.context import Context
from genspec_reference.operations.min_length import min_length
from genspec_reference.operations.min_new_tokens import min_new_tokens
from genspec_reference.scores import Scores


@given(situations(), st.integers(1, 9), st.data())
@clauses("MIN-NEW-TOKENS-2", "MIN-NEW-TOKENS-3")
def test_min_new_tokens_bans_eos_after_few_new_tokens(
    case: tuple[Scores, Context], least: int, data: st.DataObject
) -> None:
    scores, context = case
    eos = data.draw(st.lists(st.integers(0, scores.size - 1), min_size=1, max_size=3).map(tuple))
    after = min_new_tokens(scores, least, eos, context.tokens, context.prompt_length)
    new = context.tokens[context.prompt_length:]
    short = not new[least - 1:]
    for token, score in enumerate(scores):
        values = described(token=token, new=new, least=least, eos=eos, before=scores, after=after)
        assert after[token] == (-np.inf if short and token in eos else score), values
    of_the_row = min_length(scores, context.prompt_length + least, eos, context.tokens)
    assert of_the_row.tolist() == after.tolist(), "LENGTH-7: min_length counts the prompt"


@given(situations(), st.integers(1, 9), st.data())
@clauses("MIN-NEW-TOKENS-2", "MIN-NEW-TOKENS-3")
def test_min_new_tokens_against_transformers(
    case: tuple[Scores, Context], least: int, data: st.DataObject
) -> None:
    scores, context = case
    eos = data.draw(st.lists(st.integers(0, scores.size - 1), min_size=1, max_size=3))
    name = "MinNewTokensLengthLogitsProcessor"
    theirs = processed(name, context.tokens, scores, context.prompt_length, least, eos)
    ours = min_new_tokens(scores, least, tuple(eos), context.tokens, context.prompt_length)
    np.testing.assert_array_equal(ours, theirs)


@given(models(), st.data(), st.integers(1, 9))
@clauses("MIN-NEW-TOKENS-2", "MIN-NEW-TOKENS-3")
def test_min_new_tokens_holds_of_whole_rows(model: Scripted, data: st.DataObject, least: int) -> None:
    """No EOS is among the first new tokens, and the row is the unlimited one as far as that has no EOS there."""
    prompt, eos = data.draw(prompts(model.vocab_size)), list(model.eos or (0,))
    length = {"max_new_tokens": 10, "eos_token_id": eos}
    try:
        (row,) = generate(GenerationConfig(min_new_tokens=least, **length), model, prompt,
                          vocab_size=model.vocab_size).rows
    except Rejected:
        return                                          # SCORES-6: there is no token but EOS
    (free,) = generate(GenerationConfig(**length), model, prompt, vocab_size=model.vocab_size).rows
    values = described(row=row, free=free, least=least, eos=eos)
    assert not set(row.new_tokens[:least]) & set(eos), values
    assert row == free or len(free.new_tokens) <= least, values


@pytest.mark.parametrize(("new", "banned"), [(0, True), (1, True), (2, False), (3, False)])
@clauses("MIN-NEW-TOKENS-2", "MIN-NEW-TOKENS-3")
def test_min_new_tokens_boundary(new: int, banned: bool) -> None:
    after = min_new_tokens(np.zeros(2), 2, (1,), (0,) * (3 + new), 3)
    assert after.tolist() == [0, -np.inf if banned else 0]


@clauses("MIN-NEW-TOKENS-2")
def test_padding_does_not_count() -> None:
    alone, batch = alone_and_in_a_batch([2], [3, 3], [1.0] * 5, min_new_tokens=1, eos_token_id=1)
    assert alone.tolist() == batch.tolist()


@clauses("MIN-NEW-TOKENS-1")
def test_min_new_tokens_in_a_plan() -> None:
    operation = planned("min_new_tokens", {"min_new_tokens": 3, "eos_token_id": 2})
    assert operation is not None and operation.arguments == {"count": 3, "eos": (2,)}
    assert planned("min_new_tokens", {"min_new_tokens": 3}) is None
    assert planned("min_new_tokens", {"min_new_tokens": 0, "eos_token_id": 2}) is None
    assert refusing_clauses({"min_new_tokens": -1}) == {"LENGTH-6"}


def drawn(rng: Random, size: int) -> Made:
    row = drawn_row(rng, size, 1, 8)
    prompt_length = rng.randint(1, len(row))
    least = max(1, len(row) - prompt_length + rng.choice((-2, -1, 0, 1, 2)))
    return {"count": least, "eos": drawn_ids(rng, size)}, {"tokens": row, "prompt_length": prompt_length}


def vectors() -> Iterator[Case]:
    cases: list[tuple[str, str, int, list[int], list[int], tuple[str, ...], str]] = [
        ("no-new-token", "2", 1, [1], [0, 0], ("boundary",), "0 of 1."),
        ("one-new-token-short", "2", 2, [1], [0, 0, 0], ("boundary",), "1 of 2."),
        ("as-many-as-asked", "3", 1, [1], [0, 0, 0], ("boundary",), "1 of 1."),
        ("more-than-asked", "3", 1, [1], [0, 0, 0, 0], (), ""),
        ("prompt-does-not-count", "2", 3, [1], [0, 0, 0], (), ""),
        ("several-eos", "2", 1, [1, 2], [0, 0], ("several-eos",), ""),
        ("equal-eos", "2", 1, [1, 1], [0, 0], ("repeated-ids",), ""),
        ("every-token-is-eos", "2", 1, [0, 1, 2], [0, 0], ("several-eos", "all-masked"), ""),
    ]
    for name, clause, least, eos, tokens, flags, note in cases:
        yield operation_case(name, [f"MIN-NEW-TOKENS-{clause}"], "min_new_tokens", [1.0, 2.0, -1.0],
                             {"count": least, "eos": eos}, context={"tokens": tokens, "prompt_length": 2},
                             flags=flags, note=note)
    yield from random_cases("min_new_tokens", ["MIN-NEW-TOKENS-2", "MIN-NEW-TOKENS-3"], drawn, count=28)
    for seed, eos in ((20, (2,)), (21, (2, 4)), (22, (2,))):
        model = Scripted("history", seed, 6, eos)
        flags = ("eos-rich", "several-eos") if len(eos) > 1 else ("eos-rich",)
        for least in (1, 5):
            yield generate_case(f"loop-{seed}-{least}", ["MIN-NEW-TOKENS-1", "MIN-NEW-TOKENS-2", "MIN-NEW-TOKENS-3"],
                                {"min_new_tokens": least, "eos_token_id": list(eos), "max_new_tokens": 10}, [1, 3],
                                model, flags=flags)
    model = Scripted("history", 20, 6, (2,))
    yield generate_case("without-eos-it-is-off", ["MIN-NEW-TOKENS-1"], {"min_new_tokens": 9, "max_new_tokens": 3}, [1],
                        model)
    yield generate_case("below-zero", ["MIN-NEW-TOKENS-1", "LENGTH-6"], {"min_new_tokens": -1}, [1], model,
                        flags=("refused",))
