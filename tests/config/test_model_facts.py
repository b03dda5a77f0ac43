"""What a model's own config.json says of it."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genspec.config.model_facts import CONTEXT_KEYS, NESTED, ModelFacts, model_facts, read_model_facts


@pytest.mark.parametrize("key", [
    "max_position_embeddings", "n_positions", "max_seq_len", "seq_length", "n_ctx", "max_target_positions",
])
def test_the_context_length_is_read_under_the_name_of_every_family(key: str) -> None:
    assert model_facts({key: 2048, "vocab_size": 100}) == ModelFacts(100, 2048)


@pytest.mark.parametrize("key", [
    "text_config", "llm_config", "language_config", "lm_config", "decoder", "thinker_config",
])
def test_a_model_of_text_inside_another_is_asked_where_the_top_says_nothing(key: str) -> None:
    inner = {"vocab_size": 7, "n_ctx": 8}
    assert model_facts({key: inner}) == ModelFacts(7, 8)
    assert model_facts({key: inner, "vocab_size": 9, "seq_length": 10}) == ModelFacts(9, 10)
    assert model_facts({key: inner, "vocab_size": 9}) == ModelFacts(9, 8)
    assert model_facts({"vision_config": inner}) == ModelFacts()


def test_the_first_name_and_the_first_place_decide() -> None:
    assert model_facts({"n_positions": 2, "max_position_embeddings": 1}).context_length == 1
    assert model_facts({"max_target_positions": 2, "n_positions": 1}).context_length == 1
    assert model_facts({"decoder": {"vocab_size": 2}, "text_config": {"vocab_size": 1}}).vocab_size == 1
    assert model_facts({"text_config": {"n_ctx": 1, "vocab_size": 3}, "max_target_positions": 2}) == ModelFacts(3, 2)


@pytest.mark.parametrize(("value", "fact"), [
    (1, 1), (0, None), (-1, None), (True, None), (8.0, None), ("8", None), (None, None), ([8], None),
])
def test_a_size_is_a_positive_integer_or_is_not_known(value: Any, fact: int | None) -> None:
    assert model_facts({"vocab_size": value, "n_positions": value}) == ModelFacts(fact, fact)


@pytest.mark.parametrize(("said", "architecture"), [
    (True, "encoder-decoder"), (False, "decoder-only"), (None, "decoder-only"), ("true", "decoder-only"),
    (1, "decoder-only"),
])
def test_an_encoder_is_there_only_when_the_file_says_true(said: Any, architecture: str) -> None:
    assert model_facts({"is_encoder_decoder": said}).architecture == architecture
    assert model_facts({}).architecture == "decoder-only"


def test_the_file_beside_is_read(tmp_path: Path) -> None:
    facts = {"vocab_size": 100, "max_position_embeddings": 64, "is_encoder_decoder": True, "é": "\n"}
    (tmp_path / "config.json").write_text(json.dumps(facts, ensure_ascii=False), encoding="utf-8")
    assert read_model_facts(tmp_path) == ModelFacts(100, 64, "encoder-decoder")


@pytest.mark.parametrize("data", [
    b"", b"{", b"[]", b"3", b"null", b'"vocab_size"', b"\xff\xfe{", b'{"vocab_size": 3}\xff', b"[" * 100_000,
    b'{"text_config": []}', b'{"text_config": "x", "decoder": 3}', b'{"vocab_size": ' + b"9" * 5_000 + b"}",
], ids=lambda data: str(data[:24]))
def test_a_broken_file_states_nothing_and_breaks_nothing(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_bytes(data)
    assert read_model_facts(tmp_path) == ModelFacts()


def test_a_file_that_is_not_there_or_is_a_folder_states_nothing(tmp_path: Path) -> None:
    assert read_model_facts(tmp_path) == ModelFacts()
    assert read_model_facts(tmp_path / "nowhere") == ModelFacts()
    (tmp_path / "config.json").mkdir()
    assert read_model_facts(tmp_path) == ModelFacts()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(
        st.sampled_from([*NESTED, *CONTEXT_KEYS, "vocab_size", "is_encoder_decoder"]), inner, max_size=4
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*NESTED, *CONTEXT_KEYS, "vocab_size"]), json_values, max_size=5))
def test_whatever_a_file_holds_facts_are_positive_integers(config: dict[str, Any]) -> None:
    facts = model_facts(config)
    for size in (facts.vocab_size, facts.context_length):
        assert size is None or (type(size) is int and size > 0), (config, facts)
