"""The laws themselves: exact, apart from each other, and found as often as is said."""

from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.clauses import clauses
from support.strategies import described

from genspec.config.profiles import PROFILES
from genspec.conform.capabilities import capabilities_from
from genspec.conform.laws.asking import asked, shapes
from genspec.conform.laws.catalogue import ALL, ERROR_RATE, SHARE, SKETCHES
from genspec.conform.laws.law import Law
from genspec.conform.laws.power import POWER
from genspec.conform.laws.race import exponential_for_gumbel, exponential_pairs
from genspec.conform.laws.tied import Counting, in_order, relabelled
from genspec.conform.laws.trial import LEAST_DRAWS, MOST_DRAWS, Trial, named_laws, trial_of

TRIALS = [(name, "hf") for name in named_laws("hf")] + [
    (name, "llama.cpp") for name in named_laws("llama.cpp") if name not in named_laws("hf")
]


def test_the_shares_of_all_laws_are_the_error_rate_of_a_run() -> None:
    assert len(ALL) == len(SKETCHES) and SHARE * len(ALL) == pytest.approx(ERROR_RATE)
    assert {name for name, _ in TRIALS} == set(SKETCHES), "every law is one of hf or of llama.cpp"


@pytest.mark.parametrize("profile", PROFILES)
def test_every_profile_has_laws_and_says_how_many_draws_they_take(profile: str) -> None:
    needed = {name: trial_of(name, profile, "float32").needed for name in named_laws(profile)}
    assert len(needed) >= 12
    assert all(count <= MOST_DRAWS for counts in needed.values() for count in counts.values()), described(needed=needed)


@pytest.mark.parametrize(("name", "profile"), TRIALS)
def test_a_law_is_a_distribution_and_every_other_law_is_told_from_it(name: str, profile: str) -> None:
    trial = trial_of(name, profile, "float64")
    assert trial.needed.keys() == trial.different.keys(), "all can be found within the most draws"
    for state in states(trial.law):
        for label, law in {"null": trial.law.null, **trial.different}.items():
            q = law(state)
            assert q.min() >= 0 and abs(q.sum() - 1) < 1e-9, described(state=state, label=label, q=q)


@pytest.mark.parametrize(("name", "profile"), TRIALS)
def test_no_law_hangs_on_a_rounded_number(name: str, profile: str) -> None:
    assert trial_of(name, profile, "float32").told_apart() is None


def test_a_number_type_that_may_round_across_a_decision_is_not_held_to_the_law() -> None:
    assert "bfloat16 may round" in (trial_of("top-p", "hf", "bfloat16").told_apart() or "")
    assert trial_of("sampler", "hf", "bfloat16").told_apart() is None
    assert trial_of("nucleus-boundary", "hf", "bfloat16").told_apart() is None, "equal scores are equal in every type"


def states(law: Law) -> list[tuple[int, ...]]:
    found, last = [law.start], [law.start]
    for _ in range(law.steps - 1):
        last = [after for state in last for symbol in np.flatnonzero(law.null(state) > 0)
                if (after := law.after(state, int(symbol))) not in found]
        found += dict.fromkeys(last)
    return found


RUNS = 400


@pytest.mark.parametrize(("name", "profile"), TRIALS)
def test_other_laws_are_found_within_the_draws_that_are_stated(name: str, profile: str) -> None:
    trial = trial_of(name, profile, "float64")
    rng = np.random.default_rng(5)
    bound = trial.bound + np.log(len(trial.reader().labels))
    for label, count in trial.needed.items():
        won = winnings(trial, label, -(-count // trial.law.steps), rng)
        missed = int((won < bound).sum())
        assert missed <= 3, described(label=label, count=count, missed=missed, expected=RUNS * (1 - POWER))


def winnings(trial: Trial, label: str, rows: int, rng: np.random.Generator) -> np.ndarray:
    """Give what a bet on another law wins over rows that have it. float[RUNS]."""
    law, other = trial.law, trial.different[label]
    won = np.zeros(RUNS)
    counts = {law.start: np.full(RUNS, rows)}       # how many rows of each run are in a state: their order is all one
    for _ in range(law.steps):
        following: dict[tuple[int, ...], np.ndarray] = {}
        for state, many in counts.items():
            p, q = law.null(state), other(state)
            drawn = rng.multinomial(many, q / q.sum())
            for symbol in np.flatnonzero(q > 0).tolist():
                came = drawn[:, symbol]
                won[came > 0] += came[came > 0] * np.log(q[symbol] / p[symbol]) if p[symbol] > 0 else np.inf
                after = law.after(state, symbol)
                following[after] = following.get(after, 0) + came
        counts = {state: many for state, many in following.items() if many.any()}
    return won


@clauses("SAMPLE-3")
def test_exponential_noise_takes_the_first_of_two_tokens_as_often_as_the_page_says() -> None:
    assert exponential_for_gumbel(np.array([0.6, 0.4])) == pytest.approx([2 / 3, 1 / 3], abs=1e-4)


@given(weights=st.lists(st.integers(1, 20), min_size=2, max_size=5))
def test_the_first_of_a_pair_has_the_law_of_the_first(weights: list[int]) -> None:
    q = np.array(weights) / sum(weights)
    pairs = exponential_pairs(q)
    first = [sum(chance for (one, _), chance in pairs.items() if one == token) for token in range(q.size)]
    assert np.allclose(first, exponential_for_gumbel(q), atol=2e-3), described(first=first, q=q)


@given(weights=st.lists(st.integers(1, 4), min_size=2, max_size=2), kept=st.integers(1, 3))
def test_relabelled_rows_have_one_law_whichever_of_the_equal_tokens_are_kept(weights: list[int], kept: int) -> None:
    tied, size = (1, 2, 3), 4
    chances = []
    for chosen in ((1, 2, 3)[:kept], (3, 2, 1)[:kept]):
        q = np.zeros(size)
        q[0], q[list(chosen)] = weights[0], weights[1]
        q /= q.sum()
        rows: dict[tuple[int, ...], float] = {}
        for row in product(range(size), repeat=3):
            name = tuple(relabelled(row, tied))
            rows[name] = rows.get(name, 0.0) + float(np.prod(q[list(row)]))
        chances.append(rows)
        law, after = in_order(q, tied), Counting(tied)
        for row, chance in rows.items():
            state, expected = (0,), 1.0
            for token in row:
                expected *= law(state)[token]
                state = after(state, token)
            assert chance == pytest.approx(expected, abs=1e-12), described(row=row, q=q)
    assert chances[0].keys() == chances[1].keys()


@clauses("BEAM-SAMPLE-5", "SAMPLE-5")
def test_the_law_of_beam_sampling_is_that_of_the_first_two_of_the_race() -> None:
    trial = trial_of("beam-sample", "hf", "float64")
    logits = np.array(trial.sketch.lines[0])
    q = np.exp(logits) / np.exp(logits).sum()
    assert trial.outcomes is not None
    for number, rows in enumerate(trial.outcomes.rows):
        first, second = rows[0][0], rows[1][0]
        expected = q[first] * q[second] * (1 / (1 - q[first]) + 1 / (1 - q[second]))
        assert trial.law.null(())[number] == pytest.approx(expected), described(rows=rows)


@clauses("XTC-2")
def test_a_law_with_xtc_is_that_of_both_chances() -> None:
    trial = trial_of("xtc", "llama.cpp", "float64")
    logits = np.array(trial.sketch.lines[0])
    q = np.exp(logits) / np.exp(logits).sum()
    top = np.flatnonzero(q >= 0.125)
    left = np.where(np.isin(np.arange(q.size), top[q[top] > q[top].min()]), 0, q)
    assert trial.law.null(()) == pytest.approx((q + left / left.sum()) / 2), described(top=top)


@pytest.mark.parametrize("fields", [None, ["num_return_sequences"], []])
@pytest.mark.parametrize("inputs", [None, ["prompts"], []])
@pytest.mark.parametrize("name", SKETCHES)
def test_questions_grow_and_stay_within_what_is_known(name: str, fields: Any, inputs: Any) -> None:
    given_words = {"fields": fields, "inputs": inputs}
    can = capabilities_from({word: value for word, value in given_words.items() if value is not None})
    sketch, made = SKETCHES[name], shapes(SKETCHES[name], can)
    grown = [next(made) for _ in range(5)]
    sizes = [shape.prompts * shape.rows * shape.steps for shape in grown]
    assert sizes == sorted(sizes) and sizes[3] == sizes[4] <= max(LEAST_DRAWS, 16 * sizes[0])
    for shape in grown:
        written = asked(sketch, shape, 3)
        if fields == [] and sketch.rows is None:
            assert "num_return_sequences" not in written["config"]
        if inputs == [] and sketch.prompts == 1:
            assert "prompts" not in written
        assert ("prompt" in written) != ("prompts" in written)
