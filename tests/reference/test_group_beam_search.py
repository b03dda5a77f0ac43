"""Group beam search. Text: docs/spec/group_beam_search.md."""

import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.beams import CLEAR, Tree, least_margin, recorded, replayed, run_under, same_rows
from support.clauses import clauses
from support.strategies import described, models, prompts
from support.vectors import Case, generate_case

from genspec import GenerationConfig
from genspec.config import Rejected
from genspec.config.profiles import profile_named
from genspec_reference import GenerateOutput, Scripted, decode, generate

OLD = profile_named("hf-4.46")


def run(model: Any, prompt: tuple[int, ...], profile: Any = OLD, **config: Any) -> GenerateOutput:
    return run_under(profile, model, prompt, **config)


@given(data=st.data(), groups=st.integers(2, 3), size=st.integers(1, 2))
@clauses("GROUP-BEAM-SEARCH-1", "GROUP-BEAM-SEARCH-3", "GROUP-BEAM-SEARCH-5")
def test_a_small_penalty_makes_every_group_the_same_beam_search(data: st.DataObject, groups: int, size: int) -> None:
    """A penalty of no size leaves G searches of S beams: each finds the rows of beam search under the same rules."""
    model = data.draw(models(13))
    prompt = data.draw(prompts(13))
    rules: dict[str, Any] = {
        "max_new_tokens": data.draw(st.integers(1, 5)), "length_penalty": data.draw(st.sampled_from((-1.0, 0.0, 1.0))),
        "early_stopping": data.draw(st.sampled_from((True, False, "never"))), "eos_token_id": list(model.eos),
    }
    output = run(model, prompt, **rules, num_beams=groups * size, num_beam_groups=groups, diversity_penalty=1e-12,
                 num_return_sequences=groups * size)
    alone = single_search(model, prompt, size, rules)
    values = described(model=model, prompt=prompt, rules=rules, rows=output.rows, alone=alone.rows)
    if least_margin(alone) < 1e-9:
        return
    assert [row.tokens for row in output.rows] == [row.tokens for row in alone.rows for _ in range(groups)], values
    assert [row.score for row in output.rows] == pytest.approx([row.score for row in alone.rows for _ in range(groups)])


def single_search(model: Scripted, prompt: tuple[int, ...], size: int, rules: dict[str, Any]) -> GenerateOutput:
    """Beam search with `size` beams, which may be 1: no config says so, but a plan can."""
    plan = GenerationConfig(**rules, num_beams=2, num_return_sequences=2).resolve(
        prompt_length=len(prompt), vocab_size=model.vocab_size, profile="hf-4.46"
    ).plan
    assert plan.beams is not None
    outputs = replace(plan.outputs, num_return_sequences=size)
    return decode(replace(plan, beams=replace(plan.beams, num_beams=size), outputs=outputs), model, prompt)


@clauses("GROUP-BEAM-SEARCH-1", "GROUP-BEAM-SEARCH-2", "GROUP-BEAM-SEARCH-3", "GROUP-BEAM-SEARCH-4",
         "GROUP-BEAM-SEARCH-5", "GROUP-BEAM-SEARCH-6")
def test_transformers_4_46_returned_the_same_rows() -> None:
    outputs = [(case, replayed(case)) for case in recorded("group_beam_search")]
    clear = [(case, output) for case, output in outputs if least_margin(output) > CLEAR]
    assert len(clear) > 140
    other = [(case, output.rows) for case, output in clear if not same_rows(output, case, beams=False)]
    assert other == [], described(count=len(other), first=other[0])


@clauses("GROUP-BEAM-SEARCH-7")
def test_transformers_4_46_numbers_the_beams_within_a_group() -> None:
    pairs = [
        (list(row.beam_indices), other["beams"])
        for case in recorded("group_beam_search")
        if case["config"]["num_return_sequences"] == case["config"]["num_beams"]
        for output in [replayed(case)]
        if least_margin(output) > CLEAR and same_rows(output, case, beams=False)
        for row, other in zip(output.rows, case["rows"], strict=True)
        if output.sequences.count(row.tokens) == 1         # two groups may find one row, and may be exchanged
    ]
    first = [(ours, beams) for ours, beams in pairs if ours[0] == 0]
    later = [(ours, beams) for ours, beams in pairs if ours[0] > 0]
    assert (len(first) > 30, len(later) > 30) == (True, True), (len(first), len(later))
    assert [pair for pair in first if pair[0] != pair[1]] == []
    assert {beams[0] for _, beams in later} == {0}


@clauses("GROUP-BEAM-SEARCH-3")
def test_a_group_that_ended_takes_the_pad_in_transformers_4_46() -> None:
    """The pad is the EOS here, as it is when it is unset: later groups avoid ending."""
    clear = [(case, output) for case in recorded("ended_group")
             for output in [replayed(case)] if least_margin(output) > CLEAR]
    differ = [case["seed"] for case, output in clear if not same_rows(output, case, beams=False)]
    assert len(clear) > 20
    assert 0 < len(differ) < len(clear), described(differ=differ)


TREE = Tree(1, {(): [0.05, 0.5, 0.3, 0.15]} | {(a,): [0.4, 0.3, 0.2, 0.1] for a in (1, 2, 3)})
GROUPS: dict[str, Any] = {"num_beams": 3, "num_beam_groups": 3, "num_return_sequences": 3, "eos_token_id": 0}


@clauses("GROUP-BEAM-SEARCH-2", "GROUP-BEAM-SEARCH-3", "GROUP-BEAM-SEARCH-4", "DIVERSITY-1")
def test_later_groups_avoid_the_tokens_of_earlier_ones() -> None:
    """Less 2, log 0.5 is below log 0.3, and both are below log 0.15: three different tokens."""
    output = run(TREE, (1,), **GROUPS, diversity_penalty=2.0, max_new_tokens=1)
    assert [row.new_tokens for row in output.rows] == [(1,), (2,), (3,)]
    assert [row.score for row in output.rows] == pytest.approx(np.log([0.5, 0.3, 0.15]))
    weak = run(TREE, (1,), **GROUPS, diversity_penalty=0.125, max_new_tokens=1)
    assert [row.new_tokens for row in weak.rows] == [(1,), (1,), (1,)]
    assert [row.score for row in weak.rows] == pytest.approx([np.log(0.5) - n * 0.125 for n in range(3)])


@clauses("GROUP-BEAM-SEARCH-3", "GROUP-BEAM-SEARCH-8")
def test_a_candidate_that_finishes_takes_no_token() -> None:
    tree = Tree(1, {(): [0.6, 0.3, 0.1], (1,): [0.9, 0.05, 0.05], (2,): [0.9, 0.05, 0.05]})
    output = run(tree, (1,), num_beams=2, num_beam_groups=2, num_return_sequences=2, eos_token_id=0,
                 diversity_penalty=5.0, max_new_tokens=2)
    assert [row.new_tokens for row in output.rows] == [(0,), (0,)]
    assert [row.score for row in output.rows] == pytest.approx([np.log(0.6)] * 2)
    assert least_margin(output) > 0.1


@clauses("GROUP-BEAM-SEARCH-2", "GROUP-BEAM-SEARCH-3")
def test_a_group_that_ended_takes_no_token_at_later_steps() -> None:
    """The first group takes 1, and ends with 1 0 at the second step; the second group ends alone with 2 2 0."""
    tree = Tree(1, {(): [0.05, 0.65, 0.3], (1,): [0.9, 0.06, 0.04], (2,): [0.02, 0.08, 0.9], (2, 2): [0.9, 0.05, 0.05]})
    output = run(tree, (1,), num_beams=2, num_beam_groups=2, num_return_sequences=2, eos_token_id=0, pad_token_id=0,
                 diversity_penalty=3.0, max_new_tokens=4, early_stopping=True)
    assert [row.new_tokens for row in output.rows] == [(1, 0), (2, 2, 0)]
    assert [row.score for row in output.rows] == pytest.approx([np.log(0.585) / 2, np.log(0.243) / 3])
    assert [row.beam_indices for row in output.rows] == [(0, 0), (1, 1, 0)]
    assert [len(step.choices) for step in output.runs[0]] == [4, 4, 2]


@clauses("GROUP-BEAM-SEARCH-1", "GROUP-BEAM-SEARCH-8")
def test_the_margin_counts_the_pool_of_a_group_that_ends() -> None:
    """The first group ends at the second step with three finished: log 0.3, log 0.2 / 2 and log 0.18 / 2."""
    tree = Tree(1, {(): [0.3, 0.25, 0.2, 0.15, 0.1], (1,): [0.8, 0.1, 0.04, 0.03, 0.03],
                    (2,): [0.9, 0.04, 0.03, 0.02, 0.01], (3,): [0.01, 0.05, 0.04, 0.5, 0.4],
                    (4,): [0.01, 0.04, 0.05, 0.55, 0.35], (3, 3): [0.9, 0.04, 0.03, 0.02, 0.01],
                    (3, 4): [0.9, 0.04, 0.03, 0.02, 0.01]})
    output = run(tree, (1,), num_beams=4, num_beam_groups=2, num_return_sequences=4, eos_token_id=0,
                 diversity_penalty=5.0, max_new_tokens=5, early_stopping=True)
    assert [len(step.choices) for step in output.runs[0]] == [8, 8, 4]
    assert output.runs[0][1].margin == pytest.approx(np.log(0.2) / 2 - np.log(0.18) / 2)
    assert (0,) not in [row.new_tokens for row in output.rows], "it fell out of both pools"


@clauses("GROUP-BEAM-SEARCH-6")
def test_the_rules_of_the_mode_do_not_depend_on_the_profile() -> None:
    for seed in range(20):
        model = Scripted("history", seed, 13, (3,))
        config: dict[str, Any] = {"num_beams": 4, "num_beam_groups": 2, "num_return_sequences": 4, "max_new_tokens": 6,
                                  "diversity_penalty": 0.7, "eos_token_id": 3}
        old = run(model, (1, 2), **config)
        assert run(model, (1, 2), replace(OLD, stop_bound="open", finishing_rules="all"), **config).rows == old.rows


@clauses("GROUP-BEAM-SEARCH-7", "BEAM-SEARCH-11")
def test_beam_indices_point_into_the_scores_of_all_groups() -> None:
    for seed in range(20):
        model = Scripted("history", seed, 13, (3,))
        output = run(model, (1, 2), num_beams=4, num_beam_groups=2, num_return_sequences=4, max_new_tokens=5,
                     diversity_penalty=0.7, eos_token_id=3, output_scores=True, return_dict_in_generate=True)
        for row in output.rows:
            total = sum(output.runs[0][step].scores[beam][token]
                        for step, (beam, token) in enumerate(zip(row.beam_indices, row.new_tokens, strict=True)))
            assert row.score == pytest.approx(total / len(row.new_tokens))


@clauses("GROUP-BEAM-SEARCH-1", "BEAM-SEARCH-7", "SCORES-6")
def test_no_room_and_no_token() -> None:
    model = Scripted("history", 1, 8)
    config: dict[str, Any] = {"num_beams": 4, "num_beam_groups": 2, "diversity_penalty": 0.5, "num_return_sequences": 3}
    assert [row.tokens for row in run(model, (1, 2), **config, max_length=2).rows] == [(1, 2), (1, 2)]
    with pytest.raises(Rejected):
        run(model, (1, 2), **config, max_new_tokens=2, suppress_tokens=list(range(8)))


@clauses("DIVERSITY-2")
def test_where_the_penalty_stands() -> None:
    """A repetition penalty of 2 doubles what diversity left; a bias of 1 is added before it."""
    tree = Tree(1, {(): [0.5, 0.5]})
    config: dict[str, Any] = {"num_beams": 2, "num_beam_groups": 2, "num_return_sequences": 2, "max_new_tokens": 1,
                              "diversity_penalty": 4.0, "repetition_penalty": 2.0, "sequence_bias": [[[0], 1.0]]}
    output = run(tree, (0,), **config, output_scores=True, return_dict_in_generate=True)
    names = [[applied.name for applied in decode_trace(tree, config)[n]] for n in range(2)]
    assert names[0] == ["log_softmax", "sequence_bias", "diversity", "repetition_penalty"]
    second = output.runs[0][0].scores[1]
    first = np.log(0.5) + 1.0
    assert output.runs[0][0].scores[0].tolist() == pytest.approx([first / 2 if first > 0 else first * 2, np.log(0.5)])
    assert second.tolist() == pytest.approx([(first - 4.0) * 2, np.log(0.5)])


def decode_trace(tree: Tree, config: dict[str, Any]) -> Any:
    output = generate(GenerationConfig(**config), tree, (0,), vocab_size=2, profile="hf-4.46", trace=True)
    return output.runs[0][0].applied


def vectors() -> Iterator[Case]:
    rng = random.Random("group_beam_search")
    for number in range(36):
        yield random_vector(number, rng)
    for number in (*range(10), 13, 17, 42, 112):
        yield corner_vector(number)
    base = {"num_beams": 4, "num_beam_groups": 2, "diversity_penalty": 0.5}
    model, old = Scripted("history", 1, 8), {"profile": "hf-4.46"}
    for seed in range(4):
        yield generate_case(f"a-group-ends-early-{seed}", ["GROUP-BEAM-SEARCH-3", "GROUP-BEAM-SEARCH-8"],
                            base | {"eos_token_id": 3, "early_stopping": True, "num_return_sequences": 4}, [1, 2],
                            Scripted("history", seed, 13, (3,)), flags=("eos-rich",), **old)
    yield generate_case("no-room", ["GROUP-BEAM-SEARCH-1", "BEAM-SEARCH-7"], base | {"max_length": 2}, [1, 2], model,
                        flags=("boundary", "empty"), note="The prompt is the row, and its score is 0.", **old)
    refused: list[tuple[str, str, dict[str, Any]]] = [
        ("indivisible", "BEAMS-4", {"num_beam_groups": 3}), ("no-penalty", "BEAMS-5", {"diversity_penalty": 0.0}),
        ("drawing", "MODE-4", {"do_sample": True}),
    ]
    for name, clause, more in refused:
        yield generate_case(name, [clause], base | more, [1], model, flags=("refused",), **old)
    yield generate_case("moved-out", ["CONFIG-10"], base, [1], model, flags=("refused",))


def corner_vector(number: int) -> Case:
    """Draw groups of few tokens, where beams of a group take the same one, with operations around the penalty."""
    rng = random.Random(f"group corner {number}")
    size = rng.choice((4, 6))
    model = Scripted("table", rng.randrange(1 << 32), size, (1,))
    config = {"num_beams": 4, "num_beam_groups": 2, "num_return_sequences": 4, "max_new_tokens": rng.randint(3, 7),
              "diversity_penalty": rng.choice((0.28125, 0.53125, 1.03125)), "eos_token_id": 1,
              "early_stopping": rng.choice((False, "never"))}
    config |= rng.choice((
        {}, {"repetition_penalty": 1.5}, {"repetition_penalty": 0.5},
        {"repetition_penalty": 1.5, "sequence_bias": [[[token], rng.randrange(-64, 64) / 32] for token in (0, 2)]},
    ))
    return generate_case(f"corner-{number}", [f"GROUP-BEAM-SEARCH-{n}" for n in (2, 3, 6)] + ["DIVERSITY-2"], config,
                         [rng.randrange(size)], model, profile=rng.choice(("hf-4.46", "hf-4.50", "hf-4.50")),
                         flags=("random", "eos-rich"))


def random_vector(number: int, rng: random.Random) -> Case:
    size = rng.choice((8, 13, 17))
    eos = tuple(rng.sample(range(size), rng.choice((0, 1, 1, 2))))
    model = Scripted(rng.choice(("table", "history")), rng.randrange(1 << 32), size, eos)
    groups, each = rng.choice(((2, 1), (3, 1), (2, 2), (3, 2)))
    config = {"num_beams": groups * each, "num_beam_groups": groups, "num_return_sequences": groups * each,
              "diversity_penalty": rng.choice((0.28125, 1.03125, 3.5)), "max_new_tokens": rng.randint(1, 6),
              "eos_token_id": list(eos), "early_stopping": rng.choice((True, False, "never"))}
    prompt = [rng.randrange(size) for _ in range(rng.randint(1, 3))]
    return generate_case(f"random-{number}", [f"GROUP-BEAM-SEARCH-{n}" for n in (1, 2, 3, 4, 5, 6, 7)], config, prompt,
                         model, profile="hf-4.46", flags=("random", "several-eos") if len(eos) > 1 else ("random",))
