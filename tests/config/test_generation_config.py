"""Reading, refusing and writing configs. Text: docs/spec/config.md."""

import json
import pickle
from pathlib import Path

import pytest
from pydantic import ValidationError

from genspec.config.decision import Rejected
from genspec.config.generation_config import GenerationConfig, split_members
from genspec.config.reading import members


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
    assert plan.operation("top_p") in plan.operations
    assert [plan.operation(name) for name in ("top", "top_", "", "TOP_P", "min_p")] == [None] * 5
    with pytest.raises(AttributeError):
        plan.mode = plan.mode


def test_json_is_written_in_the_order_of_the_reference_two_blanks_deep() -> None:
    values = {"transformers_version": "5.23.0", "stop_strings": "é", "top_k": None, "_from_model_config": True,
              "eos_token_id": [2, 5], "max_new_tokens": 4, "do_sample": False}
    assert GenerationConfig.from_dict(values).to_json() == """{
  "max_new_tokens": 4,
  "stop_strings": "é",
  "do_sample": false,
  "top_k": null,
  "eos_token_id": [
    2,
    5
  ],
  "transformers_version": "5.23.0",
  "_from_model_config": true
}
"""


def test_a_program_may_use_keys_or_names_and_a_file_keys_alone(tmp_path: Path) -> None:
    config = GenerationConfig(from_model_config=True, commit_hash="a")
    assert config == GenerationConfig.from_dict({"_from_model_config": True, "_commit_hash": "a"})
    assert config.to_dict() == {"_from_model_config": True, "_commit_hash": "a"}
    assert GenerationConfig.from_json('{"_from_model_config": true, "_commit_hash": "a"}') == config
    assert clauses('{"from_model_config": true, "commit_hash": 3}') == ["CONFIG-2", "CONFIG-2"]
    file = tmp_path / "generation_config.json"
    file.write_text('{"from_model_config": true}', encoding="utf-8")
    with pytest.raises(Rejected, match="CONFIG-2"):
        GenerationConfig.read(file)
    with pytest.raises(Rejected, match="Did you mean _from_model_config"):
        GenerationConfig.from_json('{"from_model_config": true}')


def test_a_field_that_a_program_gives_by_key_and_by_name_is_refused() -> None:
    with pytest.raises(Rejected) as caught:
        GenerationConfig.from_dict({"_from_model_config": True, "from_model_config": False, "top_p": 2})
    assert [str(reason) for reason in caught.value.reasons][1:] == [
        "_from_model_config: from_model_config is the same field. Keep one of the two. [CONFIG-7]"
    ]
    assert clauses('{"_from_model_config": true, "from_model_config": true}') == ["CONFIG-2"]


@pytest.mark.parametrize(("key", "clause", "remedy"), [
    ("streamer", "CONFIG-9", "Pass it to generate."), ("topP", "CONFIG-2", "Did you mean top_p?"),
    ("hidden_size", "CONFIG-2", "Remove it."), ("zzz", "CONFIG-2", "Remove it."),
])
def test_a_key_that_is_no_field_is_refused_with_a_way_out(key: str, clause: str, remedy: str) -> None:
    with pytest.raises(Rejected) as caught:
        GenerationConfig.from_dict({key: None})
    (reason,) = caught.value.reasons
    assert (reason.field, reason.value, reason.clause, reason.remedy) == (key, None, clause, remedy)


def test_a_key_that_is_no_text_is_refused_too() -> None:
    with pytest.raises(Rejected) as caught:
        GenerationConfig.from_dict({5: 1, None: 2, "top_p": 2.0})
    assert [(reason.field, reason.clause) for reason in caught.value.reasons] == [
        (5, "CONFIG-2"), (None, "CONFIG-2"), ("top_p", "TOP-P-1"),
    ]


def test_members_are_split_by_key() -> None:
    values = {"_from_model_config": True, "from_model_config": 1, "topP": 0.5, "top_p": None}
    assert split_members(values) == (
        {"_from_model_config": True, "top_p": None}, {"from_model_config": 1, "topP": 0.5}
    )


def test_a_config_is_taken_as_it_is() -> None:
    config = GenerationConfig(top_p=0.5)
    assert GenerationConfig.model_validate(config) is config


def test_a_number_that_is_not_finite_is_refused_wherever_it_stands() -> None:
    with pytest.raises(Rejected) as caught:
        members('{"watermarking_config": {"bias": NaN, "bias": [-Infinity]}, "top_p": Infinity}')
    assert [(reason.field, reason.value, reason.clause) for reason in caught.value.reasons] == [
        ("", "NaN", "CONFIG-4"), ("", "-Infinity", "CONFIG-4"), ("bias", [pytest.approx(float("nan"), nan_ok=True)],
        "CONFIG-7"), ("", "Infinity", "CONFIG-4"),
    ]


@pytest.mark.parametrize(("text", "says"), [
    ("[]", "the text holds a list, not an object."), ("3", "the text holds an integer, not an object."),
    ("{", "the text is not JSON: Expecting property name"), ('{"a": 1} {}', "the text is not JSON: Extra data"),
    ('{"top_k": 1, "top_k": 1}', "top_k: the key stands twice. Keep one of the two. [CONFIG-7]"),
])
def test_what_is_wrong_with_a_text_is_said(text: str, says: str) -> None:
    with pytest.raises(Rejected) as caught:
        members(text)
    assert says in str(caught.value)


@pytest.mark.parametrize(("data", "said"), [
    (b'{"top_p": 0.5}\xff', "byte 14: the file is not UTF-8."),
    (b'\xff\xfe{', "byte 0: the file is not UTF-8."),
    (b'{"stop_strings": "\xc3"}', "byte 18: the file is not UTF-8."),
])
def test_a_byte_that_is_not_utf8_is_named(data: bytes, said: str, tmp_path: Path) -> None:
    file = tmp_path / "generation_config.json"
    file.write_bytes(data)
    with pytest.raises(Rejected) as caught:
        GenerationConfig.read(file)
    (reason,) = caught.value.reasons
    assert (reason.field, reason.clause, f"{reason.value}: {reason.message}") == (str(file), "CONFIG-1", said)


def test_a_byte_order_mark_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "generation_config.json"
    file.write_bytes(b"\xef\xbb\xbf{}")
    with pytest.raises(Rejected, match="CONFIG-1"):
        GenerationConfig.read(file)


@pytest.mark.parametrize(("values", "head"), [
    ({"top_p": 2.0}, "1 reason to refuse this config"),
    ({"top_p": 2.0, "top_k": -1}, "2 reasons to refuse this config"),
])
def test_a_refusal_counts_its_reasons_and_lists_them(values: dict[str, float], head: str) -> None:
    with pytest.raises(Rejected) as caught:
        GenerationConfig.from_dict(values)
    lines = str(caught.value).splitlines()
    assert lines == [head, *(f"  {reason}" for reason in caught.value.reasons)]
    assert [reason.field for reason in pickle.loads(pickle.dumps(caught.value)).reasons] == list(values)


def test_equal_configs_have_equal_hashes_lists_included() -> None:
    first, second = (GenerationConfig(eos_token_id=[1, 2], bad_words_ids=[[3]]) for _ in range(2))
    assert first == second
    assert len({first, second, GenerationConfig(eos_token_id=[1])}) == 2
    assert hash(GenerationConfig(top_p=1)) == hash(GenerationConfig(top_p=1.0))
