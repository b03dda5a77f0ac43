"""Tokens suppressed at one step. Text: docs/spec/begin_suppress.md."""

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
from support.strategies import described, models, situations
from support.vectors import Case, generate_case, operation_case

from genspec import GenerationConfig
from genspec_reference import Scripted, generate
from genspec_reference.context import Context
from genspec_reference.operations.begin_suppress import begin_suppress
from genspec_reference.scores import Scores


@given(situations(max_length=5), st.integers(0, 1), st.data())
@clauses("BEGIN-SUPPRESS-2", "BEGIN-SUPPRESS-3")
def test_begin_suppress_bans_at_one_step(case: tuple[Scores, Context], place: int, data: st.DataObject) -> None:
    scores, context = case
    listed = tuple(data.draw(st.lists(st.integers(0, scores.size - 1), min_size=1, max_size=4)))
    after = begin_suppress(scores, listed, place, context)
    new = list(context.tokens[context.prompt_length:])
    acts = len(new) == 1 if place else new == []
    for token, score in enumerate(scores):
        values = described(token=token, listed=listed, new=new, place=place, before=scores, after=after)
        assert after[token] == (-np.inf if acts and token in listed else score), values


@given(situations(max_length=5), st.integers(0, 1), st.data())
@clauses("BEGIN-SUPPRESS-2", "BEGIN-SUPPRESS-3")
def test_begin_suppress_against_transformers(
    case: tuple[Scores, Context], place: int, data: st.DataObject
) -> None:
    scores, context = case
    listed = data.draw(st.lists(st.integers(0, scores.size - 1), min_size=1, max_size=4))
    index = context.prompt_length + place
    theirs = processed("SuppressTokensAtBeginLogitsProcessor", context.tokens, scores, listed, index)
    np.testing.assert_array_equal(begin_suppress(scores, tuple(listed), place, context), theirs)


@given(models(vocab_size=6), st.lists(st.integers(0, 5), min_size=1, max_size=4), st.none() | st.integers(0, 5))
@clauses("BEGIN-SUPPRESS-1", "BEGIN-SUPPRESS-2", "BEGIN-SUPPRESS-3")
def test_begin_suppress_holds_of_whole_rows(model: Scripted, listed: list[int], forced: int | None) -> None:
    """The row goes on after the guarded token as one that begins with it."""
    config = {"max_new_tokens": 4, "forced_bos_token_id": forced}
    guarded = GenerationConfig(begin_suppress_tokens=listed, **config)
    (row,) = generate(guarded, model, [0]).rows
    place = 0 if forced is None else 1
    assert row.new_tokens[place] not in listed, described(row=row, listed=listed)
    began = row.tokens[:2 + place]
    (rest,) = generate(GenerationConfig(max_new_tokens=4 - len(began) + 1), model, began).rows
    assert row.tokens == rest.tokens, described(row=row, rest=rest, listed=listed)


PLACES = [(0, 0, True), (0, 1, False), (1, 0, False), (1, 1, True), (1, 2, False)]


@pytest.mark.parametrize(("place", "new", "acts"), PLACES)
@clauses("BEGIN-SUPPRESS-2", "BEGIN-SUPPRESS-3")
def test_begin_suppress_boundary(place: int, new: int, acts: bool) -> None:
    context = Context(tokens=(0,) * (2 + new), prompt_length=2)
    assert begin_suppress(np.zeros(2), (1,), place, context).tolist() == [0, -np.inf if acts else 0]


@clauses("BEGIN-SUPPRESS-2")
def test_deviation_padding_moves_the_step() -> None:
    """Alone the first new token is forced, and nothing suppressed there."""
    call = {"begin_suppress_tokens": [1], "forced_bos_token_id": 1}
    alone, batch = alone_and_in_a_batch([2], [3, 3], [1.0, 1.0, 1.0, 1.0], **call)
    assert (alone.tolist(), batch.tolist()) == ([-np.inf, 0, -np.inf, -np.inf], [1, -np.inf, 1, 1])


@clauses("BEGIN-SUPPRESS-1")
def test_begin_suppress_in_a_plan() -> None:
    for config, prompt_length, place in (({}, 5, 0), ({"forced_bos_token_id": 7}, 1, 1),
                                         ({"forced_bos_token_id": 7}, 2, 0), ({}, 1, 0)):
        operation = planned("begin_suppress", {"begin_suppress_tokens": [3], **config}, prompt_length=prompt_length)
        assert operation is not None and operation.arguments == {"tokens": (3,), "new_token": place}
    assert planned("begin_suppress", {"begin_suppress_tokens": []}) is None
    assert refusing_clauses({"begin_suppress_tokens": [100]}) == {"TOKENS-1"}


def drawn(rng: Random, size: int) -> Made:
    row = drawn_row(rng, size, 1, 6)
    prompt_length = max(1, len(row) - rng.choice((0, 0, 1, 1, 2)))
    return ({"tokens": drawn_ids(rng, size), "new_token": rng.randint(0, 1)},
            {"tokens": row, "prompt_length": prompt_length})


def vectors() -> Iterator[Case]:
    cases: list[tuple[str, str, int, list[int], list[int], tuple[str, ...], str]] = [
        ("first-step", "2", 0, [1], [0, 0], ("boundary",), "There is no new token yet."),
        ("second-step", "3", 0, [1], [0, 0, 2], ("boundary",), "One new token."),
        ("first-step-is-forced", "3", 1, [1], [0, 0], ("boundary",), "The second new token is guarded."),
        ("second-step-after-a-forced-one", "2", 1, [1], [0, 0, 2], ("boundary",), "One new token, the forced one."),
        ("third-step", "3", 1, [1], [0, 0, 2, 2], (), ""),
        ("several-tokens", "2", 0, [2, 0], [0, 0], (), ""),
        ("equal-ids", "2", 0, [1, 1], [0, 0], ("repeated-ids",), ""),
        ("all-tokens", "2", 0, [0, 1, 2], [0, 0], ("all-masked",), ""),
    ]
    for name, clause, place, listed, tokens, flags, note in cases:
        yield operation_case(name, [f"BEGIN-SUPPRESS-{clause}"], "begin_suppress", [1.0, 2.0, -1.0],
                             {"tokens": listed, "new_token": place}, context={"tokens": tokens, "prompt_length": 2},
                             flags=flags, note=note)
    yield operation_case("masked-too", ["BEGIN-SUPPRESS-2"], "begin_suppress", [1.0, -np.inf],
                         {"tokens": [1], "new_token": 0}, context={"tokens": [0], "prompt_length": 1},
                         flags=("masked",))
    yield from random_cases("begin_suppress", ["BEGIN-SUPPRESS-2", "BEGIN-SUPPRESS-3"], drawn, count=28)
    named = ["BEGIN-SUPPRESS-1", "BEGIN-SUPPRESS-2", "BEGIN-SUPPRESS-3"]
    for seed in range(3):
        model = Scripted("history", 60 + seed, 5)
        for name, config, prompt in (("plain", {}, [1, 3]), ("forced", {"forced_bos_token_id": 2}, [1]),
                                     ("forced-in-vain", {"forced_bos_token_id": 2}, [1, 3])):
            yield generate_case(f"loop-{name}-{seed}", named,
                                {"begin_suppress_tokens": [0, 2, 4], "max_new_tokens": 5, **config}, prompt, model)
    yield generate_case("empty-list-is-off", ["BEGIN-SUPPRESS-1"],
                        {"begin_suppress_tokens": [], "max_new_tokens": 2}, [1], model, flags=("empty",))
    yield generate_case("id-outside", ["BEGIN-SUPPRESS-1"], {"begin_suppress_tokens": [5]}, [1], model,
                        flags=("refused",))
