"""genspec checkpoint: what it writes, what it says, and what it refuses."""

import json
from pathlib import Path

import numpy as np
import pytest

from genspec.backends.checkpoints import model_of
from genspec_reference import Scripted

LINES = {
    "hf": "transformers.AutoModelForCausalLM.from_pretrained('{folder}')",
    "gguf": "llama-server -m '{folder}'/model.gguf -fa off -ctk f32 -ctv f32",
}


@pytest.mark.parametrize("form", LINES)
def test_it_writes_a_checkpoint_and_says_how_to_use_it(genspec, tmp_path, form):
    arguments = ("--format", form, "--model", "bigram", "--seed", 7, "--vocab-size", 12, "--eos", "2,3")
    status, out, err = genspec("checkpoint", "model", *arguments)
    folder = str(tmp_path.resolve() / "model")
    assert (status, err) == (0, "")
    assert out.splitlines() == [
        f"model: a bigram model, format {form}",
        "  12 tokens, seed 7, EOS 2, 3; logits in float32 are equal to the reference's",
        f"  engine     {LINES[form].format(folder=folder)}",
        f"  reference  genspec.backends.checkpoints.model_of('{folder}')",
    ]
    assert model_of("model") == Scripted("table", 7, 12, (2, 3))
    assert json.loads((tmp_path / "model" / "genspec.json").read_text())["format"] == form


def test_the_example_of_the_guide_is_what_it_prints(genspec, tmp_path):
    page = (Path(__file__).parents[2] / "docs" / "guide" / "checkpoints.md").read_text("utf-8")
    command, *shown = page.partition("$ genspec ")[2].partition("```")[0].splitlines()
    assert genspec(*command.split()).out.replace(str(tmp_path.resolve()), "/path/to").splitlines() == shown


def test_the_linter_finds_nothing_in_a_checkpoint(genspec):
    for kind in ("history", "encoder-decoder"):
        genspec("checkpoint", kind, "--model", kind, "--eos", "2,5")
        status, out, _ = genspec("check", kind)
        assert status == 0, out


def test_a_bigram_model_of_48_tokens_without_eos_is_the_default(genspec):
    status, out, _ = genspec("checkpoint", "model")
    assert status == 0 and "no EOS" in out and model_of("model") == Scripted("table", 0, 48)


@pytest.mark.parametrize("kind", ["history", "encoder-decoder"])
def test_kinds_that_read_more_say_how_exact_they_are(genspec, kind):
    _, out, _ = genspec("checkpoint", "model", "--model", kind, "--eos", "2,2,1")
    assert f"a {kind} model" in out and "EOS 2, 1; logits in float32 are within 3.1e-05 of the reference's" in out
    assert ("AutoModelForSeq2SeqLM" in out) == (kind == "encoder-decoder")
    assert np.isfinite(model_of("model")((1, 2), *(((3,),) if kind == "encoder-decoder" else ()))).all()


def test_a_checkpoint_is_replaced_by_force_and_nothing_else_is(genspec, tmp_path):
    assert genspec("checkpoint", "model", "--seed", 1).status == 0
    refused = genspec("checkpoint", "model", "--seed", 2)
    assert refused.status == 2 and "holds a checkpoint already: --force replaces it" in refused.err
    assert model_of("model").seed == 1
    assert genspec("checkpoint", "model", "--seed", 2, "--force").status == 0 and model_of("model").seed == 2
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "notes").touch()
    refused = genspec("checkpoint", "other", "--force")
    assert refused.status == 2 and "is not empty, and no checkpoint of genspec" in refused.err


@pytest.mark.parametrize(("arguments", "says"), [
    ([], "missing argument 'DIR'"),
    ([""], "an argument is empty"),
    (["a", "b"], "unexpected extra argument 'b'"),
    (["a", "--format", "safetensors"], "--format: 'safetensors' is not one of 'hf', 'gguf', 'onnx', "),
    (["a", "--model", "llama"], "--model: 'llama' is not one of 'bigram', 'history', 'encoder-decoder'"),
    (["a", "--seed", "-1"], "--seed: -1 is not in the range from 0 up"),
    (["a", "--vocab-size", "0"], "--vocab-size: 0 is not in the range from 1 up"),
    (["a", "--vocab-size", "32000"], "--vocab-size: V is at most 1023 in a checkpoint of the kind bigram, not 32000"),
    (["a", "--model", "encoder-decoder", "--vocab-size", "256"], "--vocab-size: V is at most 255"),
    (["a", "--eos", "48"], "--eos: token 48 is not in [0, 48)"),
    (["a", "--eos", "-1"], "--eos: "),
    (["a", "--eos", "x"], "--eos: 'x' is not a list of token ids like 1,2,3"),
    (["a", "--format", "gguf", "--model", "encoder-decoder"], "gguf holds no encoder-decoder model: llama.cpp has"),
    (["a", "--format", "onnx"], "onnx needs a model with an EOS, as --eos 2"),
    (["file"], "is a file: name a folder"),
    (["file/a"], "file"),
    (["a", "--frce"], "no option is called '--frce': did you mean `--force`?"),
])
def test_what_is_asked_wrongly_is_answered_on_one_line(genspec, tmp_path, arguments, says):
    (tmp_path / "file").touch()
    status, out, err = genspec("checkpoint", *arguments)
    assert (status, out) == (2, "") and says in err and err.count("\n") == 1, err
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_an_engine_that_is_not_installed_is_said_with_what_to_install(genspec, monkeypatch):
    monkeypatch.setattr("genspec.backends.checkpoints.write.installed", lambda name: name != "ctranslate2")
    status, _, err = genspec("checkpoint", "model", "--format", "ctranslate2", "--eos", "2")
    assert status == 2 and "needs ctranslate2, which cannot be imported: pip install 'genspec[checkpoints-" in err


def test_help_names_every_format_and_kind(genspec):
    status, out, _ = genspec("checkpoint", "--help")
    assert status == 0
    for word in ("hf", "gguf", "onnx", "ctranslate2", "openvino", "bigram", "history", "encoder-decoder", "DIR"):
        assert word in out


def test_it_works_in_a_process_of_its_own(process):
    status, out, err = process("checkpoint", "model")
    assert (status, err) == (0, "") and out.startswith("model: a bigram model, format hf\n")
