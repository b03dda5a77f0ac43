"""The repetition penalty, and which tokens count. Text: docs/spec/repetition_penalty.md."""

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
from support.strategies import described, relabelings, renamed, situations
from support.vectors import Case, generate_case, operation_case

from genspec_reference import Scripted
from genspec_reference.context import Context
from genspec_reference.operations.repetition_penalty import repetition_penalty
from genspec_reference.scope import Scope, scoped
from genspec_reference.scores import Scores

PENALTIES = st.sampled_from((0.125, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 8.0))
SCOPES = st.sampled_from(("row", "output"))
WINDOWS = st.none() | st.integers(0, 14)


def after(scores: Scores, penalty: float, context: Context, scope: Scope = "row", window: int | None = None) -> Scores:
    return repetition_penalty(scores, penalty, tokens=context.tokens, prompt_length=context.prompt_length,
                              penalty_scope=scope, penalty_window=window)


@given(situations(), PENALTIES, SCOPES, WINDOWS)
@clauses("REPETITION-PENALTY-2", "REPETITION-PENALTY-3", "REPETITION-PENALTY-4", "REPETITION-PENALTY-5")
def test_repetition_penalty_moves_each_token_that_counts_once(
    case: tuple[Scores, Context], penalty: float, scope: Scope, window: int | None
) -> None:
    scores, context = case
    places = range(context.prompt_length if scope == "output" else 0, len(context.tokens))
    counting = {context.tokens[place] for place in places if window is None or place >= len(context.tokens) - window}
    moved = after(scores, penalty, context, scope, window)
    for token, score in enumerate(scores):
        factor = penalty if score <= 0 else 1 / penalty
        wanted = score * factor if token in counting else score
        values = described(token=token, context=context, scope=scope, window=window, before=scores, after=moved)
        assert moved[token] == pytest.approx(wanted, rel=1e-15), values


@given(situations(), PENALTIES)
@clauses("REPETITION-PENALTY-4", "REPETITION-PENALTY-5")
def test_repetition_penalty_against_transformers(case: tuple[Scores, Context], penalty: float) -> None:
    scores, context = case
    theirs = processed("RepetitionPenaltyLogitsProcessor", context.tokens, scores, penalty)
    np.testing.assert_allclose(after(scores, penalty, context), theirs, rtol=1e-15)


@given(situations(), PENALTIES, st.data())
@clauses("REPETITION-PENALTY-4", "REPETITION-PENALTY-5")
def test_repetition_penalty_laws(case: tuple[Scores, Context], penalty: float, data: st.DataObject) -> None:
    scores, context = case
    moved = after(scores, penalty, context)
    np.testing.assert_allclose(after(moved, 1 / penalty, context), scores, rtol=1e-14, err_msg="1 / r undoes r")
    assert np.all(moved <= scores if penalty >= 1 else moved >= scores), described(before=scores, after=moved)
    assert np.all(np.sign(moved) == np.sign(scores)), "no score changes its sign"
    ids = data.draw(relabelings(scores.size))
    renamed_scores, there = renamed(scores, context, ids)
    assert after(renamed_scores, penalty, there)[list(ids)].tolist() == moved.tolist(), "names mean nothing"
    order = data.draw(st.permutations(context.tokens))
    again = Context(tokens=(*order, *order), prompt_length=1)
    assert after(scores, penalty, again).tolist() == moved.tolist(), "order and number mean nothing"


@clauses("REPETITION-PENALTY-4")
def test_repetition_penalty_is_not_shift_invariant() -> None:
    """Adding to all scores changes no probability before the penalty, and does after it."""
    context, leads = Context(tokens=(0,), prompt_length=1), []
    for shift in (0.0, 5.0, -5.0):
        first, second = after(np.array([1.0, 0.5]) + shift, 2.0, context)
        leads.append(first - second)
    assert leads == [0.0, -2.5, -3.5]


@given(st.lists(st.integers(0, 9), max_size=9).map(tuple), st.integers(0, 9), SCOPES, WINDOWS)
@clauses("REPETITION-PENALTY-2", "REPETITION-PENALTY-3")
def test_scoped_is_the_end_of_what_counts(
    tokens: tuple[int, ...], prompt_length: int, scope: Scope, window: int | None
) -> None:
    counted = scoped(tokens, prompt_length, scope, window)
    available = len(tokens) if scope == "row" else max(0, len(tokens) - prompt_length)
    assert len(counted) == (available if window is None else min(window, available))
    assert tokens[len(tokens) - len(counted):] == counted


@clauses("REPETITION-PENALTY-5")
def test_repetition_penalty_passes_over_ids_without_a_score() -> None:
    context = Context(tokens=(2, 7, 0, -1), prompt_length=4)
    assert after(np.array([1.0, 1.0]), 2.0, context).tolist() == [0.5, 1]


@clauses("REPETITION-PENALTY-5")
def test_padding_does_not_count_any_more() -> None:
    """What transformers did up to 5.22, and the text says that it does no more."""
    alone, batch = alone_and_in_a_batch([2], [3, 3], [1.0] * 5, repetition_penalty=2.0)
    assert alone.tolist() == batch.tolist() == [1, 1, 0.5, 1, 1]


@clauses("REPETITION-PENALTY-1")
def test_repetition_penalty_in_a_plan() -> None:
    operation = planned("repetition_penalty", {"repetition_penalty": 2})
    assert operation is not None and operation.arguments == {"penalty": 2.0}
    assert planned("repetition_penalty", {"repetition_penalty": 1}) is None
    assert refusing_clauses({"repetition_penalty": 0}) == {"REPETITION-PENALTY-1"}


def drawn(rng: Random, size: int) -> Made:
    row = drawn_row(rng, size)
    penalty = rng.choice((0.25, 0.5, 0.75, 1.125, 1.25, 1.5, 2.0, 4.0))
    return {"penalty": penalty}, {"tokens": row, "prompt_length": rng.randint(1, len(row))}


def drawn_long(rng: Random, size: int) -> Made:
    arguments, context = drawn(rng, size)
    return arguments, {**context, "tokens": drawn_row(rng, size, 15, 26) + context["tokens"]}


def vectors() -> Iterator[Case]:
    scores = [1.0, -1.0, 2.0, -2.0, 0.0]
    flags: tuple[str, ...] = ("negative-scores", "zero-score", "repeated-ids")
    row = {"tokens": [0, 1, 4, 0, 3], "prompt_length": 3}
    for name, penalty in (("both-signs", 2.0), ("below-one-raises", 0.5)):
        yield operation_case(name, ["REPETITION-PENALTY-4"], "repetition_penalty", scores, {"penalty": penalty},
                             context=row, flags=flags)
    yield operation_case("new-tokens-alone", ["REPETITION-PENALTY-2"], "repetition_penalty", scores, {"penalty": 2.0},
                         context=row, profile="sglang", flags=("choice-point",), note="0 and 3 are new.")
    yield operation_case("no-new-token-yet", ["REPETITION-PENALTY-2"], "repetition_penalty", scores, {"penalty": 2.0},
                         context={"tokens": [0, 1], "prompt_length": 2}, profile="sglang",
                         flags=("choice-point", "empty"), note="The prompt does not count.")
    for profile, window in (("mlx-lm", 20), ("llama.cpp", 64)):
        for length in (window - 1, window, window + 1):
            yield operation_case(
                f"window-{profile.replace('.', '-')}-row-of-{length}", ["REPETITION-PENALTY-3"], "repetition_penalty",
                scores, {"penalty": 2.0}, context={"tokens": [0, 1, *[3] * (length - 2)], "prompt_length": 4},
                profile=profile, flags=("choice-point", "boundary", "long"),
                note=f"The last {window} tokens count, prompt included; 0 is the first of the row and 1 the second.",
            )
    more: list[tuple[str, str, list[float], list[int], int, tuple[str, ...]]] = [
        ("masked-stays", "4", [-np.inf, 1.0], [0], 1, ("masked",)),
        ("often-is-once", "5", [3.0, -3.0], [0, 0, 0, 1, 1], 2, ("repeated-ids",)),
        ("id-without-a-score", "5", [1.0, -1.0], [2, 9, 1], 3, ()),
        ("first-id-without-a-score", "5", [1.0, 1.0], [2], 1, ("boundary",)),
        ("prompt-counts", "2", [1.0, 1.0, 1.0], [0, 1], 1, ()),
        ("vocabulary-of-one", "4", [-0.5], [0], 1, ("small-vocabulary",)),
    ]
    for name, clause, some, tokens, prompt_length, flags in more:
        yield operation_case(name, [f"REPETITION-PENALTY-{clause}"], "repetition_penalty", some, {"penalty": 2.0},
                             context={"tokens": tokens, "prompt_length": prompt_length}, flags=flags,
                             note="V is the id." if "boundary" in flags else "")
    both = ["REPETITION-PENALTY-4", "REPETITION-PENALTY-5"]
    yield from random_cases("repetition_penalty", both, drawn)
    every = [f"REPETITION-PENALTY-{number}" for number in (2, 3, 4, 5)]
    for profile in ("sglang", "mlx-lm"):
        of_profile = random_cases("repetition_penalty", every, drawn_long, count=16, profile=profile,
                                  name=f"random-{profile}", flags=("choice-point", "long"), note=f"As in {profile}.")
        yield from of_profile
    model = Scripted("history", 13, 8)
    yield generate_case("loop", ["REPETITION-PENALTY-1", "REPETITION-PENALTY-2"],
                        {"repetition_penalty": 2, "max_new_tokens": 8}, [1, 3], model)
    yield generate_case("beams-penalise-log-probabilities", ["REPETITION-PENALTY-4", "PIPELINE-3"],
                        {"repetition_penalty": 1.5, "num_beams": 2, "max_new_tokens": 4}, [1, 3], model)
    yield generate_case("one-is-off", ["REPETITION-PENALTY-1"], {"repetition_penalty": 1.0, "max_new_tokens": 3},
                        [1, 3], model)
    for name, penalty in (("zero", 0), ("below-zero", -1.5)):
        yield generate_case(name, ["REPETITION-PENALTY-1"], {"repetition_penalty": penalty}, [1], model,
                            flags=("refused",))
