"""The forced last token. Text: docs/spec/forced_eos.md."""

from collections.abc import Iterator
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.clauses import clauses
from support.drawn import Made, drawn_ids, drawn_row, random_cases
from support.hf_processors import processed
from support.plans import planned, refusing_clauses
from support.strategies import described, models, situations
from support.vectors import Case, generate_case, operation_case

from genspec import GenerationConfig
from genspec_reference import Scripted, generate
from genspec_reference.context import Context
from genspec_reference.operations.forced_eos import forced_eos
from genspec_reference.scores import Scores, softmax


@given(situations(max_length=6), st.integers(0, 8), st.data())
@clauses("FORCED-EOS-2", "FORCED-EOS-3")
def test_forced_eos_leaves_the_forced_tokens_at_the_last_place(
    case: tuple[Scores, Context], max_length: int, data: st.DataObject
) -> None:
    scores, context = case
    forced = data.draw(st.lists(st.integers(0, scores.size - 1), min_size=1, max_size=3).map(tuple))
    after = forced_eos(scores, forced, max_length, context)
    values = described(forced=forced, tokens=context.tokens, max_length=max_length, before=scores, after=after)
    if len(context.tokens) + 1 == max_length:
        share = 1 / len(set(forced))
        wanted = [share if token in forced else 0 for token in range(scores.size)]
        assert softmax(after).tolist() == pytest.approx(wanted), values
        assert after.max() == 0, values
    else:
        assert after.tolist() == scores.tolist(), values


@given(situations(max_length=6), st.integers(0, 8), st.data())
@clauses("FORCED-EOS-2", "FORCED-EOS-3")
def test_forced_eos_against_transformers(
    case: tuple[Scores, Context], max_length: int, data: st.DataObject
) -> None:
    scores, context = case
    forced = data.draw(st.lists(st.integers(0, scores.size - 1), min_size=1, max_size=3))
    theirs = processed("ForcedEOSTokenLogitsProcessor", context.tokens, scores, max_length, forced)
    np.testing.assert_array_equal(forced_eos(scores, tuple(forced), max_length, context), theirs)


@given(models(), st.data())
@clauses("FORCED-EOS-1", "FORCED-EOS-2", "FORCED-EOS-3")
def test_forced_eos_changes_the_last_token_of_a_row_alone(model: Scripted, data: st.DataObject) -> None:
    forced = data.draw(st.lists(st.integers(0, model.vocab_size - 1), min_size=1, max_size=2, unique=True))
    length = {"max_new_tokens": 4, "eos_token_id": list(model.eos)}
    (free,) = generate(GenerationConfig(**length), model, [0, 1]).rows
    (row,) = generate(GenerationConfig(forced_eos_token_id=forced, **length), model, [0, 1]).rows
    values = described(free=free, row=row, forced=forced)
    if len(free.new_tokens) < 4:
        assert row == free, values
    else:
        assert row.tokens == (*free.tokens[:-1], min(forced)), values


PLACES = [(1, [1, 2]), (2, [0, -np.inf]), (3, [1, 2])]


@pytest.mark.parametrize(("length", "after"), PLACES)
@clauses("FORCED-EOS-2", "FORCED-EOS-3")
def test_forced_eos_boundary(length: int, after: list[float]) -> None:
    context = Context(tokens=(1,) * length, prompt_length=1)
    assert forced_eos(np.array([1.0, 2.0]), (0,), 3, context).tolist() == after


@clauses("FORCED-EOS-1")
def test_forced_eos_in_a_plan() -> None:
    operation = planned("forced_eos", {"forced_eos_token_id": [4, 2], "max_new_tokens": 5})
    assert operation is not None and operation.arguments == {"tokens": (4, 2), "max_length": 8}
    assert planned("forced_eos", {"forced_eos_token_id": []}) is None
    assert refusing_clauses({"forced_eos_token_id": 100}) == {"TOKENS-1"}


def drawn(rng: Random, size: int) -> Made:
    row = drawn_row(rng, size, 1, 5)
    return ({"tokens": drawn_ids(rng, size), "max_length": len(row) + rng.choice((0, 1, 1, 1, 2))},
            {"tokens": row, "prompt_length": 1})


def vectors() -> Iterator[Case]:
    cases: list[tuple[str, str, list[float], list[int], int, tuple[str, ...], str]] = [
        ("last-place", "2", [1.0, 2.0, 3.0], [1], 4, ("boundary",), "The fourth token of four."),
        ("one-place-before", "3", [1.0, 2.0, 3.0], [1], 5, ("boundary",), "The fourth token of five."),
        ("beyond-the-last-place", "3", [1.0, 2.0, 3.0], [1], 3, ("boundary",), "The fourth token of three."),
        ("several-tokens", "2", [1.0, 2.0, 3.0], [2, 1], 4, ("several-eos",), ""),
        ("equal-tokens", "2", [1.0, 2.0, 3.0], [1, 1], 4, ("repeated-ids",), ""),
        ("every-token", "2", [1.0, 2.0, 3.0], [0, 1, 2], 4, ("several-eos",), ""),
        ("forced-token-was-masked", "2", [1.0, -np.inf, 3.0], [1], 4, ("masked",), ""),
        ("all-were-masked", "2", [-np.inf, -np.inf, -np.inf], [1], 4, ("masked", "all-masked"), ""),
    ]
    for name, clause, scores, forced, max_length, flags, note in cases:
        yield operation_case(name, [f"FORCED-EOS-{clause}"], "forced_eos", scores,
                             {"tokens": forced, "max_length": max_length},
                             context={"tokens": [0, 0, 2], "prompt_length": 1}, flags=flags, note=note)
    yield from random_cases("forced_eos", ["FORCED-EOS-2", "FORCED-EOS-3"], drawn, count=28)
    named = ["FORCED-EOS-1", "FORCED-EOS-2", "FORCED-EOS-3"]
    for seed in range(4):
        model = Scripted("history", 40 + seed, 8, (2,))
        call = {"forced_eos_token_id": 2, "eos_token_id": 2, "max_new_tokens": 4}
        yield generate_case(f"loop-{seed}", named, call, [1, 5], model, flags=("eos-rich",))
    yield generate_case("loop-with-beams", named, {**call, "num_beams": 3}, [1, 5], model, flags=("eos-rich",))
    yield generate_case("no-eos-of-the-row", named, {"forced_eos_token_id": [6, 3], "max_new_tokens": 3}, [1], model,
                        flags=("tie",), note="Both forced tokens have the score 0; the lowest id is taken.")
    yield generate_case("against-a-minimum", ["FORCED-EOS-1"], {**call, "min_new_tokens": 9}, [1], model)
    yield generate_case("against-a-ban", ["FORCED-EOS-2"], {**call, "bad_words_ids": [[3, 2], [5, 2], [7, 2]]}, [1],
                        model)
    yield generate_case("one-of-two-suppressed", ["FORCED-EOS-2", "SUPPRESS-2"],
                        {"forced_eos_token_id": [6, 3], "suppress_tokens": [3], "max_new_tokens": 2}, [1], model)
    yield generate_case("empty-list-is-off", ["FORCED-EOS-1"], {"forced_eos_token_id": [], "max_new_tokens": 2}, [1],
                        model, flags=("empty",))
    yield generate_case("id-outside", ["FORCED-EOS-1"], {"forced_eos_token_id": 8}, [1], model, flags=("refused",))
