"""One penalty for every token seen before. Text: docs/spec/presence_penalty.md."""

from collections.abc import Iterator
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.clauses import clauses
from support.drawn import Made, drawn_row, random_cases
from support.strategies import described, relabelings, renamed, situations
from support.vectors import Case, operation_case, pipeline_case

from genspec_reference.context import Context
from genspec_reference.operations.frequency_penalty import frequency_penalty
from genspec_reference.operations.presence_penalty import presence_penalty
from genspec_reference.scope import Scope
from genspec_reference.scores import Scores, softmax

PENALTIES = st.sampled_from((-2.0, -0.5, 0.0, 0.25, 1.0, 2.0))
SCOPES = st.sampled_from(("row", "output"))
WINDOWS = st.none() | st.integers(0, 14)


def after(
    scores: Scores, penalty: float, context: Context, scope: Scope = "output", window: int | None = None
) -> Scores:
    return presence_penalty(scores, penalty, tokens=context.tokens, prompt_length=context.prompt_length,
                            count_scope=scope, penalty_window=window)


@given(situations(), PENALTIES, SCOPES, WINDOWS)
@clauses("PRESENCE-PENALTY-1", "PRESENCE-PENALTY-2", "PRESENCE-PENALTY-3")
def test_presence_penalty_takes_the_same_from_every_token_that_counts(
    case: tuple[Scores, Context], penalty: float, scope: Scope, window: int | None
) -> None:
    scores, context = case
    counting = context.tokens[context.prompt_length if scope == "output" else 0:]
    counting = counting if window is None else tuple(reversed(counting))[:window]
    wanted = [score - penalty if token in counting else score for token, score in enumerate(scores)]
    moved = after(scores, penalty, context, scope, window)
    assert moved.tolist() == wanted, described(context=context, scope=scope, window=window, before=scores, after=moved)


@given(situations(), PENALTIES, st.data())
@clauses("PRESENCE-PENALTY-3")
def test_presence_penalty_laws(case: tuple[Scores, Context], penalty: float, data: st.DataObject) -> None:
    scores, context = case
    moved = after(scores, penalty, context)
    assert after(moved, -penalty, context).tolist() == scores.tolist(), "-a undoes a"
    assert after(scores + 4.0, penalty, context).tolist() == (moved + 4.0).tolist(), "it shifts with the scores"
    ids = data.draw(relabelings(scores.size))
    there, elsewhere = renamed(scores, context, ids)
    assert after(there, penalty, elsewhere)[list(ids)].tolist() == moved.tolist(), "names mean nothing"
    twice = Context(tokens=context.tokens + context.tokens[context.prompt_length:], prompt_length=context.prompt_length)
    assert after(scores, penalty, twice).tolist() == moved.tolist(), "number means nothing"


@given(situations(min_length=2), st.sampled_from((0.25, 1.0)))
@clauses("PRESENCE-PENALTY-1")
def test_presence_penalty_above_zero_makes_repeats_less_likely(case: tuple[Scores, Context], penalty: float) -> None:
    scores, context = case
    counting = sorted(set(context.tokens[context.prompt_length:]))
    before, later = softmax(scores)[counting].sum(), softmax(after(scores, penalty, context))[counting].sum()
    assert later <= before + 1e-12, described(before=before, after=later)


@given(situations(), SCOPES, WINDOWS)
@clauses("PRESENCE-PENALTY-3")
def test_presence_and_frequency_penalties_in_either_order(
    case: tuple[Scores, Context], scope: Scope, window: int | None
) -> None:
    """The formula of the OpenAI reference: a token that is counted c times loses c f + a, another one nothing."""
    scores, context = case
    named = {"tokens": context.tokens, "prompt_length": context.prompt_length, "count_scope": scope,
             "penalty_window": window}
    first = frequency_penalty(presence_penalty(scores, 0.5, **named), 0.25, **named)
    second = presence_penalty(frequency_penalty(scores, 0.25, **named), 0.5, **named)
    counted = list(context.tokens[context.prompt_length if scope == "output" else 0:])
    counted = counted if window is None else counted[max(0, len(counted) - window):]
    wanted = [s - counted.count(t) * 0.25 - (counted.count(t) > 0) * 0.5 for t, s in enumerate(scores)]
    assert first.tolist() == second.tolist() == wanted


@clauses("PRESENCE-PENALTY-2")
@pytest.mark.parametrize(("window", "after_it"), [(0, [0, 0]), (1, [0, -1]), (2, [-1, -1]), (9, [-1, -1])])
def test_presence_penalty_windows(window: int, after_it: list[float]) -> None:
    moved = after(np.zeros(2), 1.0, Context(tokens=(1, 0, 1), prompt_length=1), window=window)
    assert moved.tolist() == after_it


@clauses("PRESENCE-PENALTY-3")
def test_presence_penalty_passes_over_ids_without_a_score() -> None:
    assert after(np.zeros(2), 1.0, Context(tokens=(0, 2, 7, 1), prompt_length=1)).tolist() == [0, -1]


@clauses("PRESENCE-PENALTY-3")
def test_presence_penalty_leaves_its_input() -> None:
    scores = np.zeros(2)
    after(scores, 1.0, Context(tokens=(0, 1), prompt_length=0))
    assert scores.tolist() == [0, 0]


def drawn(rng: Random, size: int) -> Made:
    row, penalty = drawn_row(rng, size), rng.choice((-1.5, 0.25, 0.5, 1.0, 2.0))
    return {"penalty": penalty}, {"tokens": row, "prompt_length": rng.randint(0, len(row))}


def drawn_long(rng: Random, size: int) -> Made:
    arguments, context = drawn(rng, size)
    return arguments, {**context, "tokens": drawn_row(rng, size, 15, 26) + context["tokens"]}


def vectors() -> Iterator[Case]:
    name, scores = "presence_penalty", [1.0, -1.0, 0.0, 2.0]
    row = {"tokens": [3, 0, 1, 1], "prompt_length": 1}
    half = {"penalty": 0.5}
    one, two, three = (f"PRESENCE-PENALTY-{number}" for number in (1, 2, 3))
    yield operation_case("both-signs", [three], name, scores, half, context=row,
                         flags=("negative-scores", "repeated-ids"))
    yield operation_case("below-zero-raises", [one, three], name, scores, {"penalty": -0.5}, context=row)
    yield operation_case("extreme", [one, three], name, scores, {"penalty": 128.0}, context=row)
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
                         context={"tokens": [0, 1], "prompt_length": 0}, flags=("masked",))
    yield operation_case("id-without-a-score", [three], name, [1.0, 2.0], half,
                         context={"tokens": [2, 9, 1], "prompt_length": 0})
    yield operation_case("vocabulary-of-one", [three], name, [1.0], half,
                         context={"tokens": [0], "prompt_length": 0}, flags=("small-vocabulary",))
    both = [("repetition_penalty", {"penalty": 2.0}), ("frequency_penalty", {"penalty": 0.25}), (name, half)]
    yield pipeline_case("behind-the-repetition-penalty", [three, "PIPELINE-1"], scores, both, context=row,
                        profile="vllm", flags=("choice-point",), note="vLLM divides first and subtracts then.")
    yield pipeline_case("in-front-of-the-repetition-penalty", [three, "PIPELINE-1"], scores, both[::-1], context=row,
                        profile="sglang", flags=("choice-point",), note="SGLang subtracts first and divides then.")
    yield from random_cases(name, [two, three], drawn)
    yield from random_cases(name, [two, three], drawn_long, count=10, profile="mlx-lm", name="random-mlx-lm",
                            flags=("choice-point", "long"), note="As in mlx-lm: the last 20 tokens, prompt included.")
