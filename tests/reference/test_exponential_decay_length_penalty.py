"""The growing score of EOS. Text: docs/spec/exponential_decay_length_penalty.md."""

import warnings
from collections.abc import Iterator
from fractions import Fraction
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.clauses import clauses
from support.drawn import Made, drawn_ids, drawn_row, random_cases
from support.hf_processors import processed
from support.plans import planned, refusing_clauses
from support.strategies import described, situations
from support.vectors import Case, generate_case, operation_case

from genspec import GenerationConfig
from genspec.config import Rejected
from genspec_reference import Scripted, generate
from genspec_reference.context import Context
from genspec_reference.operations.exponential_decay_length_penalty import exponential_decay_length_penalty
from genspec_reference.scores import Scores

FACTORS = st.sampled_from((0.0, 0.25, 0.5, 1.0, 1.5, 2.0, 4.0))
HF = "ExponentialDecayLengthPenalty"


def after(scores: Scores, start: int, factor: float, eos: tuple[int, ...], context: Context) -> Scores:
    return exponential_decay_length_penalty(
        scores, start, factor, eos=eos, tokens=context.tokens, prompt_length=context.prompt_length
    )


@st.composite
def decays(draw: st.DrawFn) -> tuple[Scores, Context, int, float, tuple[int, ...]]:
    scores, context = draw(situations())
    eos = draw(st.lists(st.integers(0, scores.size - 1), min_size=1, max_size=3))
    return scores, context, draw(st.integers(0, 12)), draw(FACTORS), tuple(eos)


@given(decays())
@clauses(*(f"EXPONENTIAL-DECAY-LENGTH-PENALTY-{number}" for number in (2, 3, 4)))
def test_exponential_decay_length_penalty_in_exact_fractions(case: Any) -> None:
    scores, context, start, factor, eos = case
    raised = after(scores, start, factor, eos, context)
    late = context.tokens[context.prompt_length:][start:]
    for token, score in enumerate(scores):
        wanted: Any = score
        if token in eos and late and score not in (0, -np.inf):
            size = abs(Fraction(score))
            wanted = float(Fraction(score) - size + size * Fraction(factor) ** len(late))
        values = described(token=token, late=late, factor=factor, eos=eos, before=scores, after=raised)
        assert raised[token] == pytest.approx(wanted, rel=1e-12, abs=1e-12), values


@given(decays())
@clauses(*(f"EXPONENTIAL-DECAY-LENGTH-PENALTY-{number}" for number in (2, 3, 4)))
def test_exponential_decay_length_penalty_against_transformers(case: Any) -> None:
    scores, context, start, factor, eos = case
    theirs = processed(HF, context.tokens, scores, (start, factor), list(eos), context.prompt_length)
    np.testing.assert_allclose(after(scores, start, factor, eos, context), theirs, rtol=1e-14)


@given(decays(), st.integers(0, 3))
@clauses("EXPONENTIAL-DECAY-LENGTH-PENALTY-2", "EXPONENTIAL-DECAY-LENGTH-PENALTY-3")
def test_exponential_decay_length_penalty_laws(case: Any, later: int) -> None:
    scores, context, start, factor, eos = case
    raised = after(scores, start, factor, eos, context)
    assert np.all(raised >= scores if factor >= 1 else raised <= scores), "above 1 it raises, below it lowers"
    assert factor != 1 or raised.tolist() == scores.tolist(), "1 changes nothing"
    shorter = Context(tokens=(0,) * (len(context.tokens) + later), prompt_length=context.prompt_length)
    same = after(scores, start + later, factor, eos, shorter)
    assert same.tolist() == raised.tolist(), "only the number of new tokens beyond the start counts"


@clauses("EXPONENTIAL-DECAY-LENGTH-PENALTY-2")
def test_exponential_decay_length_penalty_is_not_shift_invariant() -> None:
    context = Context(tokens=(0, 0), prompt_length=1)
    leads = [float(np.subtract(*after(np.array([1.0, 1.0]) + s, 0, 2.0, (0,), context))) for s in (0.0, 1.0, -1.0)]
    assert leads == [1.0, 2.0, 0.0]


PLACES = [(0, 1.0), (1, 1.0), (2, 1.0), (3, 2.0), (4, 4.0)]


@pytest.mark.parametrize(("new", "score"), PLACES)
@clauses("EXPONENTIAL-DECAY-LENGTH-PENALTY-2", "EXPONENTIAL-DECAY-LENGTH-PENALTY-3")
def test_exponential_decay_length_penalty_boundary_of_the_start(new: int, score: float) -> None:
    context = Context(tokens=(0,) * (5 + new), prompt_length=5)
    assert after(np.array([1.0, 1.0]), 2, 2.0, (1,), context).tolist() == [1, score]


LONG = Context(tokens=(0,) * 3000, prompt_length=1)


@clauses("EXPONENTIAL-DECAY-LENGTH-PENALTY-4", "EXPONENTIAL-DECAY-LENGTH-PENALTY-5")
def test_exponential_decay_length_penalty_beyond_the_greatest_number() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        raised = after(np.array([0.0, -np.inf, 1.0, -1.0, 5.0]), 0, 1.5, (0, 1, 2, 3), LONG)
    assert raised.tolist() == [0, -np.inf, np.inf, np.inf, 5]
    config = GenerationConfig(exponential_decay_length_penalty=(0, 1e200), eos_token_id=1, max_new_tokens=4)
    with pytest.raises(Rejected, match="SCORES-2"):
        generate(config, lambda tokens: [2e200, -1.0], [0])


@clauses("EXPONENTIAL-DECAY-LENGTH-PENALTY-4")
def test_deviation_zero_becomes_nan_beyond_float32() -> None:
    scores, tokens = np.array([0.0, 1.0]), [0] * 40
    assert after(scores, 0, 10.0, (0,), Context(tokens=tuple(tokens), prompt_length=0)).tolist() == [0, 1]
    theirs = processed(HF, tokens, scores, (0, 10.0), [0], 0, number_type="float32")
    assert np.isnan(theirs).tolist() == [True, False]


@clauses("EXPONENTIAL-DECAY-LENGTH-PENALTY-5")
def test_deviation_plus_infinity_is_taken() -> None:
    theirs = processed(HF, [0] * 40, np.array([0.5, 1.0]), (0, 10.0), [0], 0, number_type="float32")
    assert theirs.tolist() == [np.inf, 1]


@clauses("EXPONENTIAL-DECAY-LENGTH-PENALTY-1")
def test_exponential_decay_length_penalty_in_a_plan() -> None:
    field, name = "exponential_decay_length_penalty", "exponential_decay_length_penalty"
    operation = planned(name, {field: [5, 1.5], "eos_token_id": 2})
    assert operation is not None and operation.arguments == {"start": 5, "factor": 1.5, "eos": (2,)}
    assert planned(name, {"eos_token_id": 2}) is None
    assert refusing_clauses({field: [5, 1.5]}) == {"EXPONENTIAL-DECAY-LENGTH-PENALTY-1"}


def drawn(rng: Random, size: int) -> Made:
    row = drawn_row(rng, size, 2, 9)
    prompt_length = rng.randint(1, len(row) - 1)
    start = max(0, len(row) - prompt_length + rng.choice((-4, -3, -2, -1, 0, 1)))
    factor = rng.choice((0.0, 0.5, 0.75, 1.25, 1.5, 2.0))
    return ({"start": start, "factor": factor, "eos": drawn_ids(rng, size)},
            {"tokens": row, "prompt_length": prompt_length})


def vectors() -> Iterator[Case]:
    page, name = "EXPONENTIAL-DECAY-LENGTH-PENALTY-", "exponential_decay_length_penalty"
    scores = [1.0, -1.0, 2.0, 0.0]
    cases: list[tuple[str, int, list[float], int, float, list[int], tuple[str, ...], str]] = [
        ("first-step-that-changes", 2, scores, 2, 2.0, [0], ("boundary",), "k is 1."),
        ("last-step-that-stays", 3, scores, 3, 2.0, [0], ("boundary",), "k is 0."),
        ("start-far-away", 3, scores, 9, 2.0, [0], (), ""),
        ("from-the-first-new-token", 2, scores, 0, 2.0, [0], (), ""),
        ("both-signs", 2, scores, 1, 1.5, [0, 1], ("negative-scores", "several-eos"), ""),
        ("below-one-lowers", 2, scores, 1, 0.5, [0, 1], ("negative-scores", "several-eos"), ""),
        ("factor-of-zero", 2, scores, 1, 0.0, [0, 1], ("boundary", "negative-scores"), "0^k - 1 is -1."),
        ("factor-of-one", 2, scores, 1, 1.0, [0, 1], ("boundary",), "1^k - 1 is 0."),
        ("zero-score-stays", 4, scores, 1, 2.0, [3], ("zero-score",), ""),
        ("masked-stays", 4, [1.0, -np.inf], 1, 2.0, [1], ("masked",), ""),
        ("equal-eos", 2, scores, 1, 2.0, [0, 0], ("repeated-ids",), ""),
        ("vocabulary-of-one", 2, [-1.0], 1, 2.0, [0], ("small-vocabulary", "negative-scores"), ""),
        ("too-great", 5, scores, 0, 1e300, [2], ("refused",), ""),
        ("zero-beside-a-factor-too-great", 4, scores, 0, 1e300, [3], ("zero-score",), ""),
    ]
    for case, clause, some, start, factor, eos, flags, note in cases:
        yield operation_case(case, [f"{page}{clause}"], name, some, {"start": start, "factor": factor, "eos": eos},
                             context={"tokens": [0] * 5, "prompt_length": 2}, flags=flags, note=note)
    yield from random_cases(name, [f"{page}{number}" for number in (2, 3, 4)], drawn)
    for seed in range(5):
        model = Scripted("history", 50 + seed, 8)
        yield generate_case(f"loop-{seed}", [f"{page}1", f"{page}2", f"{page}3"],
                            {name: [1, 1.5], "eos_token_id": [2, 5], "max_new_tokens": 12}, [1, 3], model,
                            flags=("several-eos",))
    yield generate_case("without-eos", [f"{page}1"], {name: [1, 1.5]}, [1], model, flags=("refused",))
    yield generate_case("start-below-zero", [f"{page}1"], {name: [-1, 1.5], "eos_token_id": 2}, [1], model,
                        flags=("refused",))
    yield generate_case("factor-below-zero", [f"{page}1"], {name: [1, -1.5], "eos_token_id": 2}, [1], model,
                        flags=("refused",))
