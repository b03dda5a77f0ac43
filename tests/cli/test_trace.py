"""genspec trace: what it prints of a run, and how it ends."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
from argparse import Namespace
from dataclasses import replace

import numpy as np
import pytest

from genspec import GenerationConfig
from genspec.cli.config import read_config
from genspec.cli.tracing import arguments
from genspec.cli.tracing.run import traced
from genspec_reference import GenerateOutput, Scripted, generate, layered, scripted, seeded_noise

SAMPLE = {"do_sample": True, "temperature": 0.5, "top_k": 4, "top_p": 0.8, "no_repeat_ngram_size": 2,
          "max_new_tokens": 3}
BEAMS = {"num_beams": 2, "eos_token_id": 2, "max_new_tokens": 4}


def table(out, step):
    """Return the table of one step: names to scores by token, as text."""
    lines = out.split(f"Step {step}:")[1].split("\n\n")[0].splitlines()[1:]
    tokens = [token.strip("*") for token in lines[0].split()[1:]]
    rows = [line.split() for line in lines[1:] if re.match(r"  \w+  ", line)]
    return {row[0]: dict(zip(tokens, row[1:], strict=False)) for row in rows}


def test_trace_shows_every_operation_the_choice_and_the_row(trace):
    status, out, err = trace(SAMPLE)
    assert (status, err) == (0, "")
    output = generate(GenerationConfig(**SAMPLE), Scripted("table", 7), [1, 2, 1], noise=seeded_noise(0))
    operations = ["logits", "no_repeat_ngram", "temperature", "top_k", "top_p", "probability"]
    assert "Mode: sample, noise of seed 0" in out and "top_k(k=4, min_keep=1)" in out
    for step, token in enumerate(output.rows[0].new_tokens, start=1):
        assert list(table(out, step)) == operations
        assert f"\n  takes {token}: probability 0." in out
    assert f"\nRow\n  1 2 1 | {' '.join(map(str, output.rows[0].new_tokens))}   ended by length\n" in out
    for clause in ("NO-REPEAT-NGRAM-1", "TEMPERATURE-1", "TOP-K-1", "TOP-P-1"):
        assert out.count(f"[{clause}]") == 3


def test_a_table_shows_scores_before_and_after_and_what_was_masked(trace):
    out = trace(SAMPLE | {"max_new_tokens": 1}).out
    rows, logits = table(out, 1), Scripted("table", 7)((1,))
    assert rows["logits"]["2"] == f"{logits[2]:.3f}" and rows["no_repeat_ngram"]["2"] == "-inf"
    best = str(int(np.argmax(logits)))
    assert rows["no_repeat_ngram"][best] == "." and rows["temperature"][best] == f"{logits.max() / 0.5:.3f}"
    assert re.search(r"no_repeat_ngram .* masks 1 +\[NO-REPEAT-NGRAM-1\]", out)
    assert re.search(r"top_k .* masks 11, margin \d\.\d{3} +\[TOP-K-1\]", out)


def test_columns_line_up(trace):
    lines = trace(SAMPLE | {"max_new_tokens": 1}).out.split("Step 1: 1 2 1\n")[1].split("  takes")[0].splitlines()
    ends = [[match.end() for match in re.finditer(r"\S+", line.split("[")[0].split("masks")[0])][1:] for line in lines]
    assert len({tuple(end) for end in ends}) == 1


def test_the_tokens_that_matter_are_the_highest_the_taken_and_the_best_that_was_masked(trace):
    ranked = np.argsort(-Scripted("table", 7)((1,))).tolist()
    config = {"suppress_tokens": ranked[:2], "max_new_tokens": 1}
    heads = [int(token) for token in table(trace(config, "--top", "1", "--no-color").out, 1)["logits"]]
    assert heads == [ranked[0], ranked[2], ranked[3]]       # masked, taken, runner-up; not the second of the masked
    out = trace({"max_new_tokens": 1}, "--top", "9").out
    assert len(table(out, 1)["logits"]) == 9


def test_greedy_says_how_far_the_runner_up_is(trace):
    first, second = np.sort(Scripted("table", 7)((1,)))[:-3:-1]
    said = trace({"max_new_tokens": 1}).out
    assert re.search(rf"takes \d+: score {first:.3f}, {first - second:.3f} ahead of \d+\n", said)
    said = trace({"max_new_tokens": 1}, model="table:7,vocab=1", prompt="0").out
    assert re.search(r"takes 0: score -?\d\.\d{3}, the only token left\n", said)


def test_an_equal_runner_up_is_named(trace):
    out = trace({"max_new_tokens": 4}, model="ties:3").out
    assert re.search(r"takes (\d+): score 1\.000, equal to (\d+): the lowest id wins", out)


def test_the_seed_of_the_noise_decides_what_is_drawn(trace):
    rows = {seed: trace(SAMPLE, "--seed", seed).out.rpartition("Row\n")[2] for seed in range(6)}
    assert rows[0] == trace(SAMPLE).out.rpartition("Row\n")[2] and len(set(rows.values())) > 1


def test_several_rows_are_traced_one_after_the_other(trace):
    out = trace({"do_sample": True, "num_return_sequences": 2, "max_new_tokens": 2}).out
    assert re.findall(r"^Row (\d), step (\d)", out, re.M) == [("1", "1"), ("1", "2"), ("2", "1"), ("2", "2")]
    assert "\nRows\n" in out


def test_steps_limits_what_is_printed_and_not_what_is_run(trace):
    whole, first = trace({"max_new_tokens": 5}).out, trace({"max_new_tokens": 5}, "--steps", 2).out
    assert first.count("Step ") == 2 and "\nand 3 more steps\n" in first
    assert first.partition("\nand 3")[0] in whole and first.rpartition("Row\n")[2] == whole.rpartition("Row\n")[2]
    assert "and 1 more step\n" in trace({"max_new_tokens": 5}, "--steps", 4).out
    assert "Step" not in trace({"max_new_tokens": 5}, "--steps", 0).out


def test_a_source_makes_an_encoder_decoder(genspec, model, tmp_path):
    config = '{"max_new_tokens": 1, "decoder_start_token_id": 3}'
    out = genspec("trace", config, "--model", "history:1", "--source", "4,5").out
    assert "source 4 5" in out and "Prompt: 3, then" in out
    path = model(config)
    (tmp_path / "model" / "config.json").write_text('{"is_encoder_decoder": true, "vocab_size": 50}')
    result = genspec("trace", path, "--model", "history:1", "--prompt", "3")
    assert result.status == 2 and "--source is missing" in result.err
    result = genspec("trace", path, "--model", "history:1", "--prompt", "3,4", "--source", "1")
    assert result.status == 2 and "--prompt: with --source" in result.err
    assert "50 tokens" in genspec("trace", path, "--model", "history:1", "--source", "49").out


def test_a_prompt_starts_the_decoder_but_does_not_stand_in_for_its_start_token(genspec):
    call = ["--model", "history:1", "--source", "4,5", "--prompt", "3"]
    for field in ("decoder_start_token_id", "bos_token_id"):
        assert "Prompt: 3, then" in genspec("trace", json.dumps({field: 9, "max_new_tokens": 1}), *call).out
    refused = genspec("trace", '{"max_new_tokens": 1}', *call)
    assert refused.status == 1 and "[TOKENS-5]" in refused.out


def test_the_vocabulary_is_that_of_config_json_unless_the_model_says(genspec, model, tmp_path):
    path = model('{"max_new_tokens": 1}')
    (tmp_path / "model" / "config.json").write_text('{"vocab_size": 300}')
    assert "300 tokens" in genspec("trace", path, "--model", "table:7", "--prompt", "299").out
    assert "20 tokens" in genspec("trace", path, "--model", "table:7,vocab=20", "--prompt", "1").out


def test_stop_strings_are_spelled_as_token_ids(trace):
    first = int(np.argmax(Scripted("table", 7)((1,))))
    assert "ended by stop_string" in trace({"stop_strings": f"<{first}>"}).out


def test_guidance_has_its_negative_prompt(trace):
    config = {"guidance_scale": 2.0, "max_new_tokens": 1}
    assert trace(config, model="history:7").out != trace(config, "--negative-prompt", "4,5", model="history:7").out


@pytest.mark.parametrize(("max_time", "count"), [(0, 1), (0.05, 1), (1, 2), (2.5, 3)])
@pytest.mark.parametrize("options", [[], ["--steps", 1], ["--steps", 3], ["--steps", 9]])
def test_max_time_has_a_made_up_clock_that_is_one_second_later_at_each_reading(trace, max_time, count, options):
    status, out, err = trace({"max_time": max_time, "max_new_tokens": 5000}, *options)
    clock, tokens = iter(range(5000)), [1, 2, 1]
    config = GenerationConfig(max_time=max_time, max_new_tokens=5000)
    new_tokens = generate(config, Scripted("table", 7), tokens, clock=lambda: float(next(clock))).rows[0].new_tokens
    assert (status, err) == (0, "") and len(new_tokens) == count
    assert f"Time: max_time {max_time}, on a made-up clock: 0 at the start, 1 second later at each reading\n" in out
    row = " ".join(map(str, new_tokens))
    assert out.endswith(f"Row\n  1 2 1 | {row}   ended by max_time of the made-up clock\n")


@pytest.mark.parametrize("options", [[], ["--steps", 1], ["--steps", 9]])
@pytest.mark.parametrize("config", [{"do_sample": True, "num_return_sequences": 3}, {"num_beams": 3}])
def test_max_time_is_the_same_for_several_rows_and_in_beam_modes(trace, config, options):
    first, second = (trace(config | {"max_time": 1.5, "max_new_tokens": 90}, *options) for _ in range(2))
    assert first.status == 0 and first == second
    rows = re.findall(r"^  1 2 1 \| ([\d ]*\d) .*ended by max_time of the made-up clock$", first.out, re.M)
    assert {len(row.split()) for row in rows} == {2} and len(rows) == config.get("num_return_sequences", 1)


def test_a_trace_without_max_time_names_no_clock(trace):
    assert "clock" not in trace({"max_new_tokens": 2}).out


def test_a_step_refused_under_max_time_is_shown(trace):
    config = {"no_repeat_ngram_size": 1, "max_new_tokens": 5, "max_time": 9}
    status, out, err = trace(config, model="table:7,vocab=3", prompt="1")
    assert (status, err) == (1, "") and out.count("takes ") == 2 and "[SCORES-6]" in out


def test_a_budget_of_nothing_has_no_step(trace):
    status, out, _ = trace({"max_length": 2})
    assert status == 0 and "Prompt: 2 1 (1 cut off), then at most 0 new" in out and "Step" not in out
    assert "\nRow\n  2 1   ended by length\n" in out


@pytest.mark.parametrize("prompt", ["", " "])
def test_an_empty_prompt_is_bos_or_is_refused(trace, prompt):
    assert "Prompt: 5, then" in trace({"bos_token_id": 5, "max_new_tokens": 1}, prompt=prompt).out
    refused = trace({"max_new_tokens": 1}, prompt=prompt)
    assert refused.status == 1 and "[TOKENS-6]" in refused.out


def test_a_refused_config_is_shown_as_explain_shows_it(trace, genspec):
    config = '{"top_p": 1.5, "num_beams": 0, "do_sampling": true}'
    status, out, err = trace(config)
    assert (status, err) == (1, "") and out == genspec("explain", config).out


def test_ids_beyond_the_vocabulary_come_with_a_way_out(trace):
    status, out, _ = trace({"eos_token_id": 50256})
    assert status == 1 and "[TOKENS-1]" in out and "--model table:7,vocab=V gives it V" in out
    assert trace({"eos_token_id": 50256, "max_new_tokens": 1}, model="table:7,vocab=50257").status == 0


def test_a_step_without_a_token_left_is_shown_with_what_came_before(trace):
    status, out, err = trace({"no_repeat_ngram_size": 1, "max_new_tokens": 5}, model="table:7,vocab=3", prompt="1")
    assert (status, err) == (1, "") and out.count("takes ") == 2 and "ended by" not in out
    assert table(out, 3)["no_repeat_ngram"] == dict.fromkeys("201", "-inf")
    assert out.endswith("Ban or force fewer tokens, or set remove_invalid_values.  [SCORES-6]\n")
    beams = trace({"no_repeat_ngram_size": 1, "num_beams": 2}, model="table:7,vocab=3", prompt="1")
    assert beams.status == 1 and "masks 3" in beams.out and "[SCORES-6]" in beams.out


@pytest.mark.parametrize(("field", "clause"), [("penalty_alpha", "CONTRASTIVE-SEARCH-8"), ("dola_layers", "DOLA-9")])
def test_a_mode_that_needs_more_than_logits_says_so(trace, field, clause):
    status, out, err = trace({field: 0.6 if field == "penalty_alpha" else "low"}, "--profile", "hf-4.50")
    assert (status, err) == (1, "") and "\nStep 1: 1 2 1\n" in out and f"[{clause}]" in out


@pytest.mark.parametrize(("config", "mode"), [({"penalty_alpha": 0.6}, "contrastive_search"),
                                              ({"dola_layers": "low"}, "dola")])
def test_the_kind_with_layers_runs_every_mode(trace, config, mode):
    status, out, _ = trace(config | {"max_new_tokens": 2}, "--profile", "hf-4.50", model="layers:3")
    assert status == 0 and f"Mode: {mode}" in out and out.count("  takes ") == 2


def test_the_kinds_are_those_of_the_reference():
    assert (*scripted.KINDS, layered.Layered(0).kind) == arguments.KINDS


def test_a_trace_that_fills_the_memory_is_not_begun(trace):
    status, out, err = trace({"max_new_tokens": 5000}, model="table:7,vocab=500000")
    assert (status, out) == (2, "") and "would take 18.6 GiB" in err
    assert trace({"max_new_tokens": 4, "do_sample": True}, "--steps", "1", model="table:7,vocab=100000").status == 0


@pytest.mark.parametrize(("config", "says", "not_named"), [
    ({"num_beams": 5000, "max_new_tokens": 1}, "lower num_beams, or vocab of --model\n", "max_new_tokens"),
    ({"num_beams": 5000, "max_new_tokens": 9}, "lower num_beams, max_new_tokens, or vocab of --model\n", "--steps"),
    ({"do_sample": True, "num_return_sequences": 5000, "max_new_tokens": 1},
     "lower num_return_sequences, or vocab of --model\n", "--steps"),
    ({"max_new_tokens": 5000}, "lower max_new_tokens, or vocab of --model, or trace fewer steps with --steps\n",
     "num_"),
])
def test_the_refusal_for_memory_names_what_helps(trace, config, says, not_named):
    status, out, err = trace(config, model="table:7,vocab=400000")
    assert (status, out) == (2, "") and says in err and not_named not in err


def test_a_row_is_found_without_a_search_through_all():
    given = read_config(json.dumps({"do_sample": True, "num_return_sequences": 40, "max_new_tokens": 2}))
    options = Namespace(model=arguments.model_spec("table:7"), prompt=(1, 2), source=None, negative_prompt=None, seed=0,
                        profile="hf", on_overflow="truncate", steps=None)
    whole, _ = traced(given, options)
    without = replace(whole, output=GenerateOutput((), ()))
    for run, row in enumerate(whole.output.rows):
        assert [without.row_at(run, step) for step in range(3)] == [row.tokens[: 2 + step] for step in range(3)]
    assert replace(whole, row_of={}).row_at(0, 0) == (1, 2)


def test_max_time_bounds_the_memory_of_a_trace(trace):
    assert trace({"max_new_tokens": 5000, "max_time": 0}, model="table:7,vocab=400000").status == 0


def test_keys_that_are_no_fields_are_named(trace):
    assert trace({"max_new_tokens": 1, "foo": 2}).out.endswith("  foo\n")


@pytest.mark.parametrize("form", ["file", "folder", "stdin", "itself"])
def test_a_config_may_be_given_in_several_ways(process, model, form):
    path = model('{"max_new_tokens": 1}')
    operand = {"file": path, "folder": path.parent, "stdin": "-", "itself": path.read_text()}[form]
    result = process("trace", operand, "--model", "table:7", "--prompt", "1", given=path.read_bytes())
    assert result.status == 0 and "  takes " in result.out


def test_a_path_that_is_not_there_leaves_three(genspec):
    status, out, err = genspec("trace", "nowhere", "--model", "table:7", "--prompt", "1")
    assert (status, out) == (3, "") and err.startswith("genspec: error: nowhere: There is no such file")


def test_json_holds_every_score(trace):
    data = json.loads(trace(SAMPLE, "--json").out)
    output = generate(GenerationConfig(**SAMPLE), Scripted("table", 7), [1, 2, 1], noise=seeded_noise(0))
    assert (data["version"], data["mode"], data["prompt"], data["seed"]) == (1, "sample", [1, 2, 1], 0)
    assert data["model"] == {"kind": "table", "seed": 7, "vocab_size": 16, "eos": []}
    assert [row["new_tokens"] for row in data["rows"]] == [list(new) for new in output.new_tokens]
    names = [operation["name"] for operation in data["operations"]]
    for number, step in enumerate(data["runs"][0], start=1):
        (hypothesis,), (choice,) = step["hypotheses"], step["choices"]
        assert step["step"] == number and step["selections"] == []
        assert hypothesis["tokens"] == list(output.rows[0].tokens[: 2 + number])
        assert [one["name"] for one in hypothesis["applied"]] == ["logits", *names]
        before = np.zeros(16)
        for one in hypothesis["applied"]:
            scores = np.array([float(score) for score in one["scores"]])
            assert one["masked"] == np.flatnonzero((scores == -np.inf) & (before > -np.inf)).tolist()
            before = scores
        assert choice["token"] == output.rows[0].new_tokens[number - 1]


def test_json_of_a_beam_mode_holds_the_search(trace):
    data = json.loads(trace(BEAMS, "--json", model="table:7,eos=2").out)
    first, second = data["runs"][0][:2]
    assert len(first["hypotheses"]) == 1 and len(second["hypotheses"]) == 2
    (selection,) = first["selections"]
    assert len(selection["candidates"]) == 4 and selection["lead"] == "inf"
    assert [one["tokens"] for one in second["hypotheses"]] == [one["tokens"] for one in selection["open"]]
    assert data["rows"][0]["beam_indices"] and data["rows"][0]["finish_reason"] == "eos"


def test_json_of_a_refusal(trace):
    status, out, _ = trace({"top_p": 1.5}, "--json")
    assert status == 1 and [reason["clause"] for reason in json.loads(out)["refused"]] == ["TOP-P-1"]
    status, out, _ = trace({"suppress_tokens": [0, 1]}, "--json", model="table:7,vocab=2", prompt="1")
    data = json.loads(out)
    assert status == 1 and data["rows"] == [] and data["refused"]["reasons"][0]["clause"] == "SCORES-6"
    assert data["refused"]["applied"][1]["masked"] == [0, 1]


def test_every_json_has_the_members_of_the_guide(trace):
    from pathlib import Path

    guide = (Path(__file__).parents[2] / "docs" / "guide" / "trace.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"`(\w+)`", guide))
    for config, model in ((SAMPLE, "table:7"), (BEAMS, "table:7,eos=2")):
        data = json.loads(trace(config, "--json", model=model).out)
        assert {name for name in members(data) if name not in ("arguments",)} <= documented


def members(value):
    if isinstance(value, dict):
        yield from value
        for name, item in value.items():
            if name != "arguments":
                yield from members(item)
    elif isinstance(value, list):
        for item in value:
            yield from members(item)


COMMAND = [sys.executable, "-m", "genspec", "trace", json.dumps(SAMPLE), "--model", "table:7", "--prompt", "1,2,1"]


def test_a_pipe_has_no_colours_and_a_terminal_has(process):
    assert "\x1b" not in process(*COMMAND[3:]).out
    for environment, coloured in ({"TERM": "xterm"}, True), ({"TERM": "xterm", "NO_COLOR": "1"}, False):
        printed = on_a_terminal(COMMAND, environment)
        assert ("\x1b[" in printed) == coloured
        assert re.sub(r"\x1b\[[\d;]*m", "", printed).replace("\r", "") == process(*COMMAND[3:]).out


def on_a_terminal(command, environment):
    ours, theirs = pty.openpty()
    started = subprocess.Popen(command, stdout=theirs, env=os.environ | environment)
    os.close(theirs)
    printed = b""
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:
            break
        if not piece:
            break
        printed += piece
    started.wait()
    os.close(ours)
    return printed.decode()


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_a_reader_that_leaves_early_ends_the_run_quietly(options):
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run([*COMMAND, *options], stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (128 + signal.SIGPIPE, b"")
