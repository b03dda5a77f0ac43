"""Mirostat. Text: docs/spec/mirostat.md."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from math import floor, log, log2
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.clauses import clauses
from support.drawn import Made, random_cases
from support.strategies import described, score_vectors
from support.truncation import ignores_a_shift, kept, knows_no_ids, reordered, takes_away, with_choices
from support.vectors import Case, generate_case, operation_case, pipeline_case

from genspec import GenerationConfig
from genspec.config import Rejected
from genspec.config.plan import DecodingPlan, Operation
from genspec_reference import Scripted, decode, seeded_noise
from genspec_reference.operations.mirostat import mirostat, mirostat_margin, room, zipf_exponent, zipf_mass
from genspec_reference.scores import Scores, log_softmax, softmax

TARGETS = st.sampled_from((0.0, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0))
SURPRISES = st.lists(st.integers(0, 64).map(lambda n: n / 8), max_size=5).map(tuple)
VERSIONS = st.sampled_from((1, 2))
FALLING = np.log([0.5, 0.25, 0.125, 0.125])


def limit_of(tau: float, eta: float, surprises: tuple[float, ...]) -> float:
    """Move mu step by step, as the clause says."""
    mu = 2 * tau
    for surprise in surprises:
        mu -= eta * (surprise - tau)
    return mu


def count_of_zipf(scores: Scores, mu: float) -> float:
    """Give k by the paper's formulas, written with sums and powers; the limits where they have none."""
    q = sorted((float(p) for p in softmax(scores)[scores > -np.inf]), reverse=True)[:100]
    if len(q) < 2:
        return 1.0
    pairs = [(log((i + 2) / (i + 1)), log(q[i] / q[i + 1])) for i in range(len(q) - 1)]
    s = sum(t * b for t, b in pairs) / sum(t * t for t, _ in pairs)
    size, epsilon = len(scores), s - 1
    x = 2**mu * (1 / log(size) if epsilon == 0 else epsilon / (1 - size ** -epsilon))
    if s == 0:
        return float(size) if x >= 1 else 1.0
    return float(2 ** min(log2(x) / s, 900.0))


@given(score_vectors(), TARGETS, st.sampled_from((0.0, 0.1, 0.5)), SURPRISES)
@clauses("MIROSTAT-2", "MIROSTAT-4", "MIROSTAT-5")
def test_mirostat_2_keeps_tokens_whose_surprise_is_within_the_limit(
    scores: Scores, tau: float, eta: float, surprises: tuple[float, ...]
) -> None:
    given_all = {"tau": tau, "eta": eta, "version": 2, "surprises": surprises}
    after = takes_away(partial(mirostat, **given_all), scores)
    if mirostat_margin(scores, **given_all) < 1e-9:
        return
    mu, bits = limit_of(tau, eta, surprises), -log_softmax(scores) / np.log(2)
    first = min(range(len(scores)), key=lambda t: (-scores[t], t))
    wanted = {t for t in kept(scores) if bits[t] <= mu or t == first}
    assert kept(after) == wanted, described(scores=scores, mu=mu, bits=bits, after=after)


@given(score_vectors(), TARGETS, st.sampled_from((0.0, 0.1, 0.5)), SURPRISES)
@clauses("MIROSTAT-2", "MIROSTAT-4", "MIROSTAT-6", "MIROSTAT-7")
def test_mirostat_1_keeps_as_many_as_zipf_allows(
    scores: Scores, tau: float, eta: float, surprises: tuple[float, ...]
) -> None:
    given_all = {"tau": tau, "eta": eta, "version": 1, "surprises": surprises}
    after = takes_away(partial(mirostat, **given_all), scores)
    if np.abs(room(scores, **given_all)).min(initial=np.inf) < 1e-6:
        return
    count = max(1, floor(count_of_zipf(scores, limit_of(tau, eta, surprises))))
    ranked = sorted(range(len(scores)), key=lambda t: (-scores[t], t))
    assert kept(after) == set(ranked[:count]) & kept(scores), described(scores=scores, count=count, after=after)


@given(reordered(score_vectors(distinct=True)), TARGETS, VERSIONS, st.integers(-8, 8))
@clauses("MIROSTAT-4")
def test_mirostat_laws(case: tuple[Scores, list[int]], tau: float, version: int, shift: int) -> None:
    scores, order = case
    operation = partial(mirostat, tau=tau, eta=0.5, version=version, surprises=())
    if mirostat_margin(scores, tau, 0.5, version, surprises=()) > 1e-9:
        ignores_a_shift(operation, scores, shift)
        knows_no_ids(operation, scores, order)
    surprised = kept(operation(scores, surprises=(tau + 2.0,)))
    bored = kept(operation(scores, surprises=(0.0,)))
    assert surprised <= kept(operation(scores)) <= bored, "surprise narrows, and boredom widens"


@clauses("MIROSTAT-2")
def test_the_limit_moves_with_every_surprise() -> None:
    """With q = 1/2 and 1/2 the second token stays while mu is at least 1: here mu is 3 - sum of (s - 1.5)."""
    both = partial(mirostat, np.zeros(2), 1.5, 1.0, 2)
    assert kept(both(surprises=(2.5, 2.5))) == {0, 1}
    assert kept(both(surprises=(2.5, 2.5078125))) == {0}
    assert kept(both(surprises=(2.5, 2.5078125, 1.4921875))) == {0, 1}
    assert kept(mirostat(np.zeros(2), 1.5, 0.0, 2, surprises=(9.0,) * 9)) == {0, 1}, "a rate of 0 never moves it"


@clauses("MIROSTAT-4", "MIROSTAT-5")
def test_mirostat_2_corners() -> None:
    assert kept(mirostat(FALLING, 1.0, 0.5, 2, surprises=())) == {0, 1}, "2 bits are within 2 bits"
    assert kept(mirostat(FALLING, 0.999, 0.5, 2, surprises=())) == {0}
    assert kept(mirostat(FALLING, 0.0, 0.5, 2, surprises=(9.0,))) == {0}, "one stays however low the limit is"
    assert kept(mirostat(np.zeros(3), 0.0, 0.5, 2, surprises=())) == {0}
    assert mirostat(np.full(2, -np.inf), 1.0, 0.5, 2, surprises=()).tolist() == [-np.inf] * 2
    assert mirostat(np.array([-np.inf, 3.0]), 0.0, 0.5, 2, surprises=()).tolist() == [-np.inf, 3]


@pytest.mark.parametrize("size", [2, 3, 5, 9, 17, 33, 257])
@clauses("MIROSTAT-7")
def test_mirostat_1_of_equal_scores_keeps_all_or_one(size: int) -> None:
    """The exponent is 0, so that every j has j^z = 1; the right-hand side is 2^mu / (V - 1)."""
    tau = log2(size - 1) / 2
    assert len(kept(mirostat(np.zeros(size), tau, 0.5, 1, surprises=()))) == size
    if tau > 0:
        assert len(kept(mirostat(np.zeros(size), tau - 2**-20, 0.5, 1, surprises=()))) == 1


@clauses("MIROSTAT-6")
def test_the_exponent_of_zipf_is_found() -> None:
    for s in (0.0, 0.5, 1.0, 1.25, 3.0):
        ranked = -s * np.log2(np.arange(1, 300)) - 4.0
        assert zipf_exponent(ranked) == pytest.approx(s, abs=1e-12)
        ranked[100:] -= 50.0
        assert zipf_exponent(ranked) == pytest.approx(s, abs=1e-12), "no more than 100 tokens are looked at"
        ranked[99] -= 50.0
        assert zipf_exponent(ranked) > s + 0.01, "and no fewer"


@clauses("MIROSTAT-6", "MIROSTAT-7")
def test_masked_tokens_belong_to_v_alone() -> None:
    some = np.concatenate((FALLING, np.full(12, -np.inf)))
    exponents = [zipf_exponent(log_softmax(s)[:4] / np.log(2)) for s in (FALLING, some)]
    assert exponents[0] == exponents[1]
    mass = [zipf_mass(exponents[0] - 1, size) for size in (4, 16)]
    lead = room(FALLING, 1.0, 0.5, 1, surprises=()) - room(some, 1.0, 0.5, 1, surprises=())
    np.testing.assert_allclose(lead, log2(mass[1] / mass[0]), rtol=1e-12)


@clauses("MIROSTAT-7")
def test_the_mass_of_zipf_and_its_limit() -> None:
    assert zipf_mass(0.0, 16) == log(16)
    assert zipf_mass(1e-9, 16) == pytest.approx(log(16), rel=1e-8)
    assert zipf_mass(-1.0, 16) == 15.0
    assert zipf_mass(1.0, 16) == 1 - 1 / 16
    for epsilon in (-0.75, -0.5, -0.499, -0.1, 0.1, 0.499, 0.5, 2.0):
        assert zipf_mass(epsilon, 16) == pytest.approx((1 - 16**-epsilon) / epsilon, rel=1e-13)


@clauses("MIROSTAT-7")
def test_mirostat_1_of_fewer_than_two_tokens() -> None:
    for scores in (np.zeros(1), np.array([-np.inf, 2.0]), np.full(2, -np.inf)):
        for version in (1, 2):
            assert mirostat(scores, 3.0, 0.5, version, surprises=()).tolist() == scores.tolist()
            assert mirostat_margin(scores, 3.0, 0.5, version, surprises=()) == np.inf


@clauses("MIROSTAT-5", "MIROSTAT-7")
def test_mirostat_margin_is_the_distance_to_another_answer() -> None:
    assert mirostat_margin(FALLING, 1.25, 0.5, 2, surprises=()) == pytest.approx(0.5 * log(2))
    assert mirostat_margin(np.array([0.0, 0.0, -0.25]), 0.0, 0.5, 2, surprises=()) == 0.25, "either of two may stay"
    assert mirostat_margin(np.zeros(5), 0.9, 0.5, 1, surprises=()) == pytest.approx(0.2 * log(2))


@pytest.mark.parametrize("chances", [[0.6, 0.3, 0.1], [0.5, 0.2505, 0.2495], [0.3505, 0.3495, 0.3]])
@pytest.mark.parametrize("tau", np.linspace(0, 3, 13).tolist())
@clauses("MIROSTAT-7")
def test_mirostat_1_margin_is_the_distance_to_another_count_or_another_token(chances: list[float], tau: float) -> None:
    scores = np.log(chances)
    count, z = count_of_zipf(scores, 2 * tau), zipf_exponent(log_softmax(scores) / np.log(2))
    to_counts = min(abs(log(count / j)) * z for j in (2, 3))
    leads = {1: scores[0] - scores[1], 2: scores[1] - scores[2]}
    wanted = min(to_counts, leads.get(max(1, floor(count)), np.inf))
    assert mirostat_margin(scores, tau, 0.5, 1, surprises=()) == pytest.approx(wanted, abs=1e-12)


WRONG: list[dict[str, Any]] = [
    {"tau": -0.5}, {"tau": np.inf}, {"tau": np.nan}, {"eta": -0.5}, {"eta": np.inf}, {"version": 0}, {"version": 3},
]


@pytest.mark.parametrize("changes", WRONG, ids=str)
@clauses("MIROSTAT-1")
def test_mirostat_refuses_arguments_out_of_range(changes: dict[str, Any]) -> None:
    with pytest.raises(Rejected) as caught:
        mirostat(np.zeros(2), **{"tau": 1.0, "eta": 0.5, "version": 2, "surprises": (), **changes})
    (reason,), (name,) = caught.value.reasons, changes
    wanted = "1 or 2" if name == "version" else "a real number of at least 0"
    assert (reason.field, reason.clause, reason.remedy) == (name, "MIROSTAT-1", f"Give {wanted}.")


def with_mirostat(tau: float, eta: float, version: int, new_tokens: int) -> DecodingPlan:
    config = GenerationConfig(do_sample=True, max_new_tokens=new_tokens, output_scores=True,
                              return_dict_in_generate=True)
    plan = config.resolve(prompt_length=1, profile="llama.cpp").plan
    operation = Operation("mirostat", {"tau": tau, "eta": eta, "version": version}, "MIROSTAT-2")
    return replace(plan, operations=(operation,))


def zipf(tokens: tuple[int, ...]) -> Scores:
    return np.asarray(-1.1 * np.log(np.arange(1, 501)))


@pytest.mark.parametrize("version", [1, 2])
@clauses("MIROSTAT-3")
def test_the_surprise_is_that_under_the_scores_a_token_was_drawn_from(version: int) -> None:
    output = decode(with_mirostat(2.0, 0.5, version, 12), zipf, [0], noise=seeded_noise(5))
    surprises: tuple[float, ...] = ()
    for step in output.runs[0]:
        assert step.scores is not None
        (scores,) = step.scores
        assert scores.tolist() == mirostat(zipf(()), 2.0, 0.5, version, surprises=surprises).tolist()
        surprises += (float(-np.log2(softmax(scores)[step.choices[0].token])),)
    assert len(set(surprises)) > 3


@pytest.mark.parametrize("tau", [1.0, 3.0, 5.0])
@pytest.mark.parametrize("version", [1, 2])
@clauses("MIROSTAT-2", "MIROSTAT-3")
def test_the_mean_surprise_comes_near_the_target(tau: float, version: int) -> None:
    """What the paper promises. The sum of all misses is (2 tau - mu) / eta, and mu stays bounded."""
    steps, eta = 600, 0.1
    output = decode(with_mirostat(tau, eta, version, steps), zipf, [0], noise=seeded_noise(int(tau)))
    found = [float(-log_softmax(step.scores[0])[step.choices[0].token] / np.log(2)) for step in output.runs[0]
             if step.scores is not None]
    assert abs(np.mean(found) - tau) < 0.15, np.mean(found)


def drawn(rng: Random, size: int, version: int) -> Made:
    arguments = {"tau": rng.choice((0.25, 0.5, 0.75, 1.0, 1.5, 2.0)), "eta": rng.choice((0.125, 0.25, 0.5)),
                 "version": version}
    return arguments, {"surprises": [rng.randrange(0, 48) / 8 for _ in range(rng.randint(0, 4))]}


def rows() -> Iterator[Case]:
    """Whole rows, each token's surprise of which moves the limit; and the order of llama.cpp."""
    rng = Random("mirostat rows")
    for version in (1, 2):
        for number in range(8):
            arguments = {"tau": rng.choice((0.5, 1.0, 1.5)), "eta": rng.choice((0.125, 0.5, 1.0)), "version": version}
            config = {"do_sample": True, "max_new_tokens": 8, "eos_token_id": 1, "num_return_sequences": 1 + number % 2,
                      "temperature": rng.choice((0.5, 0.75, 1.5)), "top_k": rng.choice((0, 9))}
            yield generate_case(
                f"row-version-{version}-{number}", ["MIROSTAT-2", "MIROSTAT-3", "MIROSTAT-4"], config, [0],
                Scripted("history", number, 12, (1,)), seed=50 + number, operations=[("mirostat", arguments)],
                profile="llama.cpp", flags=("random", "eos-rich", "choice-point"),
                note="The surprise is that under the scores after mirostat, the last operation.")
            logits = [rng.randrange(-128, 128) / 32 for _ in range(12)]
            yield pipeline_case(
                f"after-others-version-{version}-{number}", ["MIROSTAT-4", "PIPELINE-1"], logits,
                [("top_k", {"k": 9}), ("typical_p", {"p": 0.9}), ("temperature", {"temperature": 0.75}),
                 ("mirostat", arguments)],
                context={"surprises": [rng.randrange(0, 48) / 8 for _ in range(number % 4)]}, profile="llama.cpp",
                flags=("random", "choice-point"), note="The operations of llama.cpp in their order.")


def vectors() -> Iterator[Case]:
    yield from rows()
    name, scores = "mirostat", [0.0, 2.0, 1.0, -1.0, 1.5]
    two, four, five, seven = (f"MIROSTAT-{number}" for number in (2, 4, 5, 7))

    def case(label: str, named: list[str], given_scores: list[float], changes: dict[str, Any],
             surprises: list[float] | None = None, **more: Any) -> Case:
        arguments = {"tau": 1.0, "eta": 0.5, "version": 2, **changes}
        return operation_case(label, named, name, given_scores, arguments, context={"surprises": surprises or []},
                              **more)

    for version, clause in ((1, seven), (2, five)):
        changes = {"version": version}
        yield case(f"version-{version}", [clause], scores, changes)
        yield case(f"version-{version}-after-surprises", [two, "MIROSTAT-3"], scores, changes, [0.5, 0.25])
        yield case(f"version-{version}-bored", [two, "MIROSTAT-3"], scores, changes, [0.0] * 4)
        yield case(f"version-{version}-rate-of-zero", [two], scores, {**changes, "eta": 0.0}, [5.0, 7.0])
        yield case(f"version-{version}-target-of-zero", [four], scores, {**changes, "tau": 0.0},
                   flags=("boundary",), note="One token stays.")
        yield case(f"version-{version}-limit-below-zero", [four], scores, {**changes, "eta": 2.0}, [8.0])
        yield case(f"version-{version}-one-left", [four, seven], [-np.inf, 1.0], changes,
                   flags=("masked", "small-vocabulary"))
        yield case(f"version-{version}-vocabulary-of-one", [four, seven], [1.0], changes, flags=("small-vocabulary",))
        yield case(f"version-{version}-all-masked", [four], [-np.inf] * 3, changes, flags=("all-masked",))
    yield case("equal-to-the-limit", [five], [0.0] * 4, {}, flags=("boundary", "tie"),
               note="Each surprise is 2 bits, and so is mu.")
    yield case("above-the-limit", [four, five], [0.0] * 4, {"tau": 0.96875}, flags=("tie",),
               note="One stays; which one is free.",
               any_of=[{"scores": [0.0 if t == stays else -np.inf for t in range(4)]} for stays in (1, 2, 3)])
    yield case("zipf-equal-scores", ["MIROSTAT-6", seven], [0.0] * 5, {"version": 1}, flags=("boundary", "tie"),
               note="z is 0, and 2^mu / (V - 1) is 1: all stay.")
    yield case("zipf-equal-scores-below", ["MIROSTAT-6", seven], [0.0] * 5, {"version": 1, "tau": 0.96875},
               flags=("tie",), note="One stays; which one is free.",
               any_of=[{"scores": [0.0 if t == stays else -np.inf for t in range(5)]} for stays in (1, 2, 3, 4)])
    yield case("zipf-masked-count-for-v", ["MIROSTAT-6", seven], [2.0, 1.0, 0.5, *[-np.inf] * 5], {"version": 1},
               flags=("masked",))
    yield case("zipf-of-101-tokens", ["MIROSTAT-6"], [-rank / 16 for rank in range(100)] + [-12.0], {"version": 1})
    for label, changes in (("target-below-zero", {"tau": -1.0}), ("rate-below-zero", {"eta": -0.5}),
                           ("version-of-zero", {"version": 0}), ("version-of-three", {"version": 3})):
        yield case(label, ["MIROSTAT-1"], scores, changes, flags=("refused",))
    for version, named in ((1, [two, four, "MIROSTAT-6", seven]), (2, [two, four, five])):
        yield from with_choices(random_cases(name, named, partial(drawn, version=version), count=24,
                                             name=f"random-version-{version}"))
