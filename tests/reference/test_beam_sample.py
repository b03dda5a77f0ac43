"""Beam sampling. Text: docs/spec/beam_sample.md."""

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.beams import CLEAR, Tree, hf_rows, lacks_candidates, least_margin, recorded, replayed, same_rows
from support.clauses import clauses
from support.drawn import search_case
from support.strategies import described, models, prompts
from support.vectors import Case, generate_case, noise_table

from genspec import GenerationConfig
from genspec.config.profiles import HF, profile_named
from genspec_reference import GenerateOutput, Scripted, decode, generate, given_noise, seeded_noise
from genspec_reference.scores import log_softmax, softmax

RACE = replace(HF, drawn_order="score")
LAW = Tree(1, {(): [0.5, 0.3, 0.2]})


def run(model: Any, prompt: tuple[int, ...], noise: Any, profile: Any = HF, **config: Any) -> GenerateOutput:
    given = {"do_sample": True, "top_k": 0, "num_beams": 2, **config}
    plan = GenerationConfig(**given).resolve(prompt_length=len(prompt), vocab_size=model.vocab_size).plan
    return decode(replace(plan, profile=profile), model, prompt, noise=noise)


@given(data=st.data())
@clauses("BEAM-SAMPLE-1", "BEAM-SAMPLE-2", "BEAM-SAMPLE-3", "BEAM-SAMPLE-6")
def test_the_candidates_are_the_first_of_the_race(data: st.DataObject) -> None:
    """Every place of every step, ranked by the definition."""
    model = data.draw(models(data.draw(st.sampled_from((5, 8, 13)))))
    prompt, seed = data.draw(prompts(model.vocab_size)), data.draw(st.integers(0, 999))
    beams = data.draw(st.integers(2, 4))
    noise, size = seeded_noise(seed), model.vocab_size
    output = run(model, prompt, noise, num_beams=beams, max_new_tokens=4, eos_token_id=list(model.eos), pad_token_id=0,
                 output_scores=True, return_dict_in_generate=True)
    totals = {0: 0.0}
    for number, step in enumerate(output.runs[0]):
        reachable = {
            (beam, token): totals[beam] + float(step.scores[beam][token])
            for beam in totals for token in range(size)
        }
        q = dict(zip(reachable, softmax(np.array(list(reachable.values()))).tolist(), strict=True))
        e = noise(0, number, beams * size)
        ranked = sorted(q, key=lambda place: -q[place] / e[place[0] * size + place[1]])
        drawn = [(choice.beam, choice.token) for choice in step.choices]
        assert drawn == ranked[:len(drawn)], described(step=number, drawn=drawn, ranked=ranked)
        assert len(drawn) == min(beams * max(2, 1 + len(model.eos)), len(reachable))
        gap = np.log(q[ranked[len(drawn) - 1]] / e[ranked[len(drawn) - 1][0] * size + ranked[len(drawn) - 1][1]])
        if len(ranked) > len(drawn):
            left = ranked[len(drawn)]
            assert step.margin <= gap - np.log(q[left] / e[left[0] * size + left[1]]) + 1e-9
        goes_on = sorted((reachable[place], -n) for n, place in enumerate(drawn) if place[1] not in model.eos)
        totals = {n: total for n, (total, _) in enumerate(reversed(goes_on[-beams:]))}


@settings(max_examples=30)
@given(data=st.data())
@clauses("BEAM-SAMPLE-1", "BEAM-SAMPLE-2", "BEAM-SAMPLE-4")
def test_transformers_draws_the_same_rows_from_its_generator(data: st.DataObject) -> None:
    torch = pytest.importorskip("torch")
    pytest.importorskip("transformers")
    from support.hf_model import hf_generate, hf_model

    model = data.draw(models(data.draw(st.sampled_from((13, 24)))))
    prompt, seed = data.draw(prompts(model.vocab_size)), data.draw(st.integers(0, 999))
    beams = data.draw(st.integers(2, 3))
    config: dict[str, Any] = {
        "do_sample": True, "top_k": 0, "num_beams": beams, "num_return_sequences": data.draw(st.integers(1, beams)),
        "max_new_tokens": data.draw(st.integers(1, 6)), "early_stopping": data.draw(st.sampled_from((True, False))),
        "temperature": data.draw(st.sampled_from((0.5, 1.0, 1.5))), "pad_token_id": 0,
    } | ({"eos_token_id": list(model.eos)} if model.eos else {})
    torch.manual_seed(seed)
    noise = [torch.empty(beams * model.vocab_size).exponential_(1).tolist() for _ in range(config["max_new_tokens"])]
    output = generate(GenerationConfig(**config), model, prompt, vocab_size=model.vocab_size, noise=given_noise(noise))
    if least_margin(output) < CLEAR or lacks_candidates(output, config, model.eos):
        return
    torch.manual_seed(seed)
    rows = hf_rows(hf_generate(hf_model(model), prompt, **config), len(prompt))
    values = described(model=model, prompt=prompt, config=config, rows=output.rows, transformers=rows)
    assert [(row.tokens, row.beam_indices) for row in output.rows] == [row[:2] for row in rows], values
    np.testing.assert_allclose([row.score for row in output.rows], [row[2] for row in rows], rtol=1e-5, atol=1e-5)


@clauses("BEAM-SAMPLE-1", "BEAM-SAMPLE-2")
def test_transformers_4_46_returned_the_same_rows() -> None:
    outputs = [(case, replayed(case)) for case in recorded("beam_sample")]
    clear = [(case, output) for case, output in outputs if least_margin(output) > CLEAR]
    assert len(clear) > 80
    other = [(case, output.rows) for case, output in clear if not same_rows(output, case)]
    assert other == [], described(count=len(other), first=other[0])


@clauses("BEAM-SAMPLE-2")
def test_the_order_of_the_draw_shows() -> None:
    """With one new token every candidate finishes: the first two drawn, or the two of the highest totals drawn."""
    tree = Tree(1, {(): [0.4, 0.3, 0.2, 0.1]})
    noise = given_noise([[0.4, 0.3, 0.02, 0.005, 1, 1, 1, 1]])     # ratios 1, 1, 10, 20
    config: dict[str, Any] = {"num_return_sequences": 2, "max_new_tokens": 1}
    assert [row.new_tokens for row in run(tree, (1,), noise, **config).rows] == [(2,), (3,)]
    assert [row.new_tokens for row in run(tree, (1,), noise, RACE, **config).rows] == [(0,), (1,)]
    drawn = [choice.token for choice in run(tree, (1,), noise, **config).runs[0][0].choices]
    assert drawn == [3, 2, 0, 1]
    assert profile_named("hf-4.46").drawn_order == "score"


@clauses("BEAM-SAMPLE-1")
def test_a_search_may_begin_with_copies_of_the_prompt() -> None:
    """The race is over both copies: token 0 of the second comes first, that of the first next. K is 4 with 2 EOS."""
    tree = Tree(1, {(): [0.4, 0.3, 0.2, 0.1]})
    noise = given_noise([[0.2, 1, 1, 1, 0.1, 1, 1, 1]])
    config: dict[str, Any] = {"num_return_sequences": 2, "max_new_tokens": 1, "eos_token_id": [2, 3]}
    output = run(tree, (1,), noise, replace(HF, drawn_start="copies"), **config)
    assert [(choice.beam, choice.token) for choice in output.runs[0][0].choices] == [(1, 0), (0, 0), (0, 1), (1, 1)]
    assert [(row.new_tokens, row.beam_indices) for row in output.rows] == [((0,), (1,)), ((0,), (0,))]
    alone = run(tree, (1,), noise, **config)
    assert [(choice.beam, choice.token) for choice in alone.runs[0][0].choices] == [(0, 0), (0, 1), (0, 2), (0, 3)]
    assert profile_named("hf-4.38").drawn_start == "copies"


@clauses("BEAM-SAMPLE-1")
def test_what_does_not_draw_begins_with_the_prompt_alone() -> None:
    tree = Tree(1, {(): [0.4, 0.3, 0.2, 0.1]})
    output = run(tree, (1,), None, replace(HF, drawn_start="copies"), do_sample=False, max_new_tokens=1)
    assert [(choice.beam, choice.token) for choice in output.runs[0][0].choices] == [(0, 0), (0, 1), (0, 2), (0, 3)]


@clauses("BEAM-SAMPLE-4")
def test_those_with_the_highest_totals_go_on() -> None:
    """Drawn in the order 3, 2, 0, 1. 3 is an EOS; 0 and 1 have higher totals than 2, which was drawn before them."""
    tree = Tree(1, {(): [0.4, 0.3, 0.2, 0.1]} | {(a,): [0.25] * 4 for a in range(4)})
    noise = given_noise([[0.4, 0.3, 0.02, 0.005, 1, 1, 1, 1], [0.1, 1, 1, 1, 0.1, 1, 1, 1]])
    output = run(tree, (1,), noise, max_new_tokens=2, eos_token_id=3)
    totals = {choice.beam: choice.score for choice in output.runs[0][1].choices}
    assert totals == pytest.approx({0: np.log(0.4 * 0.25), 1: np.log(0.3 * 0.25)})


@clauses("BEAM-SAMPLE-1", "BEAM-SAMPLE-3")
def test_what_cannot_be_produced_is_not_drawn_and_missing_hypotheses_have_noise() -> None:
    tree = Tree(1, {(): [0.5, 0.5, 0.0], (0,): [0.0, 1.0, 0.0], (1,): [1.0, 0.0, 0.0]})
    asked: list[tuple[int, int, int]] = []

    def noise(row: int, step: int, size: int) -> Any:
        asked.append((row, step, size))
        return np.linspace(0.5, 1.5, size)

    output = run(tree, (1,), noise, num_beams=3, num_return_sequences=3, max_new_tokens=2)
    assert [row.new_tokens for row in output.rows] == [(0, 1), (1, 0)]
    assert asked == [(0, 0, 9), (0, 1, 9)]


@clauses("BEAM-SAMPLE-5")
def test_candidates_have_the_law_of_drawing_without_replacement() -> None:
    """10,000 draws of two of three tokens. Each of 6 orders is within 5 standard deviations: false alarm < 4e-6."""
    draws = 10_000
    seen: Counter[tuple[int, ...]] = Counter()
    for seed in range(draws):
        noise = np.random.default_rng(seed).standard_exponential(3)
        seen[tuple(np.argsort(-softmax(np.log([0.5, 0.3, 0.2])) / noise)[:2].tolist())] += 1
    for first, second in seen:
        q = np.array([0.5, 0.3, 0.2])
        expected = q[first] * q[second] / (1 - q[first])
        assert abs(seen[first, second] / draws - expected) < 5 * np.sqrt(expected * (1 - expected) / draws)
    for seed in range(20):
        output = run(LAW, (1,), seeded_noise(seed), num_beams=2, max_new_tokens=1)
        race = log_softmax(np.log([0.5, 0.3, 0.2])) - np.log(seeded_noise(seed)(0, 0, 6)[:3])
        assert [choice.token for choice in output.runs[0][0].choices] == np.argsort(-race).tolist()


@clauses("BEAM-SAMPLE-5")
def test_the_first_candidate_of_a_step_has_the_law_of_its_total() -> None:
    """1,000 runs; the second step's first candidate over all hypotheses, given both are open. 5 standard deviations."""
    tree = Tree(1, {(): [0.7, 0.3], (0,): [0.9, 0.1], (1,): [0.2, 0.8]})
    law = {(0, 0): 0.63, (0, 1): 0.07, (1, 0): 0.06, (1, 1): 0.24}
    seen: Counter[tuple[int, int]] = Counter()
    for seed in range(1_000):
        choice = run(tree, (1,), seeded_noise(seed), max_new_tokens=2).runs[0][1].choices[0]
        seen[choice.beam, choice.token] += 1
    for place, q in law.items():
        assert abs(seen[place] / 1_000 - q) < 5 * np.sqrt(q * (1 - q) / 1_000), described(seen=seen, law=law)


@clauses("BEAM-SAMPLE-3")
def test_a_draw_needs_noise() -> None:
    with pytest.raises(ValueError, match="needs noise="):
        run(LAW, (1,), None, max_new_tokens=1)


CORNERS = (*range(8), 17, 28, 33, 46, 72, 86, 90, 120, 138, 163)
"""Numbers of drawn cases, those behind the first eight chosen because a decoder with one slip answers otherwise."""


def vectors() -> Iterator[Case]:
    named = ["BEAM-SAMPLE-1", "BEAM-SAMPLE-2", "BEAM-SAMPLE-3", "SAMPLE-7"]
    for number in CORNERS:
        yield search_case(number, named, name="drawn-corner", draws=True)
    rng = random.Random("beam_sample")
    for number in range(40):
        yield random_vector(number, rng)
    config = {"do_sample": True, "top_k": 0, "num_beams": 3, "num_return_sequences": 3, "max_new_tokens": 2}
    yield generate_case("fewer-than-k", ["BEAM-SAMPLE-1", "BEAM-SAMPLE-3"], config, [0], Scripted("history", 1, 2),
                        noise=noise_table(1, 2, 6), flags=("boundary", "small-vocabulary"),
                        note="K is 6; there are 2 continuations, then 4.")
    yield generate_case("one-possible-token", ["BEAM-SAMPLE-5", "BEAM-SAMPLE-6"],
                        config | {"suppress_tokens": [0, 2, 3]}, [0], Scripted("history", 1, 4),
                        noise=noise_table(2, 2, 12), flags=("boundary", "masked"), note="One row exists.")
    noise = [[0.40625, 0.296875, 0.015625, 0.0078125, 1.0, 1.0, 1.0, 1.0]]
    for profile in ("hf", "hf-4.46"):
        yield generate_case(f"order-of-{profile.replace('.', '-')}", ["BEAM-SAMPLE-2"],
                            {"do_sample": True, "top_k": 0, "num_beams": 2, "num_return_sequences": 2,
                             "max_new_tokens": 1, "eos_token_id": [0, 1, 2, 3]}, [0], Scripted("history", 3, 4),
                            profile=profile, noise=noise, flags=("choice-point", "several-eos"),
                            note="All finish: the first two drawn, or the two with the highest totals.")


def random_vector(number: int, rng: random.Random) -> Case:
    size, beams, steps = rng.choice((5, 8, 13)), rng.randint(2, 4), rng.randint(1, 5)
    eos = tuple(rng.sample(range(size), rng.choice((0, 1, 1, 2))))
    model = Scripted(rng.choice(("table", "history")), rng.randrange(1 << 32), size, eos)
    config = {"do_sample": True, "top_k": 0, "num_beams": beams, "num_return_sequences": rng.randint(1, beams),
              "max_new_tokens": steps, "eos_token_id": list(eos),
              "early_stopping": rng.choice((True, False, "never"))}
    if rng.random() < 0.5:
        config |= rng.choice(({"temperature": 0.5}, {"top_k": 4}, {"top_p": 0.75}))
    prompt = [rng.randrange(size) for _ in range(rng.randint(1, 3))]
    return generate_case(
        f"random-{number}", ["BEAM-SAMPLE-1", "BEAM-SAMPLE-2", "BEAM-SAMPLE-4"], config, prompt, model,
        profile=rng.choice(("hf", "hf", "hf-4.46")), noise=noise_table(number, steps, beams * size),
        flags=("random", "several-eos") if len(eos) > 1 else ("random",),
    )
