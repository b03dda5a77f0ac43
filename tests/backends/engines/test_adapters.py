"""Adapters ask what a dialect says and read what comes back: held to the kit with modules that only look like engines.

tests/backends/engines/test_engines.py asks the real ones.
"""

import sys
from dataclasses import replace
from importlib import import_module, metadata

import pytest
from support import fake_engines

from genspec.backends.call import Call
from genspec.backends.decoder import Unsupported
from genspec.backends.engines.engine import EngineDecoder, require
from genspec.conform import run
from genspec.dialects import NAMES, dialect_named, module_of
from genspec_reference import Scripted, Table

TABLE = Scripted("table", 3, 7, (2,))
FAKED = [name for name in NAMES if hasattr(fake_engines, module_of(name))]


@pytest.fixture(params=FAKED)
def decoder(request, monkeypatch):
    """Give an adapter that finds a fake in the place of its engine, and reads checkpoints of transformers."""
    module = module_of(request.param)
    dialect = dialect_named(request.param)
    fake = getattr(fake_engines, module)()
    monkeypatch.setitem(sys.modules, dialect.module, fake)
    known = metadata.version
    monkeypatch.setattr(metadata, "version", lambda name: dialect.newest if name == dialect.package else known(name))
    made = import_module(f"genspec.backends.engines.{module}").decoder()
    return EngineDecoder(replace(made.engine, form="hf"))


def test_an_adapter_gives_what_its_engine_answers(decoder):
    report = run(decoder, levels=["L3"], max_cases=40, shrink_seconds=0)
    assert report.status == 0, [(one.id, one.verdict.reason, one.input) for one in report.failures]
    assert report.summary["conforms"] > 20, report.summary


def test_models_that_no_checkpoint_holds_are_not_asked(decoder):
    history = decoder.decode(Call({"max_new_tokens": 2}, Scripted("history", 3, 7), ((1,),)))
    infinite = decoder.decode(Call({"max_new_tokens": 2}, Table(((0.0, float("-inf")),), ()), ((1,),)))
    assert isinstance(history, Unsupported), history
    assert isinstance(infinite, Unsupported), infinite


def test_what_a_dialect_has_no_word_for_is_not_asked(decoder):
    refused = decoder.decode(Call({"max_new_tokens": 2, "max_time": 1.0, "eta_cutoff": 0.5}, TABLE, ((1,),)))
    assert not isinstance(refused, Unsupported), refused         # neither has an effect here: they are not spelled


def test_an_engine_is_loaded_once_for_a_model(decoder):
    one, other = decoder.models.of(TABLE), decoder.models.of(Scripted("table", 4, 7, (2,)))
    assert decoder.models.of(TABLE) is one, "loaded again"
    assert other is not one


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_engine_says_what_to_install(name, monkeypatch):
    dialect = dialect_named(name)
    monkeypatch.setitem(sys.modules, dialect.module, None)
    with pytest.raises(ImportError, match=rf"pip install 'genspec\[{dialect.extra}\]'"):
        require(dialect)


def test_an_engine_that_is_too_old_says_what_to_install(monkeypatch):
    dialect = dialect_named("ctranslate2")
    monkeypatch.setitem(sys.modules, "ctranslate2", fake_engines.ctranslate2())
    monkeypatch.setattr(metadata, "version", lambda name: "3.24.0")
    with pytest.raises(ImportError, match=r"CTranslate2 3\.24\.0 is older than 4\.8.*pip install"):
        require(dialect)
