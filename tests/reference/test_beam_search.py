"""Beam search. Text: docs/spec/beam_search.md."""

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
from support.beams import Tree, beam_configs, least_margin, run_under
from support.clauses import clauses
from support.drawn import search_case
from support.strategies import described, models, prompts
from support.vectors import Case, generate_case

from genspec import GenerationConfig
from genspec.config import Rejected
from genspec.config.profiles import HF
from genspec_reference import FinishReason, GenerateOutput, Scripted, decode
from genspec_reference.scores import log_softmax

PAGE = Path(__file__).parents[2] / "docs" / "spec" / "beam_search.md"
LENGTH_PENALTIES = (-1.0, 0.0, 0.5, 1.0, 2.0)
FAIRSEQ: dict[str, Any] = {
    "num_beams": 2, "num_return_sequences": 2, "early_stopping": True, "eos_token_id": 0, "max_new_tokens": 20,
}


def run(model: Any, prompt: tuple[int, ...], profile: Any = HF, call: Any = None, **config: Any) -> GenerateOutput:
    return run_under(profile, model, prompt, call, **config)


# The definition, by trying every row


def every_row(model: Scripted, prompt: tuple[int, ...], new_tokens: int, penalty: float) -> list[tuple[float, Any]]:
    """Score every row that can end, by its definition: the sum of log-probabilities over its length."""
    ended = []

    def extend(tokens: tuple[int, ...], total: float) -> None:
        new = len(tokens) - len(prompt)
        if new == new_tokens or (new and tokens[-1] in model.eos):
            ended.append((total / new**penalty, tokens))
            return
        log_q = log_softmax(model(tokens))
        for token in range(model.vocab_size):
            extend((*tokens, token), total + float(log_q[token]))

    extend(prompt, 0.0)
    return sorted(ended, reverse=True)


@given(data=st.data(), size=st.integers(2, 3), penalty=st.sampled_from((0.0, 1.0)), new_tokens=st.integers(1, 3))
@clauses("BEAM-SEARCH-1", "BEAM-SEARCH-3", "BEAM-SEARCH-4", "BEAM-SEARCH-9", "BEAMS-2", "BEAMS-3")
def test_beam_search_that_covers_the_tree_finds_the_best_rows(
    data: st.DataObject, size: int, penalty: float, new_tokens: int
) -> None:
    model, prompt = data.draw(models(size)), data.draw(prompts(size))
    beams = data.draw(st.integers(size**new_tokens, size**new_tokens + 3)) if size**new_tokens > 1 else 2
    output = run(model, prompt, num_beams=beams, num_return_sequences=beams, early_stopping="never",
                 length_penalty=penalty, max_new_tokens=new_tokens, eos_token_id=list(model.eos), pad_token_id=0)
    expected = every_row(model, prompt, new_tokens, penalty)
    values = described(model=model, prompt=prompt, beams=beams, rows=output.rows, expected=expected)
    assert len(output.rows) == min(beams, len(expected)), values
    assert [row.score for row in output.rows] == pytest.approx([score for score, _ in expected][:beams]), values
    if least_margin(output) > 1e-9:
        assert [row.tokens for row in output.rows] == [tokens for _, tokens in expected][:beams], values


@given(data=st.data())
@clauses("BEAM-SEARCH-1", "BEAM-SEARCH-4", "BEAM-SEARCH-5", "BEAM-SEARCH-9", "BEAM-SEARCH-11")
def test_a_row_has_the_score_of_its_own_tokens(data: st.DataObject) -> None:
    model = data.draw(models())
    prompt = data.draw(prompts(model.vocab_size))
    config = data.draw(beam_configs(model, prompt)) | {"output_scores": True, "return_dict_in_generate": True}
    try:
        output = run(model, prompt, **config)
    except Rejected as rejected:
        assert {reason.clause for reason in rejected.reasons} == {"SCORES-6"}
        return
    for row in output.rows:
        total = sum(
            output.runs[0][step].scores[beam][token]
            for step, (beam, token) in enumerate(zip(row.beam_indices, row.new_tokens, strict=True))
        )
        assert row.score == pytest.approx(total / len(row.new_tokens)**config["length_penalty"])
        assert row.beam_indices[0] == 0
    scores = [row.score for row in output.rows]
    assert scores == sorted(scores, reverse=True)
    assert len({row.tokens for row in output.rows}) == len(output.rows) <= config["num_return_sequences"]


@clauses("BEAM-SEARCH-3", "BEAM-SEARCH-4")
def test_the_worked_example_of_the_page() -> None:
    lines = re.findall(r"^\| ([\d ]+|nothing) \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \|$", PAGE.read_text("utf-8"), re.M)
    tree = Tree(1, {
        tuple(map(int, after.replace("nothing", "").split())): [float(number) for number in numbers]
        for after, *numbers in lines
    })
    rows = re.findall(r"^\| ([\d.]+) \| ([\d ]+) \| ([\d ]+) \| ([\d. ]+) \|$", PAGE.read_text("utf-8"), re.M)
    assert (len(lines), len(rows)) == (7, 4)
    for penalty, first, second, numbers in rows:
        output = run(tree, (1,), **FAIRSEQ, length_penalty=float(penalty))
        assert [" ".join(map(str, row.new_tokens)) for row in output.rows] == [first, second]
        assert [row.score for row in output.rows[:1]] == pytest.approx(
            [sum(np.log(float(number)) for number in numbers.split()) / len(numbers.split())**float(penalty)]
        )


# Corners


@clauses("BEAM-SEARCH-2")
def test_equal_totals_rank_by_hypothesis_then_by_id() -> None:
    tree = Tree(1, {(): [0.5, 0.5], (0,): [0.5, 0.5], (1,): [0.5, 0.5]})
    output = run(tree, (0,), num_beams=2, num_return_sequences=2, max_new_tokens=2)
    assert [row.new_tokens for row in output.rows] == [(0, 0), (0, 1)]
    assert [(choice.beam, choice.token) for choice in output.runs[0][1].choices] == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert least_margin(output) == 0


@clauses("BEAM-SEARCH-2")
def test_the_number_of_candidates() -> None:
    model = Scripted("history", 1, 24)
    for eos, candidates in (([], 4), ([3], 4), ([3, 4], 6), ([3, 4, 5], 8)):
        output = run(model, (1,), num_beams=2, eos_token_id=eos, max_new_tokens=1)
        assert len(output.runs[0][0].choices) == candidates
    two = replace(HF, beam_candidates="two")
    assert len(run(model, (1,), two, num_beams=2, eos_token_id=[3, 4, 5], max_new_tokens=1).runs[0][0].choices) == 4


@clauses("BEAM-SEARCH-5")
def test_equal_scores_rank_by_when_they_finished() -> None:
    """All three score log 0.25. 0 finished a step earlier; 2 0 ranks above 1 0, as 2 is the first open hypothesis."""
    tree = Tree(1, {(): [0.25, 0.25, 0.5], (1,): [1.0, 0.0, 0.0], (2,): [0.5, 0.5, 0.0], (2, 1): [1.0, 0.0, 0.0]})
    output = run(tree, (1,), num_beams=3, num_return_sequences=3, early_stopping=True, eos_token_id=0,
                 length_penalty=0.0, max_new_tokens=4)
    assert [row.new_tokens for row in output.rows] == [(0,), (2, 0), (1, 0)]
    assert least_margin(output) == 0


STOP = Tree(1, {(): [0.4, 0.6], (1,): [0.3, 0.7], (1, 1): [0.5, 0.5], (1, 1, 1): [1.0, 0.0]})


@pytest.mark.parametrize(("early", "steps"), [(True, 2), (False, 3), ("never", 3)])
@clauses("BEAM-SEARCH-6", "BEAMS-2")
def test_when_a_row_ends(early: Any, steps: int) -> None:
    """After the second step 0 and 1 0 are finished, the worst with log 0.18, and 1 1 is open with log 0.42."""
    output = run(STOP, (1,), num_beams=2, early_stopping=early, length_penalty=0.0, eos_token_id=0, max_new_tokens=4)
    assert len(output.runs[0]) == steps


@clauses("BEAM-SEARCH-6")
def test_equality_ends_a_row() -> None:
    """After two steps the pool is (0), (1 0), and the open 1 1 has the total of the worst one, exactly."""
    tree = Tree(1, {(): [0.5, 0.5], (1,): [0.5, 0.5], (1, 1): [0.5, 0.5], (1, 1, 1): [0.5, 0.5]})
    config: dict[str, Any] = {"num_beams": 2, "eos_token_id": 0, "length_penalty": 0.0, "max_new_tokens": 4}
    for early in (False, "never"):
        assert len(run(tree, (1,), **config, early_stopping=early).runs[0]) == 2
    assert least_margin(run(tree, (1,), **config)) == 0


@clauses("BEAM-SEARCH-6")
def test_never_hopes_for_the_greatest_length() -> None:
    """After step 2 the worst finished has log 0.24 / 2^0.5 = -1.01, and 1 1 the total log 0.16 = -1.83.

    That is -1.30 at its present length and -0.58 at length 10.
    """
    tree = Tree(1, {(): [0.6, 0.4]} | {(1,) * n: [0.6, 0.4] for n in range(1, 10)})
    config: dict[str, Any] = {"num_beams": 2, "eos_token_id": 0, "length_penalty": 0.5, "max_new_tokens": 10}
    steps = {early: len(run(tree, (1,), **config, early_stopping=early).runs[0]) for early in (True, False, "never")}
    assert steps == {True: 2, False: 2, "never": 4}
    config["length_penalty"] = 0.0
    assert len(run(tree, (1,), **config, early_stopping="never").runs[0]) == 2


@clauses("BEAM-SEARCH-6")
def test_an_open_pool_does_not_end_a_row() -> None:
    tree = Tree(1, {(): [0.9, 0.1], (1,): [0.1, 0.9], (1, 1): [0.1, 0.9], (1, 1, 1): [0.9, 0.1]})
    output = run(tree, (1,), num_beams=3, num_return_sequences=3, eos_token_id=0, length_penalty=0.0, max_new_tokens=4)
    assert [row.new_tokens for row in output.rows] == [(0,), (1, 1, 1, 0), (1, 0)]


@clauses("BEAM-SEARCH-3", "BEAM-SEARCH-8")
def test_the_length_finishes_candidates_by_their_rank() -> None:
    """Under `hf` an EOS and other tokens compete for the first B ranks; under "eos" open ones join afterwards."""
    tree = Tree(1, {(): [0.4, 0.3, 0.2, 0.1]})
    config: dict[str, Any] = {"num_beams": 2, "num_return_sequences": 2, "eos_token_id": 0, "max_new_tokens": 1}
    assert [row.new_tokens for row in run(tree, (1,), **config).rows] == [(0,), (1,)]
    low = {"num_beams": 2, "num_return_sequences": 2, "eos_token_id": 3, "max_new_tokens": 1}
    output = run(tree, (1,), **low)
    assert [row.new_tokens for row in output.rows] == [(0,), (1,)]
    assert [row.finish_reason for row in output.rows] == [FinishReason.LENGTH] * 2
    eos = replace(HF, finishing_rules="eos")
    assert [row.new_tokens for row in run(tree, (1,), eos, **config).rows] == [(0,), (1,)]
    early = run(tree, (1,), eos, **config | {"eos_token_id": [0, 1], "early_stopping": True})
    assert [row.finish_reason for row in early.rows] == [FinishReason.EOS] * 2


@clauses("BEAM-SEARCH-7")
def test_without_room_the_prompt_is_returned() -> None:
    output = run(Scripted("history", 1, 8), (1, 2, 3), num_beams=2, num_return_sequences=2, max_length=3)
    assert [(row.tokens, row.score, row.beam_indices) for row in output.rows] == [((1, 2, 3), 0.0, ())]
    assert output.runs == ((),)


@clauses("BEAM-SEARCH-10")
def test_an_open_hypothesis_that_meets_no_rule_keeps_the_others_open() -> None:
    """Under "eos" a stop string ends the search only when every open hypothesis has one."""
    texts = [(), (0,), (1,), (0, 0), (0, 1), (1, 0), (1, 1)]
    tree = Tree(1, {text: [0.9, 0.1] if text == (1,) else [0.6, 0.4] for text in texts})
    call = {"detokenize": lambda tokens: "".join("ab"[token] for token in tokens)}
    config: dict[str, Any] = {"num_beams": 2, "num_return_sequences": 2, "stop_strings": ["ba"], "max_new_tokens": 3}
    rows = run(tree, (0,), replace(HF, finishing_rules="eos"), call, **config).rows
    assert [len(row.new_tokens) for row in rows] == [3, 3]
    rows = run(tree, (0,), HF, call, **config).rows
    assert (1, 0) in [row.new_tokens for row in rows]
    assert FinishReason.STOP_STRING in [row.finish_reason for row in rows]


@clauses("BEAM-SEARCH-12", "STOPPING-4")
def test_the_clock_is_read_once_a_step() -> None:
    ticks = iter(range(100))
    output = run(Scripted("history", 1, 8), (1,), call={"clock": lambda: float(next(ticks))},
                 num_beams=3, num_return_sequences=3, max_time=2.5, max_new_tokens=9)
    assert [row.finish_reason for row in output.rows] == [FinishReason.MAX_TIME] * 3
    assert len(output.runs[0]) == 3
    assert next(ticks) == 4
    with pytest.raises(ValueError, match="needs clock="):
        run(Scripted("history", 1, 8), (1,), num_beams=3, max_time=2.5, max_new_tokens=9)


@clauses("BEAM-SEARCH-1")
def test_no_plan_without_rules_for_beams() -> None:
    plan = GenerationConfig(num_beams=2).resolve(prompt_length=1, vocab_size=8).plan
    with pytest.raises(ValueError, match="has rules for beams"):
        decode(replace(plan, beams=None), Scripted("history", 1, 8), (1,))


# Vectors

RICH = Scripted("history", 11, 13, (3,))
BASE: dict[str, Any] = {"num_beams": 3, "num_return_sequences": 3, "max_new_tokens": 6, "eos_token_id": [3]}
ENGINES = ("hf-4.46", "ctranslate2", "onnxruntime-genai", "openvino-genai", "vllm", "sglang", "fairseq", "t5x")


CORNERS = (*range(12), 46, 213, 316, 353, 389, 1109, 1163)
STEPS = (6, 110, 145, 173, 189, 205, 239, 267, 272, 312, 322, 332)
"""Numbers of drawn cases, those behind the first dozen chosen because a decoder with one slip answers otherwise."""


def corner_vectors() -> Iterator[Case]:
    """Yield what stop rules, several EOS ids, long prompts, few tokens and the profiles do together."""
    named = [f"BEAM-SEARCH-{number}" for number in (2, 3, 4, 5, 6, 8, 9)]
    for number in CORNERS:
        yield search_case(number, named)
    for number in STEPS:
        yield search_case(number, [*named, "OUTPUTS-2"], name="steps", steps_shown=True)
    for seed in range(4):
        yield generate_case(
            f"stop-string-of-one-of-two-{seed}", ["BEAM-SEARCH-10", "STOPPING-3"],
            {"num_beams": 2, "num_return_sequences": 2, "max_new_tokens": 5, "stop_strings": ["a"]}, [3],
            Scripted("history", seed, 4), pieces=["a", "b", "c", "d"], profile="hf-4.46", flags=("choice-point",),
            note="A stop string ends the search when it ends every open hypothesis, and one alone goes on.")


def vectors() -> Iterator[Case]:
    yield from corner_vectors()
    for early in (True, False, "never"):
        for penalty in LENGTH_PENALTIES:
            yield generate_case(
                f"early-{early}-penalty-{penalty:g}".lower().replace("--1", "-minus-1").replace(".", "-"),
                ["BEAM-SEARCH-4", "BEAM-SEARCH-6", "BEAMS-2", "BEAMS-3"],
                BASE | {"early_stopping": early, "length_penalty": penalty}, [1, 2], RICH, flags=("eos-rich",),
            )
    for seed, penalty in ((11, -1.0), (2346, -1.0), (159, -0.5), (882, -0.5)):
        yield generate_case(
            f"never-with-a-negative-penalty-{seed}", ["BEAM-SEARCH-6"],
            {"num_beams": 2, "early_stopping": "never", "length_penalty": penalty, "max_new_tokens": 8,
             "eos_token_id": 2},
            [1, 3, 5, 0], Scripted("history", seed, 6, (2,)), flags=("boundary", "eos-rich"),
            note="The bound takes the present length, not the greatest: the penalty is not above 0.",
        )
    yield from boundary_vectors()
    yield from refused_vectors()
    for profile in ENGINES:
        for seed in range(3):
            yield generate_case(
                f"profile-{profile.replace('.', '-')}-{seed}", ["BEAM-SEARCH-2", "BEAM-SEARCH-4", "BEAM-SEARCH-10"],
                BASE | {"length_penalty": 0.5 + seed / 2}, [seed, 2], Scripted("history", seed, 13, (3,)),
                profile=profile, flags=("choice-point", "eos-rich"), note=f"The choice points of {profile}.",
            )
    rng = random.Random("beam_search")
    for number in range(40):
        yield random_vector(number, rng)


def random_vector(number: int, rng: random.Random) -> Case:
    size, beams = rng.choice((5, 8, 13, 17)), rng.randint(2, 5)
    eos = tuple(rng.sample(range(size), rng.choice((0, 1, 1, 2, 3))))
    model = Scripted(rng.choice(("table", "history", "ties")), rng.randrange(1 << 32), size, eos)
    config = {"num_beams": beams, "num_return_sequences": rng.randint(1, beams), "eos_token_id": list(eos),
              "max_new_tokens": rng.randint(1, 8), "early_stopping": rng.choice((True, False, "never")),
              "length_penalty": rng.choice(LENGTH_PENALTIES)}
    if rng.random() < 0.3:
        config[rng.choice(("no_repeat_ngram_size", "min_new_tokens"))] = 2
    flags = ["random"] + ["tie"] * (model.kind == "ties") + ["several-eos"] * (len(eos) > 1)
    prompt = [rng.randrange(size) for _ in range(rng.randint(1, 4))]
    numbers = (1, 2, 3, 5, 8, 11, 13)
    return generate_case(f"random-{number}", [f"BEAM-SEARCH-{n}" for n in numbers], config, prompt, model,
                         flags=tuple(flags))


def boundary_vectors() -> Iterator[Case]:
    yield generate_case("fewer-rows-than-asked-for", ["BEAM-SEARCH-7", "BEAM-SEARCH-9"],
                        {"num_beams": 3, "num_return_sequences": 3, "max_new_tokens": 4}, [0],
                        Scripted("history", 1, 1), flags=("boundary", "small-vocabulary"),
                        note="V is 1: one row exists, and three are asked for.")
    yield generate_case("more-places-than-continuations", ["BEAM-SEARCH-2", "BEAM-SEARCH-7"],
                        BASE | {"eos_token_id": [0, 1], "num_beams": 4}, [1], Scripted("history", 5, 3, (0, 1)),
                        flags=("boundary", "small-vocabulary", "several-eos"),
                        note="K is 12, and the first step has 3 continuations.")
    yield generate_case("no-room", ["BEAM-SEARCH-7", "LENGTH-5"], {"num_beams": 2, "max_length": 2}, [1, 2], RICH,
                        flags=("boundary", "empty"), note="The prompt is the row, and its score is 0.")
    yield generate_case("a-hypothesis-runs-out", ["BEAM-SEARCH-8", "BEAM-SEARCH-9"],
                        {"num_beams": 3, "num_return_sequences": 3, "no_repeat_ngram_size": 1, "max_new_tokens": 6,
                         "eos_token_id": 1}, [0, 2], Scripted("history", 8, 5, (1,)), flags=("boundary", "masked"),
                        note="Every token may come once: after three steps nothing is left.")
    yield generate_case("all-equal", ["BEAM-SEARCH-2", "BEAM-SEARCH-5"], {"num_beams": 2, "max_new_tokens": 2}, [0],
                        Scripted("ties", 4, 4), flags=("tie",))
    yield generate_case("one-step", ["BEAM-SEARCH-3"], BASE | {"max_new_tokens": 1}, [1, 2], RICH, flags=("boundary",),
                        note="Every candidate finishes at the first step.")
    yield generate_case("many-steps", ["BEAM-SEARCH-11", "BEAM-SEARCH-13"], BASE | {"max_new_tokens": 24}, [4], RICH,
                        flags=("long",))
    timed = {"num_beams": 3, "num_return_sequences": 3, "max_time": 2.5, "max_new_tokens": 9}
    yield generate_case("late", ["BEAM-SEARCH-12", "STOPPING-4"], timed, [1], Scripted("history", 1, 8),
                        clock=[0.0, 1.0, 2.0, 3.0, 90.0], flags=("boundary",),
                        note="One reading a step: the third one is late.")


def refused_vectors() -> Iterator[Case]:
    yield generate_case("nothing-left", ["BEAM-SEARCH-9", "SCORES-6"], {"num_beams": 2, "suppress_tokens": [0, 1, 2]},
                        [1], Scripted("table", 1, 3), flags=("all-masked", "refused"))
    yield generate_case("num-beams-0", ["BEAMS-1"], {"num_beams": 0}, [1], RICH, flags=("refused",))
    yield generate_case("early-stopping-1", ["BEAMS-2"], {"num_beams": 2, "early_stopping": 1}, [1], RICH,
                        flags=("refused",))
    yield generate_case("more-rows-than-beams", ["MODE-10"], {"num_beams": 2, "num_return_sequences": 3}, [1], RICH,
                        flags=("refused",))
