"""Sampling. Text: docs/spec/sample.md."""

import math
import random
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.clauses import clauses
from support.strategies import described, models, prompts, score_vectors
from support.vectors import Case, generate_case, noise_table, pipeline_case, selection_case

from genspec import GenerationConfig
from genspec.config.plan import Operation
from genspec.conform.vectors.runner import noise_of_seed
from genspec_reference import Scripted, counted_noise, decode, generate, given_noise, seeded_noise
from genspec_reference.noise import uniforms
from genspec_reference.scores import Scores, log_softmax, softmax
from genspec_reference.scripted import state_after, words_of
from genspec_reference.select import exponential_race

DRAWS = 200_000
CRITICAL = {2: 23.93, 4: 29.88}
"""Chi-square with this many degrees of freedom exceeds it with probability 1 in 158,000 and 1 in 193,000."""


@given(scores=score_vectors(), seed=st.integers(0, 2**32 - 1))
@clauses("SAMPLE-1", "SAMPLE-6")
def test_exponential_race_takes_the_greatest_ratio(scores: Scores, seed: int) -> None:
    noise = np.random.default_rng(seed).standard_exponential(scores.size)
    ratios = sorted((softmax(scores) / noise).tolist(), reverse=True)
    choice = exponential_race(scores, noise)
    assert softmax(scores)[choice.token] / noise[choice.token] == pytest.approx(ratios[0]), described(scores=scores)
    expected = math.log(ratios[0] / ratios[1]) if len(ratios) > 1 and ratios[1] > 0 else math.inf
    assert choice.margin == pytest.approx(expected, abs=1e-9), described(scores=scores, noise=noise)


@clauses("SAMPLE-1")
def test_exponential_race_ties_go_to_the_lowest_id() -> None:
    assert exponential_race(np.zeros(3), np.array([2.0, 1.0, 1.0])).token == 1
    assert exponential_race(np.array([-np.inf, -50.0]), np.array([1e-9, 9.0])).token == 1


@pytest.mark.parametrize("scores", [[0.0, 1.0, -2.0], [0.0, 0.0, 0.0, 0.0, -1.0]])
@clauses("SAMPLE-3")
def test_exponential_race_has_the_law_of_the_softmax(scores: list[float]) -> None:
    """200,000 draws of a fixed seed; a probability off by 0.01 fails with probability above 0.999."""
    noise = np.random.default_rng(5).standard_exponential((DRAWS, len(scores)))
    tokens = [exponential_race(np.array(scores), numbers).token for numbers in noise[:2000]]
    assert tokens == np.argmax(softmax(np.array(scores)) / noise[:2000], axis=1).tolist()
    counts = np.bincount(np.argmax(softmax(np.array(scores)) / noise, axis=1), minlength=len(scores))
    expected = DRAWS * softmax(np.array(scores))
    statistic = float(((counts - expected) ** 2 / expected).sum())
    assert statistic < CRITICAL[len(scores) - 1], described(counts=counts, expected=expected)


@clauses("SAMPLE-5")
def test_exponential_race_without_replacement_has_the_sequential_law() -> None:
    """The first two of a race: p(i) · p(j) / (1 - p(i)), counted over 200,000 races of a fixed seed."""
    q = np.array([0.5, 0.3, 0.2])
    noise = np.random.default_rng(6).standard_exponential((DRAWS, 3))
    order = np.argsort(-q / noise, axis=1)[:, :2]
    for first in range(3):
        for second in {0, 1, 2} - {first}:
            expected = q[first] * q[second] / (1 - q[first])
            seen = float(((order == (first, second)).all(axis=1)).mean())
            assert abs(seen - expected) < 5 * math.sqrt(expected * (1 - expected) / DRAWS), (first, second, seen)


@given(scores=score_vectors(), seed=st.integers(0, 2**31))
@clauses("SAMPLE-1", "SAMPLE-5")
def test_exponential_race_replays_multinomial_of_torch(scores: Scores, seed: int) -> None:
    """On a CPU torch.multinomial is this race, for the same state of the generator."""
    torch = pytest.importorskip("torch")
    probabilities = torch.softmax(torch.tensor(scores, dtype=torch.float32), dim=-1)[None]
    left = int((probabilities > 0).sum())
    for count in {1, min(2, left)}:
        generator = torch.Generator().manual_seed(seed)
        noise = torch.empty_like(probabilities).exponential_(1, generator=generator)[0].double().numpy()
        theirs = torch.multinomial(probabilities, count, generator=torch.Generator().manual_seed(seed))[0].tolist()
        ours = np.argsort(-(log_softmax(scores) - np.log(noise)), kind="stable")[:count].tolist()
        if exponential_race(scores, noise).margin > 1e-4:
            assert theirs[0] == ours[0] == exponential_race(scores, noise).token, described(scores=scores, seed=seed)
            assert sorted(theirs) == sorted(ours) or count > 1, described(scores=scores, seed=seed)


@given(model=models(), data=st.data())
@clauses("SAMPLE-1", "SAMPLE-2")
def test_sample_draws_each_token_with_the_noise_of_its_step(model: Scripted, data: st.DataObject) -> None:
    prompt, noise = data.draw(prompts(model.vocab_size)), seeded_noise(data.draw(st.integers(0, 999)))
    config = GenerationConfig(do_sample=True, max_new_tokens=4, temperature=0.5, top_k=0, eos_token_id=list(model.eos))
    row = generate(config, model, prompt, noise=noise).rows[0]
    tokens = list(prompt)
    for step in range(len(row.new_tokens)):
        ratios = softmax(model(tuple(tokens)) / 0.5) / noise(0, step, model.vocab_size)
        tokens.append(int(np.argmax(ratios)))
    assert row.tokens == tuple(tokens), described(model=model, prompt=prompt)


@clauses("SAMPLE-2", "SAMPLE-4")
def test_sample_rows_do_not_depend_on_each_other() -> None:
    model, noise = Scripted("history", 3, 8, (2,)), seeded_noise(4)
    three = generate(GenerationConfig(do_sample=True, num_return_sequences=3, eos_token_id=2), model, [1], noise=noise)
    for number, row in enumerate(three.rows):
        alone = generate(GenerationConfig(do_sample=True, eos_token_id=2), model, [1],
                         noise=lambda _, step, size, row=number: noise(row, step, size))
        assert alone.sequences == (row.tokens,)
        assert row.run == number
    assert len(set(three.sequences)) > 1


@clauses("SAMPLE-2")
def test_noise_that_cannot_be_drawn_is_an_error() -> None:
    model, config = Scripted("table", 1, 3), GenerationConfig(do_sample=True, max_new_tokens=2)
    with pytest.raises(ValueError, match="noise="):
        generate(config, model, [0])
    for wrong in ([0.0, 1.0, 1.0], [1.0, -1.0, 1.0], [math.inf, 1.0, 1.0], [math.nan, 1.0, 1.0]):
        with pytest.raises(ValueError, match="3 positive numbers"):
            generate(config, model, [0], noise=given_noise([wrong]))
    with pytest.raises(ValueError, match="needs 3 numbers and was given 2"):
        generate(config, model, [0], noise=given_noise([[1.0, 1.0]]))
    with pytest.raises(ValueError, match="there is noise for row 0, steps below 1"):
        generate(config, model, [0], noise=given_noise([[1.0, 1.0, 1.0]]))
    with pytest.raises(ValueError, match="3 positive numbers"):
        generate(config, model, [0], noise=lambda row, step, size: np.ones(2))


@clauses("SAMPLE-3")
def test_sample_equals_generate_of_transformers_for_the_same_generator() -> None:
    torch, hf_model = pytest.importorskip("torch"), pytest.importorskip("support.hf_model")
    for seed in range(12):
        model = Scripted("history", seed, 11, (2,))
        torch.manual_seed(seed)
        noise = [torch.empty(1, 11).exponential_(1)[0].double().numpy() for _ in range(6)]
        asked = {"do_sample": True, "max_new_tokens": 6, "temperature": 0.75, "top_p": 0.9, "eos_token_id": 2}
        ours = generate(GenerationConfig(**asked), model, [1, 3], noise=given_noise(noise))
        torch.manual_seed(seed)
        theirs = hf_model.hf_generate(hf_model.hf_model(model), [1, 3], **asked).sequences[0].tolist()
        assert theirs == list(ours.sequences[0]), described(seed=seed, margins=[s.margin for s in ours.runs[0]])


@clauses("SAMPLE-2")
def test_seeded_noise_has_a_stream_for_every_row_and_step() -> None:
    noise = seeded_noise(3)
    streams = {tuple(noise(row, step, 4)) for row in range(4) for step in range(4)}
    assert len(streams) == 16
    assert tuple(noise(1, 2, 4)) == tuple(noise(1, 2, 9)[:4])
    assert tuple(seeded_noise(4)(0, 0, 4)) not in streams


SEEDS = st.integers(0, 2**64 - 1) | st.integers(0, 3)
PLACES = st.integers(0, 2**40) | st.integers(0, 3)


@given(seed=SEEDS, row=PLACES, step=PLACES, size=st.integers(1, 40))
@clauses("SAMPLE-7")
def test_the_noise_of_a_seed_is_that_of_the_text(seed: int, row: int, step: int, size: int) -> None:
    """The runner computes it from the clause, in integers; so each number is the same however many are asked for."""
    noise = counted_noise(seed)(row, step, size)
    assert noise.tolist() == pytest.approx(noise_of_seed(seed, row, step, size), rel=1e-15), described(seed=seed)
    assert noise[:1] == counted_noise(seed)(row, step, 1), described(seed=seed, row=row, step=step)


@given(word=st.integers(0, 2**64 - 1))
@clauses("SAMPLE-7")
def test_a_uniform_number_is_exact_and_inside(word: int) -> None:
    u = float(uniforms(np.array([word], dtype=np.uint64))[0])
    numerator, denominator = u.as_integer_ratio()
    assert numerator * (2**53 // denominator) == 2 * (word >> 12) + 1, word
    assert 0 < u < 1 and 0 < -math.log(u) < 37, word


@clauses("SAMPLE-7")
def test_the_noise_of_a_seed_repeats_with_wrapping_integers_of_64_bits() -> None:
    """What torch has: signed, products that wrap around, and a shift that must be made a logical one."""
    torch = pytest.importorskip("torch")

    def shifted(value: Any, by: int) -> Any:
        return (value >> by) & ((1 << (64 - by)) - 1)

    def mixed(value: Any) -> Any:
        value = value + (0x9E3779B97F4A7C15 - 2**64)
        value = (value ^ shifted(value, 30)) * (0xBF58476D1CE4E5B9 - 2**64)
        value = (value ^ shifted(value, 27)) * (0x94D049BB133111EB - 2**64)
        return value ^ shifted(value, 31)

    seeds, size = torch.tensor([0, 7, 2**63 - 1, -1]), 50       # -1 stands for 2^64 - 1
    for row, step in ((0, 0), (1, 2), (3, 1000)):
        state = mixed(mixed(mixed(seeds) ^ (row + 1)) ^ (step + 1))
        words = mixed(state[:, None] ^ torch.arange(1, size + 1))
        theirs = -((shifted(words, 12).double() + 0.5) * 2.0**-52).log()
        ours = np.array([counted_noise(int(seed) % 2**64)(row, step, size) for seed in seeds])
        assert theirs.numpy() == pytest.approx(ours, rel=1e-15), (row, step)


@clauses("SAMPLE-7")
def test_the_noise_of_a_seed_worked_on_the_page() -> None:
    page = (Path(__file__).parents[2] / "docs" / "spec" / "sample.md").read_text("utf-8")
    lines = re.findall(r"^\| (\d) \| ([0-9A-F]{16}) \| ([0-9.]+) \| ([0-9.]+) \|$", page, re.MULTILINE)
    words = words_of(state_after(7, (1, 2)), 3)
    assert [int(word, 16) for _, word, _, _ in lines] == words.tolist()
    assert [float(u) for _, _, u, _ in lines] == uniforms(words).tolist()
    assert [float(e) for _, _, _, e in lines] == pytest.approx(counted_noise(7)(1, 2, 3), rel=1e-15)


@clauses("SAMPLE-7", "SAMPLE-2")
def test_the_noise_of_seeds_is_exponential_and_independent() -> None:
    """A sum of n Exp(1) numbers has mean n and deviation sqrt(n); two columns are uncorrelated. 5 deviations."""
    noise = np.array([[counted_noise(seed)(row, step, 16) for row in range(3) for step in range(5)]
                      for seed in range(500)])                          # [seed, row and step, place]
    count = noise.size
    assert abs(noise.sum() - count) < 5 * math.sqrt(count)
    for power, deviation in ((1.0, 0.4823), (2.0, 0.3418), (0.1, 0.2937)):  # sqrt(exp(-x) (1 - exp(-x)))
        share = float((noise > power).mean())
        assert abs(share - math.exp(-power)) < 5 * deviation / math.sqrt(count), (power, share)
    for axis in range(3):
        for other in range(1, noise.shape[axis]):
            pairs = np.take(noise, 0, axis), np.take(noise, other, axis)
            correlation = float(np.corrcoef(pairs[0].ravel(), pairs[1].ravel())[0, 1])
            assert abs(correlation) < 5 / math.sqrt(pairs[0].size), (axis, other, correlation)


@pytest.mark.parametrize("wrong", [-1, 0.0, 1.5, "7", None, np.float64(3)])
@clauses("SAMPLE-7")
def test_a_seed_that_is_none_is_an_error(wrong: Any) -> None:
    with pytest.raises(ValueError, match="a seed is an integer of at least 0, not " + re.escape(f"{wrong!r}")):
        counted_noise(wrong)


@clauses("SAMPLE-7")
def test_a_seed_may_be_of_any_integer_type() -> None:
    assert counted_noise(np.uint8(7))(0, 0, 3).tolist() == counted_noise(7)(0, 0, 3).tolist()


@clauses("XTC-2", "SAMPLE-4")
def test_the_chance_of_a_row_is_its_own() -> None:
    asked: list[tuple[int, int]] = []

    def noise(row: int, step: int, size: int) -> Scores:
        asked.append((row, size))
        return np.ones(size)

    plan = GenerationConfig(do_sample=True, num_return_sequences=2, max_new_tokens=1, top_k=0).resolve().plan
    plan = replace(plan, operations=(Operation("xtc", {"threshold": 0.1, "probability": 0.5}, "XTC-1"),))
    decode(plan, Scripted("table", 1, 4), [1], noise=noise)
    assert {row for row, size in asked if size == 5} == {0, 1}


def vectors() -> Iterator[Case]:
    yield selection_case("race", ["SAMPLE-1", "SAMPLE-6"], [0.0, 1.0, -1.0], [0.5, 4.0, 0.125])
    yield selection_case("equal-ratios-lowest-id", ["SAMPLE-1"], [0.0, 0.0, 0.0], [2.0, 1.0, 1.0], flags=("tie",),
                         any_of=({"token": 2},))
    gone = -math.inf
    yield selection_case("masked-token-never-wins", ["SAMPLE-1"], [gone, -40.0], [2.0**-20, 8.0], flags=("masked",))
    yield selection_case("no-token-left", ["SAMPLE-1"], [gone, gone], [1.0, 1.0], flags=("all-masked", "refused"))
    yield from seeds()
    yield pipeline_case("law", ["SAMPLE-3"], [0.0, 1.0, -2.0, -math.inf], [], distribution=True, flags=("masked",))
    chance = random.Random(12)
    for number in range(40):
        size = chance.choice((2, 5, 11))
        scores = [chance.randrange(-64, 64) / 32 for _ in range(size)]
        yield selection_case(f"random-race-{number:02d}", ["SAMPLE-1", "SAMPLE-2"], scores,
                             noise_table(number, 1, size)[0], flags=("random",))
    for number in range(40):
        size, steps = chance.choice((3, 8)), chance.choice((1, 4))
        model = Scripted(chance.choice(("table", "history", "ties")), chance.randrange(2**32), size, (1,))
        config = {"do_sample": True, "max_new_tokens": steps, "eos_token_id": 1, "top_k": chance.choice((0, 3)),
                  "temperature": chance.choice((0.5, 1.0, 2.0))}
        noise = noise_table(100 + number, steps, size)
        yield generate_case(f"random-row-{number:02d}", ["SAMPLE-1", "SAMPLE-2"], config, [0], model, noise=noise,
                            flags=("random", "eos-rich"))


def seeds() -> Iterator[Case]:
    """Yield rows drawn with the noise of a seed."""
    chance = random.Random(14)
    for number, seed in enumerate((0, 1, 7, 2**31, 2**63, 2**64 - 1, *(chance.getrandbits(64) for _ in range(6)))):
        size, rows = chance.choice((3, 8, 300)), chance.choice((1, 3))
        config = {"do_sample": True, "max_new_tokens": 5, "eos_token_id": 1, "top_k": 0, "num_return_sequences": rows}
        yield generate_case(f"noise-of-a-seed-{number:02d}", ["SAMPLE-7", "SAMPLE-4"], config, [0],
                            Scripted("history", number, size, (1,)), seed=seed, flags=("eos-rich",))
    config = {"do_sample": True, "max_new_tokens": 5, "top_k": 0, "num_beams": 3, "eos_token_id": 1}
    yield generate_case("noise-of-a-seed-for-beams", ["SAMPLE-7", "BEAM-SAMPLE-1"], config, [0],
                        Scripted("history", 3, 6, (1,)), seed=5, flags=("eos-rich",),
                        note="Number b V + t is that of token t after the hypothesis b.")
