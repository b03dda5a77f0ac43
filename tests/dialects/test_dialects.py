"""Dialects are data that agrees with the rest of genspec, and what is spelled is what they say."""

import subprocess
import sys

import pytest

from genspec.config.fields import FIELDS
from genspec.config.mode import Mode
from genspec.config.profiles import PROFILES
from genspec.dialects import NAMES, dialect_named
from genspec.dialects.spelling import SPELLINGS, Facts, Unspoken, spelled

DIALECTS = {name: dialect_named(name) for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_a_dialect_names_what_there_is(name):
    dialect = DIALECTS[name]
    assert dialect.name == name
    assert dialect.profile in PROFILES
    assert set(dialect.fields) <= set(FIELDS), set(dialect.fields) - set(FIELDS)
    assert {option.spelling for option in dialect.options} <= set(SPELLINGS)
    assert set(dialect.modes) <= {mode.value for mode in PROFILES[dialect.profile].modes}
    assert len(dialect.fields) == len(dialect.options), "a field is spelled twice"
    assert {Mode(mode) for mode in dialect.modes}


def test_dialects_are_read_without_engines_and_without_pydantic():
    code = ("import sys; from genspec.dialects import NAMES, dialect_named; [dialect_named(name) for name in NAMES];"
            "print([name for name in ('pydantic', 'torch', 'numpy') if name in sys.modules])")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]", done.stdout


def test_fields_become_the_options_of_an_engine():
    options = spelled(DIALECTS["ctranslate2"], {
        "max_length": 9, "top_k": None, "eos_token_id": 2, "bad_words_ids": [[1, 2], [3]], "early_stopping": "never",
    }, Facts(4, 9, lambda token: f"<{token}>"))
    assert options == {
        **DIALECTS["ctranslate2"].always, "max_length": 5, "sampling_topk": 0, "end_token": [2],
        "suppress_sequences": [["<1>", "<2>"], ["<3>"]], "patience": 1000.0,
    }


@pytest.mark.parametrize(("values", "said"), [
    ({"eta_cutoff": 0.5}, "no word for `eta_cutoff`"),
    ({"early_stopping": False}, "no word for `early_stopping` = False: a row ends after so many hypotheses"),
    ({"num_beams": 0}, "`num_beams` = 0 is beyond the range of `beam_size` in CTranslate2"),
])
def test_what_an_engine_cannot_be_asked_names_the_field(values, said):
    with pytest.raises(Unspoken, match=said):
        spelled(DIALECTS["ctranslate2"], values, Facts())


def test_a_dialect_that_there_is_not_names_those_that_there_are():
    with pytest.raises(ValueError, match="no dialect is called 'vLLM'; known: ctranslate2"):
        dialect_named("vLLM")
