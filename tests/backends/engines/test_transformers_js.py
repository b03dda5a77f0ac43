"""The adapter of transformers.js, with a package that only looks like it, and the process of Node that it asks."""

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from test_docs import ROOT

from genspec.backends.call import Call
from genspec.backends.decoder import EngineEnded, Refusal
from genspec.backends.engines import transformers_js
from genspec.backends.engines.engine import EngineDecoder
from genspec.backends.engines.installed import node_package, require, version_of
from genspec.conform import run
from genspec.dialects.transformers_js import DIALECT
from genspec_reference import Scripted

TABLE = Scripted("table", 3, 7, (2,))
GREEDY = {"levels": ["L3"], "modes": ["greedy"], "kinds": ["table", "lines"], "inputs": [], "refuses": False,
          "fields": ["max_new_tokens", "eos_token_id", "repetition_penalty"]}


class Unconverted(EngineDecoder):
    """An engine that reads checkpoints of transformers."""

    def __init__(self, engine):
        super().__init__(replace(engine, form="hf"))


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Give the folder of a package of npm, below the current folder."""
    folder = tmp_path / "node_modules" / DIALECT.package
    folder.mkdir(parents=True)
    (folder / "package.json").write_text(json.dumps({"version": DIALECT.newest, "main": "fake.cjs"}))
    shutil.copy(ROOT / "tests" / "support" / "fake_transformers.cjs", folder / "fake.cjs")
    monkeypatch.chdir(tmp_path)
    return folder


@pytest.fixture
def decoder(package, monkeypatch):
    if shutil.which("node") is None:
        pytest.skip("there is no node here to run the script of the adapter")
    monkeypatch.setattr(transformers_js, "EngineDecoder", Unconverted)
    monkeypatch.setattr(transformers_js, "complete", lambda folder, given: None)
    return transformers_js.decoder()


def rows_of(answer):
    assert isinstance(answer, tuple), answer
    return [output.sequences for output in answer]


def test_the_adapter_gives_what_its_engine_answers(decoder):
    decoder.capabilities = GREEDY
    report = run(decoder, max_cases=24, shrink_seconds=0)
    assert report.status == 0, [(one.id, one.verdict.reason, one.input) for one in report.failures]
    assert report.summary["conforms"] > 8, report.summary


def test_shorter_prompts_are_padded_on_the_left_and_masked(decoder):
    call = Call({"max_new_tokens": 3}, TABLE, ((1, 4, 2), (5,)))
    alone = [rows_of(decoder.decode(call.alone(number)))[0] for number in range(2)]
    assert rows_of(decoder.decode(call)) == alone


def test_a_row_more_that_is_drawn_is_a_call_more(decoder):
    drawn = Call({"max_new_tokens": 2, "do_sample": True, "num_return_sequences": 3}, TABLE, ((1,),), seed=5)
    assert [len(row) for row in rows_of(decoder.decode(drawn))[0]] == [3, 3, 3]


def test_beams_are_asked_for_once_and_what_comes_is_given(decoder):
    beams = Call({"max_new_tokens": 2, "num_beams": 3, "num_return_sequences": 3}, TABLE, ((1,),))
    assert len(rows_of(decoder.decode(beams))[0]) == 1


def test_more_models_than_are_kept_are_loaded_again(decoder):
    calls = [Call({"max_new_tokens": 3}, Scripted("table", seed, 5), ((1,),)) for seed in range(10)]
    first = [rows_of(decoder.decode(call)) for call in calls]
    assert [rows_of(decoder.decode(call)) for call in calls] == first


def test_what_it_raises_is_a_refusal_with_its_name(decoder):
    refused = decoder.decode(Call({"max_new_tokens": 2, "bad_words_ids": [[1]]}, TABLE, ((1,),)))
    assert isinstance(refused, Refusal) and refused.message == "TypeError: no words", refused


def test_a_process_that_ends_is_no_answer_and_is_started_again(decoder):
    with pytest.raises(EngineEnded, match="node ended with status 3: nothing on standard error"):
        decoder.decode(Call({"max_new_tokens": 99}, TABLE, ((1,),)))
    assert rows_of(decoder.decode(Call({"max_new_tokens": 1}, TABLE, ((1,),))))


def test_a_script_that_fails_says_why(decoder):
    node = transformers_js.Node(("node", str(transformers_js.SCRIPT), os.path.abspath("/nowhere")))
    with pytest.raises(EngineEnded, match="ended with status 1: Error: Cannot find module"):
        node.ask({})


def test_without_node_it_says_so(package, monkeypatch):
    monkeypatch.setenv("PATH", os.devnull)
    monkeypatch.setattr(transformers_js, "EngineDecoder", Unconverted)
    with pytest.raises(ImportError, match="there is no `node`: install Node 20"):
        transformers_js.decoder()


def test_a_package_of_npm_is_found_with_its_version(package):
    assert node_package(DIALECT) == package.resolve()
    assert version_of(DIALECT) == DIALECT.newest


def test_a_package_of_npm_that_is_missing_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.prefix", str(tmp_path))
    with pytest.raises(ImportError, match=r"transformers\.js cannot be imported .*&& npm install --ignore-scripts @hu"):
        require(DIALECT)


def test_a_package_of_npm_that_is_too_old_is_named(package):
    (Path(package) / "package.json").write_text('{"version": "2.17.2"}')
    with pytest.raises(ImportError, match=r"2\.17\.2 is older than 4\.0"):
        require(DIALECT)
