"""What `genspec trace` shows of beams."""

import json
import re

import pytest

from genspec import GenerationConfig
from genspec_reference import Scripted, generate, seeded_noise

BEAMS = {"num_beams": 2, "eos_token_id": 2, "max_new_tokens": 4}


def test_beam_search_shows_hypotheses_candidates_and_the_stop_rule(trace):
    status, out, _ = trace(BEAMS, model="table:7,eos=2")
    output = generate(GenerationConfig(**BEAMS), Scripted("table", 7, eos=(2,)), [1, 2, 1])
    assert status == 0 and "Step 1: 1 open hypothesis\n" in out and "Step 2: 2 open hypotheses\n" in out
    assert "goes on: 0 of 2 finished  [BEAM-SEARCH-6]" in out and "finishes by eos, score -" in out
    assert f"   score {output.rows[0].score:.3f}   ended by eos\n" in out
    for step in out.split("Step ")[1:]:
        assert step.count("\n       0 ") + step.count("\n       1 ") == 4       # 2 beams and 1 EOS: 4 candidates


def test_a_finishing_candidate_of_low_rank_is_dropped_by_its_clause(trace):
    config = BEAMS | {"num_beams": 3, "max_new_tokens": 6}
    outs = [trace(config, model=f"history:{seed},eos=2").out for seed in range(8)]
    assert any("ends by eos, but not among the first 3  [BEAM-SEARCH-3]" in out for out in outs)


def test_a_hypothesis_that_finishes_for_a_condition_is_listed_below_the_candidates(trace):
    config = {"max_new_tokens": 2, "num_beams": 2, "force_words_ids": [[5]]}
    status, out, _ = trace(config, "--profile", "hf-4.50", model="layers:7,eos=2", prompt="1,2")
    last = out.partition("Step 2")[2]
    assert status == 0 and last.count("finishes by length") == 2
    assert "\n       1       5    -5.542   finishes by length, score -2.771, kept for a condition\n  ends: 2 " in last


def test_every_finished_hypothesis_of_a_constrained_search_stands_in_its_step(trace):
    for seed in range(4):
        config = {"max_new_tokens": 4, "num_beams": 3, "force_words_ids": [[5, 6], [3]]}
        call = {"model": f"history:{seed},eos=2", "prompt": "1"}
        data = json.loads(trace(config, "--json", "--profile", "hf-4.50", **call).out)
        out = trace(config, "--profile", "hf-4.50", **call).out
        for number, step in enumerate(data["runs"][0], start=1):
            shown = out.partition(f"Step {number}:")[2].partition("\n\n")[0]
            before = [] if number == 1 else data["runs"][0][number - 2]["selections"][0]["finished"]
            for one in step["selections"][0]["finished"]:
                assert one in before or re.search(rf" {one['tokens'][-1]} .* score {one['score']:.3f}", shown)


def test_candidates_of_beam_sampling_stand_in_the_order_in_which_they_were_drawn(trace):
    config = {"num_beams": 3, "do_sample": True, "max_new_tokens": 2}
    output = generate(GenerationConfig(**config), Scripted("history", 5), [1, 2, 1], noise=seeded_noise(0), trace=True)
    sorted_ones = []
    for number, step in enumerate(output.runs[0], start=1):
        (selection,) = step.selections
        drawn = [one.hypothesis for one in selection.candidates]
        shown = trace(config, model="history:5").out.partition(f"Step {number}:")[2].partition("  candidates\n")[2]
        lines = [line.split()[:3] for line in shown.splitlines()[1:len(drawn) + 1]]
        assert lines == [[str(one.beam_indices[-1]), str(one.tokens[-1]), f"{one.total:.3f}"] for one in drawn]
        sorted_ones.append(drawn == sorted(drawn, key=lambda one: -one.total))
    assert not all(sorted_ones)


@pytest.mark.parametrize(("stopping", "says"), [
    (True, "ends: 2 of 2 finished, and early_stopping is true"),
    (False, "the best open one falls short of the worst by "),
    ("never", "an open one may beat the worst by "),
])
def test_the_end_of_a_search_is_explained(trace, stopping, says):
    config = BEAMS | {"early_stopping": stopping, "max_new_tokens": 12}
    assert any(says in trace(config, model=f"history:{seed},vocab=5,eos=2").out for seed in range(12))


def test_groups_are_shown_apart(trace):
    config = {"num_beams": 4, "num_beam_groups": 2, "diversity_penalty": 1.0, "max_new_tokens": 2}
    out = trace(config, "--profile", "hf-4.50").out
    assert out.count("  Group 1\n") == out.count("  Group 2\n") == 2 and "profile hf-4.50" in out
