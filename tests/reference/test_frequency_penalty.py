"""A penalty for every time a token was seen. Text: docs/spec/frequency_penalty.md."""

from collections.abc import Iterator
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.clauses import clauses
from support.drawn import Made, drawn_row, random_cases
from support.strategies import described, relabelings, renamed, situations
from support.vectors import Case, operation_case

from genspec_reference.context import Context
from genspec_reference.operations.frequency_penalty import frequency_penalty
from genspec_reference.operations.presence_penalty import presence_penalty
from genspec_reference.scope import Scope
from genspec_reference.scores import Scores

PENALTIES = st.sampled_from((-2.0, -0.5, 0.0, 0.25, 1.0, 2.0))
SCOPES = st.sampled_from(("row", "output"))
WINDOWS = st.none() | st.integers(0, 14)


def after(
    scores: Scores, penalty: float, context: Context, scope: Scope = "output", window: int | None = None
) -> Scores:
    return frequency_penalty(scores, penalty, tokens=context.tokens, prompt_length=context.prompt_length,
                             count_scope=scope, penalty_window=window)


@given(situations(), PENALTIES, SCOPES, WINDOWS)
@clauses("FREQUENCY-PENALTY-1", "FREQUENCY-PENALTY-2", "FREQUENCY-PENALTY-3")
def test_frequency_penalty_is_one_presence_penalty_a_token_that_counts(
    case: tuple[Scores, Context], penalty: float, scope: Scope, window: int | None
) -> None:
    scores, context = case
    counting = context.tokens[context.prompt_length if scope == "output" else 0:]
    wanted = scores
    for token in counting if window is None else tuple(reversed(counting))[:window]:
        wanted = presence_penalty(wanted, penalty, tokens=(token,), prompt_length=0)
    moved = after(scores, penalty, context, scope, window)
    assert moved.tolist() == wanted.tolist(), described(context=context, scope=scope, window=window, after=moved)


@given(situations(), PENALTIES, st.data())
@clauses("FREQUENCY-PENALTY-3")
def test_frequency_penalty_laws(case: tuple[Scores, Context], penalty: float, data: st.DataObject) -> None:
    scores, context = case
    moved = after(scores, penalty, context)
    assert after(moved, -penalty, context).tolist() == scores.tolist(), "-f undoes f"
    assert after(scores + 4.0, penalty, context).tolist() == (moved + 4.0).tolist(), "it shifts with the scores"
    ids = data.draw(relabelings(scores.size))
    there, elsewhere = renamed(scores, context, ids)
    assert after(there, penalty, elsewhere)[list(ids)].tolist() == moved.tolist(), "names mean nothing"
    twice = Context(tokens=context.tokens + context.tokens[context.prompt_length:], prompt_length=context.prompt_length)
    assert after(scores, penalty, twice).tolist() == after(moved, penalty, context).tolist(), "numbers add up"


@clauses("FREQUENCY-PENALTY-2")
@pytest.mark.parametrize(
    ("window", "after_it"), [(0, [0, 0]), (1, [0, -1]), (2, [-1, -1]), (3, [-1, -2]), (9, [-1, -2])]
)
def test_frequency_penalty_windows(window: int, after_it: list[float]) -> None:
    moved = after(np.zeros(2), 1.0, Context(tokens=(0, 1, 0, 1), prompt_length=1), window=window)
    assert moved.tolist() == after_it


@clauses("FREQUENCY-PENALTY-3")
def test_frequency_penalty_passes_over_ids_without_a_score() -> None:
    assert after(np.zeros(2), 1.0, Context(tokens=(0, 2, 7, 1, 1), prompt_length=1)).tolist() == [0, -2]


def drawn(rng: Random, size: int) -> Made:
    row, penalty = drawn_row(rng, size), rng.choice((-1.5, 0.25, 0.5, 1.0, 2.0))
    return {"penalty": penalty}, {"tokens": row, "prompt_length": rng.randint(0, len(row))}


def drawn_long(rng: Random, size: int) -> Made:
    arguments, context = drawn(rng, size)
    return arguments, {**context, "tokens": drawn_row(rng, size, 15, 26) + context["tokens"]}


def vectors() -> Iterator[Case]:
    name, scores = "frequency_penalty", [1.0, -1.0, 0.0, 2.0]
    row = {"tokens": [3, 0, 1, 1], "prompt_length": 1}
    half = {"penalty": 0.5}
    one, two, three = (f"FREQUENCY-PENALTY-{number}" for number in (1, 2, 3))
    yield operation_case("both-signs", [three], name, scores, half, context=row,
                         flags=("negative-scores", "repeated-ids"))
    yield operation_case("below-zero-raises", [one, three], name, scores, {"penalty": -0.5}, context=row)
    yield operation_case("extreme", [one, three], name, scores, {"penalty": -128.0}, context=row)
    yield operation_case("zero-is-off", [one], name, scores, {"penalty": 0.0}, context=row,
                         flags=("boundary",), note="0 changes nothing.")
    yield operation_case("no-new-token-yet", [two], name, scores, half, context={"tokens": [0, 1], "prompt_length": 2},
                         flags=("empty",))
    yield operation_case("first-of-many", [two], name, scores, half,
                         context={"tokens": [1, 0, *[3] * 300], "prompt_length": 1}, flags=("boundary", "long"),
                         note="0 is the first new token of 301, and counts.")
    yield operation_case("prompt-counts", [two], name, scores, half, context=row, profile="llama.cpp",
                         flags=("choice-point",), note="3 is the prompt.")
    for profile, window in (("mlx-lm", 20), ("llama.cpp", 64)):
        for length in (window - 1, window, window + 1):
            yield operation_case(
                f"window-{profile.replace('.', '-')}-row-of-{length}", [two], name, scores, half,
                context={"tokens": [0, 1, *[3] * (length - 2)], "prompt_length": 4}, profile=profile,
                flags=("choice-point", "boundary", "long"), note=f"The last {window} tokens count; 0 is the first.",
            )
    yield operation_case("masked-stays", [three], name, [-np.inf, 1.0], half,
                         context={"tokens": [0, 0, 1], "prompt_length": 0}, flags=("masked",))
    yield operation_case("id-without-a-score", [three], name, [1.0, 2.0], half,
                         context={"tokens": [2, 9, 1, 1], "prompt_length": 0})
    yield operation_case("vocabulary-of-one", [three], name, [1.0], half,
                         context={"tokens": [0, 0, 0], "prompt_length": 0}, flags=("small-vocabulary",))
    yield from random_cases(name, [two, three], drawn)
    yield from random_cases(name, [two, three], drawn_long, count=10, profile="mlx-lm", name="random-mlx-lm",
                            flags=("choice-point", "long"), note="As in mlx-lm: the last 20 tokens, prompt included.")
