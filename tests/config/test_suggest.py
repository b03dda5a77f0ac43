"""What is said of a key that is no field."""

import random
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genspec.config.suggest import CALLS, ENGINES, FILES, KEYS, Cause, misspelling, suggestion

MISSPELT = {
    "do_sampling": "do_sample", "MAX_LENGTH": "max_length", "eos_id": "eos_token_id", "temprature": "temperature",
    "maxNewTokens": "max_new_tokens", "top-p": "top_p", "topP": "top_p", "--top_k": "top_k", "Top P": "top_p",
    "max_new_token": "max_new_tokens", "max_lenght": "max_length", "repitition_penalty": "repetition_penalty",
    "num_beem": None, "num_bemas": "num_beams", "EOS_TOKEN_ID": "eos_token_id", "eosTokenId": "eos_token_id",
    "decoder_end_token_id": "eos_token_id", "pad_id": "pad_token_id", "early_stop": "early_stopping",
    "from_model_config": "_from_model_config", "lenght_penalty": "length_penalty", "use_chache": "use_cache",
}


@pytest.mark.parametrize(("key", "field"), MISSPELT.items())
def test_a_misspelt_field_is_recognised(key, field):
    found = suggestion(key)
    assert (found.field if found else None) == field
    assert found is None or found.cause is Cause.SPELLING


def test_the_seeds_end_token_is_said_to_exist_nowhere():
    found = suggestion("decoder_end_token_id")
    assert found.field == "eos_token_id" and "No version" in found.note


@pytest.mark.parametrize(
    ("key", "field", "who"),
    [
        ("max_tokens", "max_new_tokens", "OpenAI"), ("max_output_tokens", "max_new_tokens", "Gemini"),
        ("max_completion_tokens", "max_new_tokens", "OpenAI"), ("n_predict", "max_new_tokens", "llama.cpp"),
        ("num_predict", "max_new_tokens", "Ollama"), ("repeat_penalty", "repetition_penalty", "llama.cpp"),
        ("frequency_penalty", None, "vLLM"), ("presence_penalty", None, "OpenAI"), ("stop", "stop_strings", "OpenAI"),
        ("stop_token_ids", "eos_token_id", "vLLM"), ("n", "num_return_sequences", "OpenAI"), ("best_of", None, "vLLM"),
        ("seed", None, "vLLM"), ("ignore_eos", None, "vLLM"), ("min_tokens", "min_new_tokens", "vLLM"),
        ("top_n", None, ""), ("mirostat", None, "llama.cpp"), ("logit_bias", "sequence_bias", "OpenAI"),
        ("beam_size", "num_beams", "CTranslate2"), ("beam_width", "num_beams", "vLLM"),
        ("max_decode_length", "max_length", "T5X"), ("maxOutputTokens", "max_new_tokens", "Gemini"),
        ("stopSequences", "stop_strings", "Gemini"), ("max-tokens", "max_new_tokens", "OpenAI"),
    ],
)
def test_another_engines_word_is_translated(key, field, who):
    found = suggestion(key)
    assert (found.cause, found.field) == (Cause.ENGINE, field)
    assert who in found.origin


@pytest.mark.parametrize(
    ("key", "home"),
    [("vocab_size", "config.json"), ("task_specific_params", "config.json"), ("torch_dtype", "config.json"),
     ("eos_token", "tokenizer_config.json"), ("chat_template", "tokenizer_config.json")],
)
def test_a_key_of_another_file_is_sent_there(key, home):
    found = suggestion(key)
    assert (found.cause, found.origin) == (Cause.ELSEWHERE, home)


def test_an_argument_of_the_call_is_sent_there():
    assert suggestion("streamer").cause is Cause.CALL


@pytest.mark.parametrize("key", sorted(KEYS))
def test_a_field_needs_no_suggestion(key):
    assert suggestion(key) is None


ORDINARY = """boi_token_id sep_token_ids cls_token_id strategy model prompt width core_rate punct_penalty developer
    top_x max_iter num_epochs batch_size learning_rate output_dir hidden_size temperature_schedule beam_search x k p
    min_score max_tiles num_layers image_token_id audio_token_id patcher_config num_code_groups"""


@pytest.mark.parametrize("key", ORDINARY.split())
def test_ordinary_keys_are_left_alone(key):
    assert misspelling(key) is None


def test_the_tables_hold_no_field_and_point_at_fields():
    for table in (ENGINES, FILES, CALLS):
        assert not KEYS & table.keys()
        assert all(found.field is None or found.field in KEYS for found in table.values())
    assert not ENGINES.keys() & FILES.keys()


@given(st.text(max_size=60))
def test_any_key_is_answered(key):
    found = suggestion(key)
    assert found is None or found.field is None or found.field in KEYS


@pytest.mark.parametrize("name", sorted(name for name in KEYS if len(name) > 11 and not name.startswith("_")))
def test_a_swapped_pair_of_letters_in_a_long_name_is_seen_through(name):
    at = random.Random(name).randrange(4, len(name) - 2)
    typo = name[:at] + name[at + 1] + name[at] + name[at + 2:]
    if typo != name and not set(name[at:at + 2]) & set(string.punctuation):
        assert suggestion(typo).field == name, typo
