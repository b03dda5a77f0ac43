"""The JSON Schema and the field reference, both written from the metadata of the fields."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genspec.config.custom_keys import CUSTOM
from genspec.config.fields import FIELDS
from genspec.config.page import fields_page
from genspec.config.schema import json_schema
from genspec.config.values import reason_against


@pytest.fixture(scope="module")
def validator() -> Any:
    """Return a validator of generation configs, the schema itself checked against the meta-schema."""
    jsonschema = pytest.importorskip("jsonschema", reason="checks the schema with an independent implementation")
    jsonschema.Draft202012Validator.check_schema(json_schema())
    return jsonschema.Draft202012Validator(json_schema())


def test_the_schema_is_plain_json_with_a_name() -> None:
    schema = json_schema()
    assert json.loads(json.dumps(schema)) == schema
    assert schema["$schema"].endswith("2020-12/schema") and schema["$id"].startswith("https://") and schema["title"]
    assert schema["additionalProperties"] is False


def test_every_key_has_a_property_and_so_have_the_keys_that_models_read_and_nothing_else() -> None:
    assert list(json_schema()["properties"]) == [*(field.key for field in FIELDS.values()), *CUSTOM]


@pytest.mark.parametrize("field", FIELDS.values(), ids=FIELDS)
def test_a_property_says_what_the_field_says(field: Any) -> None:
    schema = json_schema()["properties"][field.key]
    assert schema["description"].startswith(field.doc)
    assert schema.get("default") == field.unset
    assert schema.get("deprecated", False) == (field.removed is not None)
    assert field.removed is None or field.removed in schema["description"]


def test_ranges_are_written_as_keywords() -> None:
    properties = json_schema()["properties"]
    assert properties["top_p"]["minimum"] == 0 and properties["top_p"]["maximum"] == 1
    assert properties["typical_p"]["exclusiveMinimum"] == 0 and properties["epsilon_cutoff"]["exclusiveMaximum"] == 1
    assert properties["max_new_tokens"] == {
        "description": FIELDS["max_new_tokens"].doc, "type": ["integer", "null"], "minimum": 1,
    }


@pytest.mark.parametrize(("config", "valid"), [
    ({}, True),
    ({"temperature": None, "eos_token_id": [1, 2], "early_stopping": "never", "_from_model_config": True}, True),
    ({"sequence_bias": [[[1, 2], -3.5]], "exponential_decay_length_penalty": [5, 1.1]}, True),
    ({"forced_decoder_ids": [[1, None], [2, 50359]], "force_words_ids": [[[1], [2]]], "dola_layers": "low"}, True),
    ({"top_p": 1.5}, False), ({"top_pp": 1}, False), ({"do_sample": "true"}, False), ({"do_sample": 1}, False),
    ({"early_stopping": 1}, False), ({"cache_implementation": "dynamo"}, False), ({"eos_token_id": -1}, False),
    ({"eos_token_id": [1, "2"]}, False), ({"exponential_decay_length_penalty": [5]}, False),
    ({"sequence_bias": [[1, 2]]}, False), ({"typical_p": 0}, False), ({"stop_strings": [1]}, False),
    ({"sequence_bias": [[[0], -1e9]]}, True), ({"sequence_bias": [[[-1], 1.0]]}, False),
    ({"sequence_bias": {"1": 2.0}}, False), ({"exponential_decay_length_penalty": [5, 1.1, 2]}, False),
    ({"exponential_decay_length_penalty": [0, 0]}, True), ({"exponential_decay_length_penalty": [5.5, 1.1]}, False),
    ({"exponential_decay_length_penalty": [-1, 1.1]}, False), ({"forced_decoder_ids": [[None, 1]]}, False),
    ({"forced_decoder_ids": [[1, -1]]}, False), ({"typical_p": 1}, True), ({"epsilon_cutoff": 1}, False),
    ({"epsilon_cutoff": 0}, True), ({"repetition_penalty": 0}, False), ({"length_penalty": -5.5}, True),
])
def test_the_schema_accepts_and_refuses(validator: Any, config: dict[str, Any], valid: bool) -> None:
    assert validator.is_valid(config) is valid


scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 100), st.floats(-2, 2).filter(lambda x: not x.is_integer()),
    st.sampled_from(["never", "low", "static", "constant", "dflash", "x"]),
)
json_values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=6,
)


@given(name=st.sampled_from(sorted(FIELDS)), value=json_values)
def test_the_schema_agrees_with_the_reasons(validator: Any, name: str, value: Any) -> None:
    mapping = name == "sequence_bias" and isinstance(value, dict)       # Python's form of it, which JSON has not
    valid = validator.is_valid({FIELDS[name].key: value})
    assert mapping or valid == (reason_against(name, value) is None), (name, value)


def test_the_page_has_an_entry_for_every_field_under_its_group() -> None:
    page = fields_page()
    headings = [line.removeprefix("### ") for line in page.splitlines() if line.startswith("### ")]
    groups = [line.removeprefix("## ") for line in page.splitlines() if line.startswith("## ")]
    assert headings == [field.key for field in FIELDS.values()]
    assert groups == list(dict.fromkeys(field.group for field in FIELDS.values()))


@pytest.mark.parametrize("field", FIELDS.values(), ids=FIELDS)
def test_the_entry_says_what_the_field_says(field: Any) -> None:
    entry = fields_page().split(f"\n### {field.key}\n")[1].split("\n### ")[0].split("\n## ")[0]
    said = [field.doc, f"| clause | {field.clause} |", field.since, field.removed, field.moved_to]
    assert all(text in entry for text in said if text)


def test_a_few_entries_word_by_word() -> None:
    page = fields_page()
    assert "| type | a number |\n| range | [0, 1] |\n| unset | 1.0 applies |\n| acts in | sample, beam_sample |" in page
    assert "| acts in | no mode: it never changes a token |" in page
    assert "| not honoured since | 4.56: use custom_generate='transformers-community/dola'" in page


@pytest.mark.parametrize("field", FIELDS.values(), ids=FIELDS)
def test_null_and_what_applies_when_unset_are_valid(validator: Any, field: Any) -> None:
    assert validator.is_valid({field.key: None})
    assert validator.is_valid({field.key: field.unset})


PROPERTIES = {
    "cache_implementation": {"enum": [
        "dynamic", "static", "offloaded", "offloaded_static", "quantized", "paged", "sliding_window", "hybrid",
        "hybrid_chunked", "offloaded_hybrid", "offloaded_hybrid_chunked", None,
    ]},
    "early_stopping": {"anyOf": [{"type": "boolean"}, {"enum": ["never"]}, {"type": "null"}], "default": False},
    "eos_token_id": {"anyOf": [
        {"type": "integer", "minimum": 0}, {"type": "array", "items": {"type": "integer", "minimum": 0}},
        {"type": "null"},
    ]},
    "exponential_decay_length_penalty": {
        "type": ["array", "null"], "items": False, "minItems": 2, "maxItems": 2,
        "prefixItems": [{"type": "integer", "minimum": 0}, {"type": "number", "minimum": 0}],
    },
    "sequence_bias": {"type": ["array", "null"], "items": {
        "type": "array", "items": False, "minItems": 2, "maxItems": 2,
        "prefixItems": [{"type": "array", "items": {"type": "integer", "minimum": 0}}, {"type": "number"}],
    }},
    "watermarking_config": {"type": ["object", "null"]},
    "do_sample": {"type": ["boolean", "null"], "default": False},
    "top_p": {"type": ["number", "null"], "minimum": 0, "maximum": 1, "default": 1.0},
    "diversity_penalty": {"type": ["number", "null"], "minimum": 0, "default": 0.0, "deprecated": True},
}


@pytest.mark.parametrize("key", PROPERTIES)
def test_a_few_properties_word_by_word(key: str) -> None:
    schema = dict(json_schema()["properties"][key])
    assert schema.pop("description")
    assert schema == PROPERTIES[key]


def test_a_description_ends_with_the_releases() -> None:
    properties = json_schema()["properties"]
    assert properties["min_p"]["description"] == f"{FIELDS['min_p'].doc} Since transformers 4.41."
    assert properties["return_legacy_cache"]["description"].endswith(
        "Since transformers 4.42. Not honoured since transformers 5.0: use the cache object that is returned."
    )


@pytest.mark.parametrize(("key", "valid"), [("$schema", True), ("_comment", True), ("comment", False)])
def test_comments_and_the_schema_of_the_editor_are_allowed(validator: Any, key: str, valid: bool) -> None:
    assert validator.is_valid({"top_k": 5, key: "a text"}) is valid
