"""Family 8: vLLM, the OpenAI API, and what holds for every engine with a dialect."""

import json

import pytest

from genspec.lint.check import check_document
from genspec.lint.rule import RULES
from genspec.lint.sources.document import Document, Place, Source
from genspec.lint.sources.json_text import parse_document
from genspec.lint.sources.positions import Locator
from genspec.lint.target import parse_targets


def found(source, values, codes, target="transformers", **place):
    """Give code, key and severity of what rules find in the options of a place."""
    return judged(document_of(source, values, **place), codes, target)


def document_of(source, values, **place):
    text = json.dumps(values)
    return Document("f", text, values, (), Locator(text), (Place(source, values, **place),))


def judged(document, codes, target):
    rules = [rule for code, rule in sorted(RULES.items()) if code.startswith(codes)]
    return [(finding.code, finding.pointer[-1] if finding.pointer else "", str(finding.severity))
            for finding in check_document(document, parse_targets([target]), rules)]


def in_file(values, codes, target):
    return judged(parse_document("generation_config.json", json.dumps(values).encode()), codes, target)


VLLM, OVERRIDE, SGLANG = Source.VLLM_PARAMS, Source.VLLM_OVERRIDE, Source.SGLANG_PARAMS
CHAT = {"messages": [{"role": "user", "content": ""}]}


@pytest.mark.parametrize(("values", "target", "expected"), [
    ({"top_p": 0.9, "max_new_tokens": 5}, "vllm", [("GS801", "top_p", "info")]),
    ({"top_p": 1.0, "num_beams": 4}, "vllm", []), ({"top_p": 0.9}, "vllm==0.7", []),
    ({"top_p": 0.9}, "transformers", []), ({"top_p": 2.0}, "vllm", []),
])
def test_801_names_the_first_field_that_vllm_applies(values, target, expected):
    assert in_file(values, "GS801", target) == expected


@pytest.mark.parametrize(("values", "expected"), [
    ({"do_sample": False}, ["do_sample"]), ({"temperature": 0.7}, ["temperature"]), ({"top_p": 0.7}, ["top_p"]),
    ({"do_sample": True, "temperature": 0.7}, []), ({"do_sample": False, "temperature": 0.0}, []),
    ({"eos_token_id": 2}, []), ({"do_sample": False, "temperature": 0.6}, ["do_sample"]),
])
def test_802_where_vllm_draws_and_transformers_does_not(values, expected):
    assert [key for _, key, _ in in_file(values, "GS802", "vllm")] == expected
    assert in_file(values, "GS802", "transformers") == []


@pytest.mark.parametrize(("values", "target", "expected"), [
    ({"temperature": 0.7, "top_k": 5, "top_p": 0.9, "min_p": 0.1, "repetition_penalty": 1.1, "max_new_tokens": 5},
     "vllm==0.8", []),
    ({"presence_penalty": 1.0}, "vllm==0.30", ["presence_penalty"]), ({"presence_penalty": 1.0}, "vllm==0.31", []),
    ({"skip_special_tokens": True}, "vllm==0.32", ["skip_special_tokens"]), ({"skip_special_tokens": True}, "vllm", []),
    ({"max_tokens": 5, "stop": "x", "eos_token_id": 2}, "vllm", ["max_tokens", "stop"]),
])
def test_803_what_an_override_may_hold(values, target, expected):
    assert [key for _, key, _ in found(OVERRIDE, values, "GS803", target)] == expected


def test_804_an_eos_in_an_override_is_not_read():
    assert found(OVERRIDE, {"eos_token_id": [2]}, "GS80") == [("GS804", "eos_token_id", "warning")]
    assert found(OVERRIDE, {"eos_token_id": []}, "GS804") == []


@pytest.mark.parametrize(("target", "severities"), [
    ("vllm==0.7", []), ("vllm==0.16", ["warning"]), ("vllm==0.17", []), ("vllm", []), ("vllm>=0.15", ["warning"]),
])
def test_805_what_bounds_every_request(target, severities):
    assert [severity for _, _, severity in in_file({"max_new_tokens": 64}, "GS805", target)] == severities
    assert found(OVERRIDE, {"max_new_tokens": 64}, "GS805", "vllm") == [("GS805", "max_new_tokens", "info")]


@pytest.mark.parametrize(("values", "place", "expected"), [
    ({}, {}, 1), ({"temperature": 0}, {}, 1), ({"max_tokens": 5}, {}, 0), ({"max_tokens": None}, {}, 0),
    ({}, {"unknown": frozenset({"max_tokens"})}, 0), ({}, {"open": True}, 0), ({}, {"whole": False}, 0),
    ({"max_new_tokens": 5}, {}, 0),
])
def test_806_sixteen_tokens_where_nothing_says_more(values, place, expected):
    assert len(found(VLLM, values, "GS806", **place)) == expected


@pytest.mark.parametrize(("key", "target", "expected"), [
    ("best_of", "vllm==0.11", 0), ("best_of", "vllm==0.12", 1), ("use_beam_search", "vllm==0.6.2", 0),
    ("use_beam_search", "vllm==0.6.3", 1), ("truncate_prompt_tokens", "vllm==0.16", 0), ("guided_decoding", "vllm", 1),
    ("n", "vllm", 0),
])
def test_807_from_the_version_that_removed_an_option(key, target, expected):
    assert len(found(VLLM, {key: 4}, "GS807", target)) == expected


@pytest.mark.parametrize(("values", "expected"), [
    ({"temperature": 0, "n": 2}, 1), ({"temperature": 1e-6, "n": 2}, 1), ({"temperature": 0.1, "n": 2}, 0),
    ({"temperature": 0, "n": 1}, 0), ({"n": 2}, 0), ({"temperature": 0}, 0),
])
def test_808_several_rows_of_greedy_search(values, expected):
    assert len(found(VLLM, values, "GS808")) == expected


@pytest.mark.parametrize(("model", "expected"), [
    ("o1", 1), ("o1-mini", 1), ("o3-mini-2025-01-31", 1), ("o4-mini", 1), ("gpt-5", 1), ("gpt-5-nano", 1),
    ("gpt-5-chat-latest", 0), ("gpt-5.1", 0), ("gpt-4o", 0), ("openai/o3", 0), ("o3-foo", 0), ("Qwen/Qwen3-8B", 0),
])
def test_816_is_about_models_that_refuse_the_options(model, expected):
    values = {**CHAT, "model": model, "max_tokens": 5}
    assert found(Source.OPENAI_PAYLOAD, values, "GS816") == [("GS816", "max_tokens", "error")] * expected


def test_816_takes_the_values_that_do_nothing():
    values = {**CHAT, "model": "o3", "temperature": 1, "top_p": 1.0, "presence_penalty": 0, "logprobs": False}
    assert found(Source.OPENAI_PAYLOAD, values, "GS816") == []
    values = {**CHAT, "model": "o3", "temperature": 0, "top_p": 0.9, "frequency_penalty": 1, "logprobs": True}
    assert [key for _, key, _ in found(Source.OPENAI_PAYLOAD, values, "GS816")] == [
        "temperature", "top_p", "frequency_penalty", "logprobs"]


@pytest.mark.parametrize(("source", "values", "expected"), [
    (VLLM, {"repetition_penalty": 0.0}, [("GS817", "repetition_penalty", "warning")]),
    (Source.LLAMA_CPP_FLAGS, {"repeat_penalty": 0.2}, [("GS817", "repeat_penalty", "warning")]),
    (VLLM, {"repetition_penalty": 0.9}, []), (VLLM, {"frequency_penalty": 1.5}, []),
    (VLLM, {"frequency_penalty": 0.5}, []),
    (SGLANG, {"frequency_penalty": 1.1}, [("GS817", "frequency_penalty", "info")]),
    (SGLANG, {"frequency_penalty": 1.1, "repetition_penalty": 1.0}, []),
])
def test_817_a_penalty_in_the_words_of_the_other(source, values, expected):
    assert found(source, values, "GS817") == expected


@pytest.mark.parametrize(("source", "key", "meant"), [
    (VLLM, "max_new_tokens", "max_tokens"), (VLLM, "do_sample", None), (VLLM, "num_return_sequences", "n"),
    (VLLM, "temprature", "temperature"), (VLLM, "topP", "top_p"), (SGLANG, "max_tokens", "max_new_tokens"),
    (SGLANG, "stop_strings", "stop"), (Source.GENAI_CONFIG, "max_new_tokens", "max_length"),
    (Source.OPENAI_PAYLOAD, "max_new_tokens", "max_completion_tokens"), (Source.OPENAI_PAYLOAD, "presence_penality",
     "presence_penalty"), (Source.TGI_PARAMS, "max_tokens", "max_new_tokens"),
])
def test_820_an_unknown_name_and_what_is_meant(source, key, meant):
    (finding,) = check_document(document_of(source, {key: 5}), parse_targets(["transformers"]), [RULES["GS820"]])
    assert (f"did you mean `{meant}`" in finding.message) == (meant is not None), finding.message
    assert (finding.fix is not None) == (meant is not None)


@pytest.mark.parametrize(("source", "values"), [
    (VLLM, {"best_of": 4, "max_tokens": 5, "extra_args": {}, "n": 2}),      # removed ones are 807's
    (Source.OPENAI_PAYLOAD, {**CHAT, "model": "m", "top_k": 5, "guided_json": {}, "my_own": 3, "tools": []}),
    (Source.TGI_PARAMS, {"watermark": True, "my_own": 3}), (Source.GENAI_CONFIG, {"past_present_share_buffer": True}),
])
def test_820_leaves_known_names_and_those_of_others_alone(source, values):
    assert found(source, values, "GS820") == []


@pytest.mark.parametrize(("source", "values", "target", "keys"), [
    (VLLM, {"top_p": 0.0, "min_p": 2, "temperature": -1, "n": 0}, "vllm", ["top_p", "min_p", "temperature", "n"]),
    (VLLM, {"temperature": 0, "top_k": -1, "presence_penalty": 2}, "vllm", []),
    (VLLM, {"temperature": 0.001}, "vllm", []), (VLLM, {"temperature": 3}, "vllm==0.23", []),
    (VLLM, {"temperature": 3}, "vllm==0.24", ["temperature"]), (VLLM, {"temperature": "0.7"}, "vllm", ["temperature"]),
    (SGLANG, {"top_k": 0, "repetition_penalty": 2.5}, "vllm", ["repetition_penalty", "top_k"]),
    (SGLANG, {"top_k": -1, "temperature": 5}, "vllm", []),
    (Source.OPENAI_PAYLOAD, {"temperature": 2.5, "top_logprobs": 21, "n": 1}, "vllm", ["temperature", "top_logprobs"]),
    (Source.GENAI_CONFIG, {"top_p": 1.5, "top_k": 0}, "vllm", ["top_p"]),
])
def test_821_ranges_are_those_of_the_engine(source, values, target, keys):
    assert sorted(key for _, key, _ in found(source, values, "GS821", target)) == sorted(keys)


@pytest.mark.parametrize(("source", "values", "keys"), [
    (VLLM, {"temperature": 0, "top_p": 0.9, "top_k": 5, "min_p": 0.0}, ["top_p", "top_k"]),
    (VLLM, {"temperature": 0, "top_p": 1.0, "top_k": -1, "presence_penalty": 1}, []),
    (VLLM, {"temperature": 0.7, "top_p": 0.9}, []), (VLLM, {"top_p": 0.9}, []),
    (Source.LLAMA_CPP_FLAGS, {"temperature": 0, "top_p": 0.95, "top_k": 20}, ["top_k"]),     # 0.95 is its default
    (Source.GENAI_CONFIG, {"do_sample": False, "top_p": 0.9, "temperature": 0.7}, ["top_p", "temperature"]),
    (Source.GENAI_CONFIG, {"top_p": 0.9}, []),              # of a call, which adds to a file
    (Source.GENAI_CONFIG, {"do_sample": True, "top_p": 0.9}, []), (SGLANG, {"temperature": 0, "top_p": 0.5}, ["top_p"]),
])
def test_822_what_the_best_token_leaves_without_effect(source, values, keys):
    assert [key for _, key, _ in found(source, values, "GS822")] == keys


@pytest.mark.parametrize(("source", "given", "meant"), [
    (VLLM, "topk", "top_k"), (VLLM, "minp", "min_p"), (SGLANG, "topP", "top_p"),
    (OVERRIDE, "temprature", "temperature"), (OVERRIDE, "topk", "top_k"), (OVERRIDE, "max_tokens", "max_new_tokens"),
])
def test_a_slip_in_a_name_is_told_what_was_meant(source, given, meant):
    document = document_of(source, {given: 1})
    (finding,) = check_document(document, parse_targets(["transformers"]), [RULES["GS803"], RULES["GS820"]])
    assert finding.message.endswith(f"did you mean `{meant}`?"), finding.message
    assert "?. " not in finding.sentences, finding.sentences
    assert finding.fix.message == f"Rename `{given}` to `{meant}`"


def test_ids_that_end_a_row_have_no_place_in_search():
    assert found(Source.GENAI_CONFIG, {"max_length": 64, "eos_token_id": 2}, "GS820") == [
        ("GS820", "eos_token_id", "error")]
