"""genspec convert: the engine's form on standard output, what is lost on standard error."""

import json

SAMPLED = '{"do_sample": true, "temperature": 0.7, "top_k": 20, "max_new_tokens": 64, "no_repeat_ngram_size": 3}'


def test_options_and_losses(genspec, model):
    result = genspec("convert", model(SAMPLED), "--to", "vllm")
    assert result.status == 1
    assert json.loads(result.out) == {
        "max_tokens": 64, "n": 1, "temperature": 0.7, "top_k": 20, "top_p": 1.0, "repetition_penalty": 1.0}
    assert result.err == "Not preserved in vLLM:\n  no_repeat_ngram_size = 3: vLLM has no word for it.\n"


def test_a_modelfile_has_lines(genspec, model):
    result = genspec("convert", model('{"do_sample": true, "stop_strings": ["a", "b"]}'), "--to", "ollama")
    assert 'PARAMETER stop "a"\nPARAMETER stop "b"\n' in result.out


def test_nothing_lost_leaves_zero(genspec, model):
    assert genspec("convert", model('{"max_new_tokens": 8}'), "--to", "vllm").status == 0


def test_json_holds_both(genspec, model):
    result = json.loads(genspec("convert", model(SAMPLED), "--to", "llama.cpp", "--format", "json").out)
    assert (result["version"], result["engine"], result["options"]["n_predict"]) == (1, "llama.cpp", 64)
    assert {loss["field"] for loss in result["not_preserved"]} >= {"no_repeat_ngram_size", "order"}


def test_wrong_usage_and_refusals(genspec, model):
    assert genspec("convert", model(SAMPLED), "--to", "vlm").status == 2
    assert "--to names no engine" in genspec("convert", model(SAMPLED)).err
    refused = genspec("convert", model('{"top_p": 2.0, "do_sample": true}'), "--to", "vllm")
    assert refused.status == 1 and refused.out.startswith("Refused, for 1 reason")
    assert genspec("convert", "nowhere", "--to", "vllm").status in (2, 3)


def test_what_stands_in_another_section_is_written_there(genspec, model):
    """The ids that end a row are in the section `model` of genai_config.json, and refused in `search`."""
    given = '{"max_new_tokens": 8, "eos_token_id": [2, 3]}'
    written = json.loads(genspec("convert", model(given), "--to", "onnxruntime-genai").out)
    assert (list(written), written["model"]) == (["search", "model"], {"eos_token_id": [2, 3]})
    assert "eos_token_id" not in written["search"]


def test_a_default_that_acts_is_lost_where_there_is_no_word_for_it(genspec, model):
    """In sampling transformers keeps 50 tokens where nobody says otherwise."""
    for top_k, status in (("", 1), (', "top_k": 50', 1), (', "top_k": 0', 0)):
        result = genspec("convert", model('{"do_sample": true, "temperature": 0.7' + top_k + "}"), "--to", "openai")
        assert (result.status, "top_k = 50: the OpenAI API has no word for it." in result.err) == (status, status == 1)


def test_an_engine_has_a_short_name(genspec, model):
    path = model('{"max_new_tokens": 5}')
    short, whole = (genspec("convert", path, "--to", name) for name in ("openvino", "openvino-genai"))
    assert (short.status, short.out) == (whole.status, whole.out)
