"""Reading, refusing and writing configs. Text: docs/spec/config.md."""

import json
import pickle
from pathlib import Path

import pytest
from pydantic import ValidationError

from genspec.config.decision import Rejected
from genspec.config.generation_config import GenerationConfig


def clauses(text: str) -> list[str]:
    """Return the clauses under which JSON text is refused."""
    with pytest.raises(Rejected) as caught:
        GenerationConfig.from_json(text)
    return [reason.clause for reason in caught.value.reasons]


@pytest.mark.parametrize("members", [
    {},
    {"temperature": 2, "top_p": 1.0, "repetition_penalty": 1},
    {"eos_token_id": [2, 5], "pad_token_id": 0, "top_k": None},
    {"_from_model_config": True, "transformers_version": "4.51.0"},
    {"exponential_decay_length_penalty": [5, 1.2], "sequence_bias": [[[1, 2], -3.0]], "early_stopping": "never"},
    {"watermarking_config": {"bias": 2.5}, "bad_words_ids": [[3], [4, 5]], "stop_strings": ["\n", "é"]},
])
def test_what_was_set_is_written_back_as_it_was(members: dict[str, object], tmp_path: Path) -> None:
    config = GenerationConfig.from_dict(members)
    assert json.dumps(config.to_dict(), sort_keys=True) == json.dumps(members, sort_keys=True)
    file = tmp_path / "generation_config.json"
    file.write_text(config.to_json(), encoding="utf-8")
    assert GenerationConfig.read(file) == config
    assert GenerationConfig.from_json(config.to_json()).model_fields_set == config.model_fields_set


def test_which_fields_were_set_is_kept_null_ones_too() -> None:
    assert GenerationConfig.from_dict({"top_k": None, "top_p": 0.9}).model_fields_set == {"top_k", "top_p"}


def test_a_config_is_frozen_and_pickles() -> None:
    config = GenerationConfig(top_p=0.5)
    with pytest.raises(ValidationError):
        config.top_p = 0.6
    assert pickle.loads(pickle.dumps(config)) == config


@pytest.mark.parametrize(("text", "expected"), [
    ("", ["CONFIG-1"]),
    ("[]", ["CONFIG-1"]),
    ("null", ["CONFIG-1"]),
    ("{", ["CONFIG-1"]),
    ("[" * 100_000, ["CONFIG-1"]),
    ('{"top_k": ' + "9" * 10_000 + "}", ["CONFIG-1"]),
    ('{"top_p": NaN}', ["CONFIG-4"]),
    ('{"top_p": 1e400}', ["CONFIG-4"]),
    ('{"top_p": 0.5, "top_p": 0.6}', ["CONFIG-7"]),
    ('{"temprature": 0.5}', ["CONFIG-2"]),
    ('{"temperature": "0.5"}', ["CONFIG-3"]),
    ('{"do_sample": 1}', ["CONFIG-3"]),
    ('{"num_beams": 2.0}', ["CONFIG-3"]),
    ('{"num_beams": true}', ["CONFIG-3"]),
    ('{"temperature": true}', ["CONFIG-3"]),
])
def test_refused_text(text: str, expected: list[str]) -> None:
    assert clauses(text) == expected


def test_a_misspelt_key_is_refused_with_the_right_one() -> None:
    with pytest.raises(Rejected, match="temperature"):
        GenerationConfig.from_dict({"temprature": 0.5})
    with pytest.raises(Rejected, match="eos_token_id"):
        GenerationConfig.from_dict({"decoder_end_token_id": 2})


def test_a_file_that_is_not_utf8_is_refused_by_name(tmp_path: Path) -> None:
    file = tmp_path / "generation_config.json"
    file.write_bytes(b'{"top_p": 0.5}\xff')
    with pytest.raises(Rejected, match=r"generation_config\.json"):
        GenerationConfig.read(file)


def test_a_missing_file_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        GenerationConfig.read(tmp_path / "absent.json")


@pytest.mark.parametrize("facts", [
    {"prompt_length": -1}, {"prompt_length": 1.0}, {"prompt_length": True}, {"vocab_size": 0}, {"context_length": 0},
    {"architecture": "encoder"}, {"on_overflow": "ignore"}, {"profile": "hf-3"},
])
def test_facts_that_no_model_has_are_a_value_error(facts: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"must be|not known"):
        GenerationConfig().resolve(**facts)


def test_a_plan_is_a_value() -> None:
    config = GenerationConfig(do_sample=True, top_p=0.5, eos_token_id=[1, 2], bad_words_ids=[[3, 4]])
    plan = config.resolve(prompt_length=3).plan
    assert plan == config.resolve(prompt_length=3).plan
    assert pickle.loads(pickle.dumps(plan)) == plan
    with pytest.raises(AttributeError):
        plan.mode = plan.mode
