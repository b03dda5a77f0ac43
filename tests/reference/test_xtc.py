"""Exclude top choices. Text: docs/spec/xtc.md."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.clauses import clauses
from support.drawn import Made, random_cases
from support.strategies import described, score_vectors
from support.truncation import ignores_a_shift, kept, knows_no_ids, reordered, takes_away
from support.vectors import Case, generate_case, operation_case, pipeline_case

from genspec import GenerationConfig
from genspec.config import Rejected
from genspec.config.plan import DecodingPlan, Operation
from genspec_reference import Noise, Scripted, decode, given_noise, seeded_noise
from genspec_reference.operations.xtc import xtc, xtc_margin
from genspec_reference.scores import Scores, softmax, support

THRESHOLDS = st.sampled_from((0.0, 0.05, 0.1, 0.25, 0.4, 0.5, 0.6, 1.0))
FALLING = np.log([0.4, 0.3, 0.2, 0.1])
ACTS = {"probability": 1.0, "chance": 0.5}


@given(score_vectors(), THRESHOLDS, st.sampled_from((">=", ">")), st.sampled_from(("ranked", "kept")))
@clauses("XTC-3", "XTC-4")
def test_xtc_takes_away_all_choices_but_the_least_probable(
    scores: Scores, threshold: float, boundary: str, ties: str
) -> None:
    after = takes_away(partial(xtc, threshold=threshold, **ACTS, xtc_boundary=boundary, xtc_ties=ties), scores)
    q = softmax(scores)
    if xtc_margin(scores, threshold, **ACTS, xtc_boundary=boundary, xtc_ties=ties) < 1e-12:
        return
    choices = {t for t in kept(scores) if q[t] > threshold or (boundary == ">=" and q[t] == threshold)}
    gone = kept(scores) - kept(after)
    values = described(scores=scores, threshold=threshold, choices=choices, gone=gone)
    least = sorted(t for t in choices if scores[t] == min(scores[list(choices)]))
    stay = set(least if ties == "kept" else least[-1:])
    assert gone <= choices and choices - gone == stay, values


@given(score_vectors(), THRESHOLDS)
@clauses("XTC-1", "XTC-3")
def test_xtc_of_one_choice_or_none_does_nothing(scores: Scores, threshold: float) -> None:
    after = xtc(scores, threshold, **ACTS)
    choices = np.count_nonzero(softmax(scores)[support(scores)] >= threshold)
    assert len(kept(scores) - kept(after)) == max(0, choices - 1), described(scores=scores, threshold=threshold)
    if threshold > 0.5:
        assert after.tolist() == scores.tolist()


@given(score_vectors(), st.sampled_from((0.0, 0.25, 0.5, 1.0)), st.floats(0.001, 0.999))
@clauses("XTC-1", "XTC-2")
def test_xtc_acts_when_the_chance_is_at_most_the_probability(scores: Scores, probability: float, chance: float) -> None:
    after = xtc(scores, 0.1, probability, chance=chance)
    wanted = xtc(scores, 0.1, **ACTS) if chance <= probability else scores
    assert after.tolist() == wanted.tolist()


@given(reordered(score_vectors(distinct=True)), THRESHOLDS, st.integers(-8, 8))
@clauses("XTC-3")
def test_xtc_laws(case: tuple[Scores, list[int]], threshold: float, shift: int) -> None:
    scores, order = case
    operation = partial(xtc, threshold=threshold, **ACTS)
    if xtc_margin(scores, threshold, **ACTS) > 1e-9:
        ignores_a_shift(operation, scores, shift)
        knows_no_ids(operation, scores, order)
    lower = kept(scores) - kept(xtc(scores, threshold / 2, **ACTS))
    assert kept(scores) - kept(operation(scores)) <= lower, "a lower threshold takes away more"


PUBLISHED = [(0.09, [0, 0, 0, 1]), (0.19, [0, 0, 2, 1]), (0.29, [0, 3, 2, 1]), (0.39, [4, 3, 2, 1])]


@pytest.mark.parametrize(("threshold", "weights"), PUBLISHED)
@clauses("XTC-3")
def test_xtc_gives_the_numbers_of_llama_cpp(threshold: float, weights: list[int]) -> None:
    """Published in tests/test-sampling.cpp of llama.cpp (07e4038)."""
    np.testing.assert_allclose(softmax(xtc(FALLING, threshold, **ACTS)), np.array(weights) / sum(weights), atol=1e-12)


@clauses("XTC-2")
def test_xtc_acts_at_a_chance_equal_to_the_probability() -> None:
    assert kept(xtc(np.zeros(2), 0.25, 0.5, chance=0.5)) == {1}
    untouched = np.zeros(2)
    assert xtc(untouched, 0.25, 0.5, chance=0.5078125) is not untouched


@clauses("XTC-3", "XTC-4")
def test_xtc_corners() -> None:
    even = np.zeros(4)
    assert kept(xtc(even, 0.25, **ACTS)) == {3}, "equal to the threshold is a choice; the last id stays"
    assert kept(xtc(even, 0.25, **ACTS, xtc_boundary=">")) == {0, 1, 2, 3}
    assert kept(xtc(even, 0.2, **ACTS, xtc_ties="kept")) == {0, 1, 2, 3}
    assert kept(xtc(np.array([1.0, 0.0, 0.0]), 0.1, **ACTS, xtc_ties="kept")) == {1, 2}
    assert kept(xtc(np.array([1.0, 0.0, -np.inf]), 0.0, **ACTS)) == {1}, "a masked token is no choice"
    assert kept(xtc(np.zeros(2), 0.5, **ACTS)) == {1}
    assert xtc(np.full(2, -np.inf), 0.0, **ACTS).tolist() == [-np.inf, -np.inf]
    assert xtc(np.full(2, -np.inf), 0.0, **ACTS, xtc_ties="kept").tolist() == [-np.inf, -np.inf]


@clauses("XTC-3", "XTC-4")
def test_xtc_margin_is_the_distance_to_another_answer() -> None:
    assert xtc_margin(FALLING, 0.25, **ACTS) == pytest.approx(0.05), "of 0.3 and 0.2 to 0.25"
    assert xtc_margin(np.log([0.75, 0.25]), 0.7, **ACTS) == pytest.approx(0.45), "the first token never decides"
    assert xtc_margin(np.log([0.5, 0.498, 0.002]), 0.2, **ACTS) == pytest.approx(np.log(0.5 / 0.498))
    assert xtc_margin(np.log([0.4, 0.2, 0.2, 0.2]), 0.1, **ACTS) == pytest.approx(0.1), "equal scores stay equal"
    assert xtc_margin(np.zeros(1), 0.1, **ACTS) == np.inf
    assert xtc_margin(np.append(np.log([0.75, 0.25]), -np.inf), 0.125, **ACTS) == pytest.approx(0.125)
    assert xtc_margin(np.append(np.log([0.75, 0.25]), -np.inf), 0.0625, **ACTS) == pytest.approx(0.1875), "none masked"
    assert xtc_margin(FALLING, 0.25, probability=0.5, chance=0.5) == pytest.approx(0.05)
    assert xtc_margin(FALLING, 0.3, probability=0.25, chance=0.5) == np.inf


@pytest.mark.parametrize(("threshold", "probability", "name"), [
    (-0.1, 0.5, "threshold"), (1.1, 0.5, "threshold"), (0.1, -0.1, "probability"), (0.1, 1.1, "probability"),
    (np.nan, 0.5, "threshold"), (0.1, np.nan, "probability"),
])
@clauses("XTC-1")
def test_xtc_refuses_what_is_no_probability(threshold: float, probability: float, name: str) -> None:
    with pytest.raises(Rejected) as caught:
        xtc(np.zeros(2), threshold, probability, chance=0.5)
    (reason,) = caught.value.reasons
    assert (reason.field, reason.clause) == (name, "XTC-1") and reason.message.endswith("not a real number in [0, 1].")


def with_xtc(probability: float, new_tokens: int = 1) -> DecodingPlan:
    config = GenerationConfig(do_sample=True, max_new_tokens=new_tokens)
    plan = config.resolve(prompt_length=1, profile="llama.cpp").plan
    return replace(plan, operations=(Operation("xtc", {"threshold": 0.25, "probability": probability}, "XTC-3"),))


def even(tokens: tuple[int, ...]) -> list[float]:
    return [1.0, 0.5, -4.0]


@clauses("XTC-2")
@pytest.mark.parametrize(("number", "token"), [(np.log(4), 1), (np.log(4) * 0.99, 0), (np.log(4) * 1.01, 1)])
def test_the_chance_of_a_step_is_the_noise_after_the_race(number: float, token: int) -> None:
    """exp(-log 4) is the probability, 1/4: XTC acts, and of the tokens 0 and 1 only 1 is left."""
    plan = with_xtc(0.25 * (1 + 1e-12))
    assert decode(plan, even, [0], noise=given_noise([[1.0, 1.0, 1.0, number]])).rows[0].new_tokens == (token,)
    with pytest.raises(ValueError, match="step 0 needs 4 numbers and was given 3"):
        decode(plan, even, [0], noise=given_noise([[1.0, 1.0, 1.0]]))


@clauses("XTC-2")
def test_xtc_acts_as_often_as_its_probability_says() -> None:
    """5 standard deviations: wrong once in 1.7 million runs, and the run is always the same."""
    steps, probability = 4_000, 0.3
    noise = seeded_noise(3)

    def only(row: int, step: int, size: int) -> Scores:
        return np.append(np.ones(3), noise(row, step, 4)[3])[:size]

    supplied: Noise = only
    tokens = decode(with_xtc(probability, steps), even, [0], noise=supplied).rows[0].new_tokens
    deviation = np.sqrt(probability * (1 - probability) / steps)
    assert abs(tokens.count(1) / steps - probability) < 5 * deviation


def drawn(rng: Random, size: int) -> Made:
    threshold, probability = rng.choice((0.0, 0.03, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5)), rng.choice((0.5, 0.75, 1.0))
    return {"threshold": threshold, "probability": probability}, {"chance": rng.randrange(1, 64) / 64}


def with_other_choices(case: Case) -> Case:
    """List the answers in which another one of equal least choices stays."""
    scores = np.array(case.input["scores"])
    after = xtc(scores, **case.input["arguments"], **case.input["context"])
    gone = kept(scores) - kept(after)
    least = {t for t in gone if scores[t] == min(scores[list(gone)])}
    stays = [t for t in kept(after) if least and scores[t] == scores[min(least)]]
    others = [after.copy() for _ in least if stays]
    for token, other in zip(sorted(least), others, strict=False):
        other[stays[-1]], other[token] = -np.inf, scores[token]
    return replace(case, any_of=tuple({"scores": other.tolist()} for other in others),
                   flags=(*case.flags, "tie"), note="Which of the equal choices stays is free.") if others else case


def rows() -> Iterator[Case]:
    """Whole rows, in which the chance of a step is a number behind those of the race; and the orders of engines."""
    rng = Random("xtc rows")
    for profile in ("llama.cpp", "mlx-lm"):
        for number in range(8):
            arguments = {"threshold": rng.choice((0.0625, 0.125, 0.25)), "probability": rng.choice((0.25, 0.5, 1.0))}
            config = {"do_sample": True, "max_new_tokens": 8, "eos_token_id": 1, "num_return_sequences": 1 + number % 2,
                      "temperature": rng.choice((0.5, 0.75, 1.5)), "top_k": rng.choice((0, 5))}
            yield generate_case(
                f"row-{in_words(profile)}-{number}", ["XTC-2", "XTC-3", "PIPELINE-1"], config, [0],
                Scripted("history", number, 9, (1,)), seed=70 + number, operations=[("xtc", arguments)],
                profile=profile, flags=("random", "eos-rich", "choice-point"),
                note="The chance of a step is exp(-e), e being the number of the noise behind the V of the race.")
            logits = [rng.randrange(-128, 128) / 32 for _ in range(9)]
            others = {"llama.cpp": ("top_k", {"k": 7}), "mlx-lm": ("top_p", {"p": 0.9375})}
            yield pipeline_case(
                f"in-its-place-{in_words(profile)}-{number}", ["XTC-3", "PIPELINE-1"], logits,
                [others[profile], ("min_p", {"p": 0.03125}), ("xtc", arguments), ("temperature", {"temperature": 0.5})],
                context={"chance": 0.25}, profile=profile, flags=("random", "choice-point"),
                note="Operations of the profile in their order.")
    for number in range(3):
        noise = [[1.0, 2.0, 1.5, 1.25, chance] for chance in (4.0, 0.25, 2.0, 0.5)]
        yield generate_case(
            f"row-of-given-noise-{number}", ["XTC-2"],
            {"do_sample": bool(number), "top_k": 0, "max_new_tokens": 4}, [0], Scripted("table", number, 4),
            noise=noise, operations=[("xtc", {"threshold": 0.125, "probability": 0.5})], profile="llama.cpp",
            flags=("choice-point",),
            note="It acts when exp(-e) is at most 0.5. Where nothing is drawn the chance is, all the same.")


def in_words(profile: str) -> str:
    return profile.replace(".", "-")


def vectors() -> Iterator[Case]:
    yield from rows()
    name, two, three, four = "xtc", "XTC-2", "XTC-3", "XTC-4"
    always, now = {"threshold": 0.2, "probability": 1.0}, {"chance": 0.5}
    scores = [2.0, 1.5, 1.0, -1.0]
    yield operation_case("least-choice-stays", [three], name, scores, {**always, "threshold": 0.1}, context=now)
    yield operation_case("one-choice", [three], name, [4.0, 0.0, 0.0], always, context=now)
    yield operation_case("no-choice", [three], name, [0.0] * 8, always, context=now)
    yield operation_case("equal-to-the-threshold", [three, four], name, [0.0] * 4, {**always, "threshold": 0.25},
                         context=now, flags=("boundary", "tie"), note="q is 0.25 for each.",
                         any_of=[{"scores": [0.0 if t == stays else -np.inf for t in range(4)]} for stays in range(3)])
    yield operation_case("equal-to-the-threshold-mlx-lm", [three], name, [0.0] * 4, {**always, "threshold": 0.25},
                         context=now, profile="mlx-lm", flags=("boundary", "choice-point"),
                         note="In mlx-lm a choice is above the threshold.")
    yield operation_case("two-halves", [three, four], name, [0.0, 0.0], {**always, "threshold": 0.5}, context=now,
                         flags=("boundary", "tie"), note="The highest threshold that two tokens reach.",
                         any_of=[{"scores": [0.0, -np.inf]}])
    for count in (2, 4, 8):
        options = [{"scores": [0.0 if t == stays else -np.inf for t in range(count)]} for stays in range(count - 1)]
        yield operation_case(f"exact-{count}", [three, four], name, [0.0] * count, {**always, "threshold": 1 / count},
                             context=now, flags=("boundary", "tie", "exact"), note=f"q is {1 / count} for each.",
                             any_of=options)
        yield operation_case(f"exact-{count}-mlx-lm", [three], name, [0.0] * count, {**always, "threshold": 1 / count},
                             context=now, profile="mlx-lm", flags=("boundary", "choice-point", "exact"),
                             note="In mlx-lm a choice is above the threshold.")
    yield operation_case("threshold-above-a-half", ["XTC-1"], name, [2.0, 1.9375], {**always, "threshold": 0.53125},
                         context=now)
    yield operation_case("threshold-of-one", ["XTC-1"], name, [2.0, 1.9375], {**always, "threshold": 1.0}, context=now)
    yield operation_case("equal-least-choices", [four], name, [1.0, 0.0, 0.0, -4.0], always, context=now,
                         flags=("tie",), note="Which of the two stays is free.",
                         any_of=[{"scores": [-np.inf, 0.0, -np.inf, -4.0]}])
    yield operation_case("equal-least-choices-mlx-lm", [four], name, [1.0, 0.0, 0.0, -4.0], always, context=now,
                         profile="mlx-lm", flags=("tie", "choice-point"), note="In mlx-lm both stay.")
    yield operation_case("threshold-of-zero", [three], name, [1.0, 0.0, -np.inf], {**always, "threshold": 0.0},
                         context=now, flags=("masked", "boundary"), note="A masked token is no choice.")
    yield operation_case("all-masked", [three], name, [-np.inf] * 2, always, context=now, flags=("all-masked",))
    yield operation_case("vocabulary-of-one", [three], name, [1.0], always, context=now, flags=("small-vocabulary",))
    half = {"threshold": 0.1, "probability": 0.5}
    yield operation_case("chance-below", [two], name, scores, half, context={"chance": 0.25})
    yield operation_case("chance-equal", [two], name, scores, half, context={"chance": 0.5}, flags=("boundary",),
                         note="It acts when the chance is at most the probability.")
    yield operation_case("chance-above", [two], name, scores, half, context={"chance": 0.53125})
    yield operation_case("probability-of-zero", ["XTC-1", two], name, scores, {**half, "probability": 0.0},
                         context={"chance": 2**-20})
    for label, changed in (("threshold-below", {"threshold": -0.25}), ("threshold-above", {"threshold": 1.25}),
                           ("probability-below", {"probability": -0.25}), ("probability-above", {"probability": 1.25})):
        yield operation_case(label, ["XTC-1"], name, scores, {**half, **changed}, context=now, flags=("refused",))
    yield from (with_other_choices(case) for case in random_cases(name, [two, three, four], drawn, count=40))
    yield from random_cases(name, [two, three, four], drawn, count=10, profile="mlx-lm", name="random-mlx-lm",
                            flags=("choice-point",), note="As in mlx-lm.")
