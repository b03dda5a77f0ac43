"""genspec explain: what it says of a config, and how it ends."""

import os

import pytest

from genspec.config.profiles import PROFILES


def test_explain_names_mode_budget_pipeline_and_what_has_no_effect(genspec, model):
    path = model('{"num_beams": 3, "max_new_tokens": 9, "max_length": 50, "repetition_penalty": 1.3, "top_k": 5}')
    status, out, err = genspec("explain", path, "--prompt-length", "7")
    assert (status, err) == (0, "")
    assert "Mode: beam_search" in out and "at most 9 new tokens after 7 of prompt" in out
    assert "1. repetition_penalty(" in out and "[REPETITION-PENALTY-1]" in out
    ignored = out[out.index("No effect"):]
    assert "max_length = 50" in ignored and "[LENGTH-3]" in ignored and "top_k = 5" in ignored and "[MODE-2]" in ignored


def test_explain_takes_the_folder_of_a_model(genspec, model):
    assert genspec("explain", model().parent) == genspec("explain", model())


def test_facts_come_from_the_config_beside(genspec, model, tmp_path):
    path = model('{"max_length": 30, "decoder_start_token_id": 2}')
    assert "23 new tokens after 7 of prompt" in genspec("explain", path, "--prompt-length", "7").out
    (tmp_path / "model" / "config.json").write_text('{"is_encoder_decoder": true, "vocab_size": 100}')
    assert "29 new tokens after the start token" in genspec("explain", path, "--prompt-length", "7").out


def test_a_refused_config_leaves_one_and_names_every_reason(genspec, model):
    status, out, err = genspec("explain", model('{"top_p": 1.5, "num_beams": 0, "do_sampling": true}'))
    assert (status, err) == (1, "")
    assert all(clause in out for clause in ("[TOP-P-1]", "[BEAMS-1]", "[CONFIG-2]"))


NO_CONFIGS = {
    "empty": "", "open": "{", "list": "[]", "deep": "[" * 100_000, "escape": "\x1b[2J", "control": '{"\x1b[2J": 1}',
    "utf16": b"\xff\xfe{",
}


@pytest.mark.parametrize("text", NO_CONFIGS.values(), ids=NO_CONFIGS)
def test_what_is_no_config_is_refused_without_a_traceback(genspec, model, text):
    status, out, err = genspec("explain", model(text))
    assert (status, err) == (1, "") and "[CONFIG-" in out and "\x1b" not in out


def test_keys_that_are_no_fields_are_named_and_left_out(genspec, model):
    status, out, err = genspec("explain", model('{"\\u001b[2J": 1, "alignment_heads": [], "max_new_tokens": 4}'))
    assert (status, err) == (0, "")
    assert "at most 4 new tokens" in out and "alignment_heads" in out and "[CONFIG-2]" in out and "\x1b" not in out


def test_a_prompt_that_does_not_fit_is_refused_when_asked(genspec, model):
    path = model('{"max_length": 10}')
    assert genspec("explain", path, "--prompt-length", "12").status == 0
    refused = genspec("explain", path, "--prompt-length", "12", "--on-overflow", "error")
    assert refused.status == 1 and "[LENGTH-5]" in refused.out


def test_the_profile_decides_order_and_what_has_no_effect(genspec, model):
    path = model('{"do_sample": true, "temperature": 0.7, "top_p": 0.9, "eta_cutoff": 0.1, "num_beams": 1}')
    status, out, err = genspec("explain", path, "--profile", "llama.cpp")
    assert (status, err) == (0, "") and out.startswith("Profile: llama.cpp\n\nMode: sample\n")
    assert out.index("top_p(") < out.index("temperature(temperature=") < out.index("No effect")
    assert "eta_cutoff = 0.1: profile llama.cpp has no eta_cutoff.  [PIPELINE-5]" in out[out.index("No effect"):]
    assert genspec("explain", path, "--profile", "hf") == genspec("explain", path)
    assert genspec("explain", model('{"num_beams": 2}'), "--profile", "mlx-lm").status == 1


@pytest.mark.parametrize("name", PROFILES)
def test_every_profile_is_explained_and_named_in_the_help(genspec, model, name):
    assert genspec("explain", model('{"do_sample": true, "top_k": 5}'), "--profile", name).status == 0
    assert name in genspec("explain", "--help").out


def test_explain_reads_standard_input_and_a_config_itself(genspec, process, model):
    text = '{"max_new_tokens": 4, "top_k": 5}'
    from_file = genspec("explain", model(text))
    assert genspec("explain", text) == process("explain", "-", given=text.encode()) == from_file


def test_standard_input_that_is_too_large_is_not_read(process):
    status, out, err = process("explain", "-", given=b" " * (4 * 1024 * 1024 + 1))
    assert (status, out) == (2, "") and err.startswith("genspec: error: <stdin>: The file has more than 4 MiB")


def test_a_path_that_is_not_there_leaves_three(genspec, tmp_path):
    (tmp_path / "empty").mkdir()
    for path, file in (("nowhere", "nowhere"), ("empty", "empty/generation_config.json")):
        status, out, err = genspec("explain", path)
        assert (status, out) == (3, "") and err.startswith(f"genspec: error: {file}: There is no such file")


def test_a_file_that_cannot_be_read_leaves_two(genspec, tmp_path):
    (tmp_path / "generation_config.json").mkdir()
    status, out, err = genspec("explain", ".")
    assert (status, out) == (2, "") and err.startswith("genspec: error: generation_config.json: A folder has this name")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names")
@pytest.mark.parametrize("name", ["generation_config.json", "config.json"])
def test_nobody_waits_for_a_pipe(genspec, model, name):
    folder = model().parent
    (folder / name).unlink(missing_ok=True)
    os.mkfifo(folder / name)
    assert genspec("explain", folder).status == (0 if name == "config.json" else 2)


def test_a_file_that_is_too_large_is_not_read(genspec, model):
    path = model()
    os.truncate(path, 200 * 1024 * 1024)
    assert "more than 4 MiB" in genspec("explain", path).err
