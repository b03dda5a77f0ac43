"""No EOS in a short row. Text: docs/spec/min_length.md."""

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
from genspec_reference.scores import Scores

LEAST = st.integers(1, 14)


@given(situations(), LEAST, st.data())
@clauses("MIN-LENGTH-2", "MIN-LENGTH-3")
def test_min_length_bans_eos_in_a_short_row(case: tuple[Scores, Context], least: int, data: st.DataObject) -> None:
    scores, context = case
    eos = data.draw(st.lists(st.integers(0, scores.size - 1), min_size=1, max_size=3).map(tuple))
    after = min_length(scores, least, eos, context.tokens)
    short = any(len(context.tokens) == n for n in range(least))
    for token, score in enumerate(scores):
        values = described(token=token, tokens=context.tokens, least=least, eos=eos, before=scores, after=after)
        assert after[token] == (-np.inf if short and token in eos else score), values
    shifted = min_length(scores + 3, least, eos, context.tokens)
    assert shifted.tolist() == (after + 3).tolist(), "shift invariance"


@given(situations(), LEAST, st.data())
@clauses("MIN-LENGTH-2", "MIN-LENGTH-3")
def test_min_length_against_transformers(case: tuple[Scores, Context], least: int, data: st.DataObject) -> None:
    scores, context = case
    eos = data.draw(st.lists(st.integers(0, scores.size - 1), min_size=1, max_size=3))
    theirs = processed("MinLengthLogitsProcessor", context.tokens, scores, least, eos)
    np.testing.assert_array_equal(min_length(scores, least, tuple(eos), context.tokens), theirs)


@given(models(), st.data(), st.integers(1, 9))
@clauses("MIN-LENGTH-2", "MIN-LENGTH-3")
def test_min_length_holds_of_whole_rows(model: Scripted, data: st.DataObject, least: int) -> None:
    """What stands before a new EOS has at least as many tokens as asked for."""
    prompt, eos = data.draw(prompts(model.vocab_size)), list(model.eos or (0,))
    config = GenerationConfig(max_new_tokens=10, min_length=least, eos_token_id=eos)
    try:
        (row,) = generate(config, model, prompt, vocab_size=model.vocab_size).sequences
    except Rejected:
        return                                          # SCORES-6: there is no token but EOS
    places = [place for place in range(len(prompt), len(row)) if row[place] in eos]
    assert all(place >= least for place in places), described(row=row, prompt=prompt, least=least, eos=eos)


@pytest.mark.parametrize(("length", "banned"), [(1, True), (2, True), (3, False), (4, False)])
@clauses("MIN-LENGTH-2", "MIN-LENGTH-3")
def test_min_length_boundary(length: int, banned: bool) -> None:
    assert min_length(np.zeros(2), 3, (1,), (0,) * length).tolist() == [0, -np.inf if banned else 0]


@clauses("MIN-LENGTH-2")
def test_deviation_padding_counts() -> None:
    alone, batch = alone_and_in_a_batch([2], [3, 3], [1.0] * 5, min_length=2, eos_token_id=1)
    assert (alone[1], batch[1]) == (-np.inf, 1)


@clauses("MIN-LENGTH-1")
def test_min_length_in_a_plan() -> None:
    operation = planned("min_length", {"min_length": 9, "eos_token_id": [2, 3]})
    assert operation is not None and operation.arguments == {"length": 9, "eos": (2, 3)}
    assert planned("min_length", {"min_length": 9}) is None
    assert planned("min_length", {"min_length": 9, "min_new_tokens": 0, "eos_token_id": 2}) is None
    assert refusing_clauses({"min_length": -1}) == {"LENGTH-7"}


def drawn(rng: Random, size: int) -> Made:
    row = drawn_row(rng, size, 1, 8)
    least = max(1, len(row) + rng.choice((-2, -1, 0, 1, 2)))
    return ({"length": least, "eos": drawn_ids(rng, size)},
            {"tokens": row, "prompt_length": rng.randint(1, len(row))})


def vectors() -> Iterator[Case]:
    cases: list[tuple[str, str, int, list[int], list[int], tuple[str, ...], str]] = [
        ("row-one-token-short", "2", 3, [1], [0, 0], ("boundary",), "The row has 2 tokens of 3."),
        ("row-of-the-least-length", "3", 3, [1], [0, 0, 0], ("boundary",), "The row has 3 tokens of 3."),
        ("row-one-token-longer", "3", 3, [1], [0, 0, 0, 0], (), ""),
        ("several-eos", "2", 3, [1, 2], [0, 0], ("several-eos",), ""),
        ("equal-eos", "2", 3, [1, 1], [0, 0], ("repeated-ids",), ""),
        ("every-token-is-eos", "2", 3, [0, 1, 2], [0, 0], ("several-eos", "all-masked"), ""),
    ]
    for name, clause, least, eos, tokens, flags, note in cases:
        yield operation_case(name, [f"MIN-LENGTH-{clause}"], "min_length", [1.0, 2.0, -1.0],
                             {"length": least, "eos": eos}, context={"tokens": tokens, "prompt_length": 1},
                             flags=flags, note=note)
    yield operation_case("masked-eos", ["MIN-LENGTH-2"], "min_length", [1.0, -np.inf], {"length": 3, "eos": [1]},
                         context={"tokens": [0], "prompt_length": 1}, flags=("masked",))
    yield from random_cases("min_length", ["MIN-LENGTH-2", "MIN-LENGTH-3"], drawn, count=28)
    for seed, eos in ((17, (2,)), (18, (2, 4)), (19, (2,))):
        model = Scripted("history", seed, 6, eos)
        flags = ("eos-rich", "several-eos") if len(eos) > 1 else ("eos-rich",)
        for least in (4, 7):
            yield generate_case(f"loop-{seed}-{least}", ["MIN-LENGTH-1", "MIN-LENGTH-2", "MIN-LENGTH-3"],
                                {"min_length": least, "eos_token_id": list(eos), "max_new_tokens": 10}, [1, 3], model,
                                flags=flags)
    model = Scripted("history", 17, 6, (2,))
    yield generate_case("without-eos-it-is-off", ["MIN-LENGTH-1"], {"min_length": 9, "max_new_tokens": 3}, [1], model)
    yield generate_case("below-zero", ["MIN-LENGTH-1", "LENGTH-7"], {"min_length": -1}, [1], model, flags=("refused",))
