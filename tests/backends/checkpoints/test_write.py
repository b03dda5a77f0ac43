"""A checkpoint is there whole or not at all, and nothing else is lost for it."""

import os
import stat
import sys

import pytest

from genspec.backends.checkpoints import Checkpoint, checkpoint_of, formats, model_of, write_checkpoint
from genspec.backends.checkpoints.formats import TABLE, NotWritten, convert, hf
from genspec.backends.checkpoints.write import installed
from genspec_reference import Scripted

BIGRAM = Checkpoint("bigram", Scripted("table", 7, 8, (2,)))
OTHER = Checkpoint("history", Scripted("table", 8, 5))
FILES = {"config.json", "generation_config.json", "genspec.json", "model.safetensors", "tokenizer.json",
         "tokenizer_config.json"}


def names(folder):
    return {path.name for path in folder.iterdir()}


def test_a_folder_is_made_with_its_parents(tmp_path):
    folder = write_checkpoint(tmp_path / "a" / "b", BIGRAM)
    assert names(folder) == FILES and names(tmp_path / "a") == {"b"}
    assert checkpoint_of(folder) == BIGRAM and model_of(str(folder)) == BIGRAM.table


def test_the_folder_has_the_permissions_of_any_new_one(tmp_path):
    (tmp_path / "any").mkdir()
    folder = write_checkpoint(tmp_path / "model", BIGRAM)
    assert stat.S_IMODE(folder.stat().st_mode) == stat.S_IMODE((tmp_path / "any").stat().st_mode)


def test_an_empty_folder_is_filled(tmp_path):
    assert names(write_checkpoint(tmp_path, BIGRAM)) == FILES


def test_the_same_checkpoint_is_the_same_bytes(tmp_path):
    first, second = (write_checkpoint(tmp_path / name, BIGRAM) for name in "ab")
    assert all((first / name).read_bytes() == (second / name).read_bytes() for name in FILES)


def test_a_checkpoint_is_replaced_only_by_force(tmp_path):
    write_checkpoint(tmp_path / "model", BIGRAM)
    (tmp_path / "model" / "extra").touch()
    with pytest.raises(NotWritten, match="holds a checkpoint already: --force replaces it"):
        write_checkpoint(tmp_path / "model", OTHER)
    assert checkpoint_of(tmp_path / "model") == BIGRAM
    write_checkpoint(tmp_path / "model", OTHER, force=True)
    assert checkpoint_of(tmp_path / "model") == OTHER and names(tmp_path / "model") == FILES
    assert names(tmp_path) == {"model"}


@pytest.mark.parametrize("force", [False, True])
def test_what_is_no_checkpoint_is_never_touched(tmp_path, force):
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "thesis.txt").write_text("years")
    (tmp_path / "file").write_text("text")
    with pytest.raises(NotWritten, match="is not empty, and no checkpoint of genspec"):
        write_checkpoint(tmp_path / "work", BIGRAM, force=force)
    with pytest.raises(NotWritten, match="is a file"):
        write_checkpoint(tmp_path / "file", BIGRAM, force=force)
    assert names(tmp_path / "work") == {"thesis.txt"} and (tmp_path / "file").read_text() == "text"


def test_a_link_to_a_folder_stays_a_link(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "real")
    write_checkpoint(tmp_path / "link", BIGRAM)
    write_checkpoint(tmp_path / "link", OTHER, force=True)
    assert (tmp_path / "link").is_symlink() and checkpoint_of(tmp_path / "real") == OTHER


def test_a_failure_half_way_leaves_what_was_there(tmp_path, monkeypatch):
    write_checkpoint(tmp_path / "old", BIGRAM)

    def fail(checkpoint, folder):
        (folder / "half").touch()
        raise RuntimeError("no space")

    monkeypatch.setattr(hf, "write", fail)
    for name in ("old", "new"):
        with pytest.raises(RuntimeError, match="no space"):
            write_checkpoint(tmp_path / name, OTHER, force=True)
    assert names(tmp_path) == {"old"} and checkpoint_of(tmp_path / "old") == BIGRAM


def test_the_old_one_comes_back_when_the_new_one_cannot_take_its_place(tmp_path, monkeypatch):
    write_checkpoint(tmp_path / "model", BIGRAM)
    rename = os.rename

    def refuse(source, target):
        if os.path.basename(source) == "new":
            raise PermissionError("no")
        rename(source, target)

    monkeypatch.setattr(os, "rename", refuse)
    with pytest.raises(PermissionError):
        write_checkpoint(tmp_path / "model", OTHER, force=True)
    assert names(tmp_path) == {"model"} and checkpoint_of(tmp_path / "model") == BIGRAM


@pytest.mark.parametrize("text", [None, "", "[]", "{}", '{"version": 2}', '{"version": 1, "kind": "bigram"}',
                                  '{"version": 1, "kind": "bigram", "table": {"kind": "table", "eos": []}}',
                                  '{"version": 1, "kind": "x", "table": {"kind": "table", "seed": 1, "eos": []}}'])
def test_a_folder_that_is_no_checkpoint_has_no_model(tmp_path, text):
    if text is not None:
        (tmp_path / "genspec.json").write_text(text)
    with pytest.raises(ValueError, match="is no checkpoint of genspec"):
        model_of(tmp_path)


@pytest.mark.parametrize(("form", "checkpoint", "says"), [
    ("ggml", BIGRAM, "no format is called 'ggml': there are hf, gguf"),
    ("gguf", Checkpoint("encoder-decoder", BIGRAM.table), "holds no encoder-decoder model: llama.cpp has no BART"),
    ("gguf", Checkpoint("bigram", Scripted("table", 7, 8, (1, 2, 3, 4))), "at most 3 ids that end a row, not 4"),
    ("onnx", OTHER, "onnx needs a model with an EOS, as --eos 2"),
    ("ctranslate2", OTHER, "ctranslate2 needs a model with an EOS, as --eos 2"),
    ("openvino", OTHER, "openvino needs a model with an EOS"),
    ("openvino", Checkpoint("encoder-decoder", BIGRAM.table), "runs decoder-only models"),
])
def test_what_a_format_does_not_hold_is_refused(tmp_path, form, checkpoint, says):
    with pytest.raises(NotWritten, match=says):
        write_checkpoint(tmp_path / "model", checkpoint, form)
    assert not names(tmp_path)


@pytest.mark.parametrize("form", TABLE)
def test_a_package_that_is_missing_is_named_with_the_way_to_get_it(tmp_path, monkeypatch, form):
    monkeypatch.setattr("genspec.backends.checkpoints.write.installed", lambda name: False)
    with pytest.raises(NotWritten) as refused:
        write_checkpoint(tmp_path / "model", BIGRAM, form)
    for package in TABLE[form].packages:
        assert package in str(refused.value)
    assert f"pip install 'genspec[{TABLE[form].extra}]'" in str(refused.value)


def test_a_part_of_a_package_that_is_missing_is_missing():
    assert installed("os.path") and not installed("genspec_nothing") and not installed("genspec_nothing.part")


def test_a_converter_that_fails_is_quoted_and_leaves_nothing(tmp_path, monkeypatch):
    script = "import os, sys; print('noise'); print(os.listdir(sys.argv[1])); sys.exit('ValueError: not today')"

    class Failing:
        @staticmethod
        def write(checkpoint, folder):
            convert.convert(checkpoint, lambda source: ("-c", script, source))

    monkeypatch.setitem(sys.modules, "genspec.backends.checkpoints.formats.openvino", Failing)
    monkeypatch.setattr("genspec.backends.checkpoints.write.installed", lambda name: True)
    with pytest.raises(NotWritten, match="converter failed with status 1: ValueError: not today"):
        write_checkpoint(tmp_path / "model", BIGRAM, "openvino")
    assert not names(tmp_path)


def test_a_converter_reads_the_folder_of_transformers(tmp_path):
    script = "import shutil, sys; shutil.copytree(sys.argv[1], sys.argv[2])"
    convert.convert(BIGRAM, lambda source: ("-c", script, source, str(tmp_path / "copy")))
    assert names(tmp_path / "copy") == FILES - {"genspec.json"}


def test_the_extras_that_errors_name_are_those_of_the_project():
    import tomllib
    from pathlib import Path

    project = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text())["project"]
    assert {known.extra for known in TABLE.values()} <= project["optional-dependencies"].keys()
    assert formats.TRANSFORMERS[0] == "torch"
