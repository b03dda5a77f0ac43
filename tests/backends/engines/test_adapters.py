"""Adapters ask what a dialect says and read what comes back: held to the kit with modules that only look like engines.

tests/backends/engines/test_engines.py asks the real ones.
"""

import json
import sys
from dataclasses import replace
from importlib import import_module, metadata

import pytest
from support import fake_engines

from genspec import GenerationConfig
from genspec.backends.call import Call
from genspec.backends.checkpoints.models import EncoderDecoder
from genspec.backends.decoder import Unsupported
from genspec.backends.engines.engine import EngineDecoder
from genspec.backends.engines.installed import require
from genspec.backends.engines.llama_cpp import LlamaCpp
from genspec.backends.engines.llama_cpp_chain import question
from genspec.backends.engines.unended import ended
from genspec.backends.reference import ReferenceDecoder
from genspec.conform import run
from genspec.dialects import NAMES, dialect_named, module_of
from genspec_reference import Scripted, Table

TABLE = Scripted("table", 3, 7, (2,))
FAKED = [name for name in NAMES if hasattr(fake_engines, module_of(name))]


def with_fake(name, monkeypatch):
    """Give an adapter that finds a fake in the place of its engine, and reads checkpoints of transformers."""
    module, dialect = module_of(name), dialect_named(name)
    for place, fake in getattr(fake_engines, module)().items():
        monkeypatch.setitem(sys.modules, place, fake)
    known = metadata.version
    monkeypatch.setattr(metadata, "version", lambda name: dialect.newest if name == dialect.package else known(name))
    adapter = import_module(f"genspec.backends.engines.{module}")
    monkeypatch.setattr(adapter, "EngineDecoder", Unconverted)
    monkeypatch.setattr(adapter, "LlamaCpp", UnconvertedChain, raising=False)
    return adapter.decoder()


def unconverted(engine):
    """Give an engine that reads checkpoints of transformers, with the file beside them that one of them looks for."""

    def load(folder, checkpoint):
        (folder / "genai_config.json").write_text('{"model": {}}')
        return engine.load(folder, checkpoint)

    return replace(engine, form="hf", load=load)


class Unconverted(EngineDecoder):
    def __init__(self, engine):
        super().__init__(unconverted(engine))


class UnconvertedChain(LlamaCpp):
    def __init__(self, engine):
        super().__init__(unconverted(engine))


@pytest.fixture(params=FAKED)
def decoder(request, monkeypatch):
    return with_fake(request.param, monkeypatch)


def test_an_adapter_gives_what_its_engine_answers(decoder):
    report = run(decoder, levels=["L3"], max_cases=40, shrink_seconds=0)
    assert report.status == 0, [(one.id, one.verdict.reason, one.input) for one in report.failures]
    assert report.summary["conforms"] > 8, report.summary


def test_models_that_no_checkpoint_holds_are_not_asked(decoder):
    history = decoder.decode(Call({"max_new_tokens": 2}, Scripted("history", 3, 7), ((1,),)))
    infinite = decoder.decode(Call({"max_new_tokens": 2}, Table(((0.0, float("-inf")),), ()), ((1,),)))
    assert isinstance(history, Unsupported), history
    assert isinstance(infinite, Unsupported), infinite


def test_what_a_dialect_has_no_word_for_is_not_asked(decoder):
    refused = decoder.decode(Call({"max_new_tokens": 2, "max_time": 1.0, "eta_cutoff": 0.5, "eos_token_id": 2},
                                  TABLE, ((1,),)))
    assert not isinstance(refused, Unsupported), refused         # neither has an effect here: they are not spelled


def test_an_engine_is_loaded_once_for_a_model(decoder):
    models = getattr(decoder, "decoder_only", decoder).models
    one, other = models.of(TABLE, (2,)), models.of(Scripted("table", 4, 7, (2,)), (2,))
    assert models.of(TABLE, (2,)) is one, "loaded again"
    assert other is not one


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_engine_says_what_to_install(name, monkeypatch):
    dialect = dialect_named(name)
    if dialect.runtime == "Node":
        pytest.skip("tests/backends/engines/test_transformers_js.py has this for a package of npm")
    monkeypatch.setitem(sys.modules, dialect.module, None)
    with pytest.raises(ImportError, match=rf"pip install 'genspec\[{dialect.extra}\]'"):
        require(dialect)


def test_an_engine_that_is_too_old_says_what_to_install(monkeypatch):
    dialect = dialect_named("ctranslate2")
    monkeypatch.setitem(sys.modules, "ctranslate2", fake_engines.ctranslate2()["ctranslate2"])
    monkeypatch.setattr(metadata, "version", lambda name: "3.24.0")
    with pytest.raises(ImportError, match=r"CTranslate2 3\.24\.0 is older than 4\.8.*pip install"):
        require(dialect)


def test_a_source_is_for_the_translator_of_ctranslate2(monkeypatch):
    decoder, model = with_fake("ctranslate2", monkeypatch), EncoderDecoder(Scripted("table", 3, 7, (2, 5)))
    call = Call({"max_new_tokens": 4, "decoder_start_token_id": 6, "eos_token_id": [5, 2], "num_beams": 2},
                model, ((), ()), ((1, 4), (3,)), "ctranslate2")
    rows = [[row.tokens for row in output.rows] for output in decoder.decode(call)]
    assert rows == [[row.tokens for row in output.rows] for output in ReferenceDecoder().decode(call)]
    kept = [folder for folder, _ in decoder.encoder_decoder.models.kept.values()]
    assert [json.loads((folder / "config.json").read_text())["eos_token"] for folder in kept] == ["<5>"]
    assert not decoder.decoder_only.models.kept, "the Generator was asked"


def test_a_model_that_reads_its_source_otherwise_than_a_checkpoint_is_not_asked(monkeypatch):
    call = Call({"max_new_tokens": 2, "decoder_start_token_id": 0}, TABLE, ((),), ((1,),), "ctranslate2")
    said = with_fake("ctranslate2", monkeypatch).decode(call)
    assert said == Unsupported("no checkpoint reads a source as a model of the kind table does")


def test_the_chain_of_llama_cpp_is_asked_with_biases(monkeypatch):
    report = run(with_fake("llama.cpp", monkeypatch), levels=["L0"], clauses=["TOP-K-4"])
    assert report.status == 0 and report.summary["conforms"], report.summary


def test_a_decoder_that_tells_probabilities_is_compared_with_those_of_the_scores(monkeypatch):
    decoder = with_fake("llama.cpp", monkeypatch)
    decoder.process = lambda request: {"probabilities": [1 / len(request.scores)] * len(request.scores)}
    report = run(decoder, levels=["L0"], clauses=["TOP-K-4"])
    assert {one.verdict.difference for one in report.failures} == {"probabilities"}, report.summary


@pytest.mark.parametrize(("operations", "tokens", "said"), [
    ([("top_k", {"k": 2}), ("top_k", {"k": 1})], [1], "once"),
    ([("repetition_penalty", {"penalty": 2.0})], [], "without a token"),
    ([("top_k", {"size": 2})], [1], "other arguments"),
    ([("repetition_penalty", {"penalty": 2.0})], [2], "outside of the vocabulary"),
    ([("temperature", {"temperature": 0.0})], [1], "none"),
])
def test_what_the_chain_of_llama_cpp_cannot_be_asked_has_a_reason(operations, tokens, said):
    assert said in question([1.0, 2.0], operations, tokens)


@pytest.mark.parametrize(("rows", "whole"), [
    ([(1, 0)], [(1, 0, 3)]),                                # the more probable EOS
    ([(1, 0), (1, 0), (0,)], [(1, 0, 3), (1, 0, 2), (0, 3)]),
    ([(1, 0, 1, 1)], [(1, 0, 1, 1)]),                       # ended by its length
    ([()], [(3,)]),
])
def test_rows_without_their_eos_get_the_more_probable_one(rows, whole):
    config = GenerationConfig(max_new_tokens=4, eos_token_id=[2, 3])
    plan = config.resolve(prompt_length=1, vocab_size=4).plan
    assert ended(rows, (0,), plan, lambda row: [0.0, 0.0, 1.0, 2.0]) == whole
