"""Family 5: the files of a model are held against each other, each fault alone, and traps that are no faults."""

import json

import pytest

from genspec.lint.chat_template import terminator
from genspec.lint.judge import check_paths
from genspec.lint.settings import Settings
from genspec.lint.target import parse_targets

CHATML = ("{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + "
          "'<|im_end|>' + '\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}")
GEMMA = ("{{ bos_token }}{% for message in messages %}{% if (message['role'] == 'assistant') %}{% set role = 'model' %}"
         "{% else %}{% set role = message['role'] %}{% endif %}{{ '<start_of_turn>' + role + '\n' + message['content'] "
         "| trim + '<end_of_turn>\n' }}{% endfor %}")
RAW = ("{%- for message in messages %}{%- if message.role == 'user' %}[INST] {{ message.content }} [/INST]"
       "{%- elif message.role == 'assistant' %}{{ message.content }}</s>{%- endif %}{%- endfor %}")
EOS = ("{% for m in messages %}{% if m['role'] == 'user' %}{{ 'Q: ' + m['content'] }}{% else %}"
       "{{ m['content'] + eos_token }}{% endif %}{% endfor %}")
MIXED = ("{% for m in messages %}{% if m['role'] == 'user' %}{{ m['content'] + '<|end|>' }}"
         "{% elif m['role'] == 'assistant' %}{{ m['content'] + '<|eot|>' }}{% endif %}{% endfor %}")
DOUBT = "{{ m['content'] + '<|end|>' }}{{ n['content'] + '<|eot|>' }}"
STATEMENTS = "{% set content = m['content'] %}{% if content is string %}<|end|>{% endif %}{{ content }}<|eot|>"
TOKENS = ("<|im_start|>", "<|im_end|>", "<start_of_turn>", "<end_of_turn>", "</s>", "<|end|>", "<|eot|>")


@pytest.mark.parametrize(("template", "expected"), [
    (CHATML, "<|im_end|>"), (GEMMA, "<end_of_turn>"), (RAW, "</s>"), (EOS, "<eos>"), (MIXED, "<|eot|>"), (DOUBT, None),
    (STATEMENTS, "<|eot|>"), ("", None), ("{{ content }}", None),
])
def test_the_terminator_of_a_template(template, expected):
    assert terminator(template, TOKENS, "<eos>") == expected


@pytest.fixture
def model(tmp_path):
    """Write a model folder, and return what is found in it."""

    def write(generation, config=None, tokenizer=None, **others):
        files = {"generation_config.json": generation, "config.json": config, "tokenizer_config.json": tokenizer}
        files |= {name.replace("__", "."): content for name, content in others.items()}
        for name, content in files.items():
            if content is not None:
                text = content if isinstance(content, str) else json.dumps(content)
                (tmp_path / name).write_text(text)
        found = check_paths([tmp_path], Settings(select=("GS5", "GS107", "GS406"))).findings
        return [(finding.code, finding.path.rpartition("/")[2], finding.pointer) for finding in found]

    return write


G, C, T = "generation_config.json", "config.json", "tokenizer_config.json"
ENDS = {"eos_token_id": 2, "pad_token_id": 0}
ADDED = {"added_tokens_decoder": {"2": {"content": "</s>"}, "7": {"content": "<|im_end|>"}}}
LLAMA = {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": 10}


@pytest.mark.parametrize(("files", "expected"), [
    (({**ENDS, "max_length": 99}, {"max_position_embeddings": 64}), [("GS107", G, ("max_length",))]),
    (({**ENDS, "max_length": 99}, {"text_config": {"max_position_embeddings": 64}}), [("GS107", G, ("max_length",))]),
    (({**ENDS, "max_length": 99}, {"max_position_embeddings": 64, "rope_scaling": {"factor": 4}}), []),
    (({**ENDS, "max_length": 99}, {"max_position_embeddings": 64, "model_type": "t5"}), []),
    (({**ENDS, "max_length": 64}, {"max_position_embeddings": 64}), []),
    (({"eos_token_id": [2, 10]}, LLAMA), [("GS406", G, ("eos_token_id",))]),
    (({"eos_token_id": 9}, LLAMA), []),
    (({"eos_token_id": 9}, {"vocab_size": 5, "text_config": {"vocab_size": 10}}), []),
    ((ENDS, {"eos_token_id": 7}), [("GS501", G, ("eos_token_id",))]),
    (({"eos_token_id": [2, 7]}, {"eos_token_id": 7}), []),
    ((ENDS, {"eos_token_id": 2, "text_config": {"eos_token_id": 7}}), []),
    ((ENDS, {}, {**ADDED, "eos_token": "<|im_end|>"}), [("GS501", G, ("eos_token_id",))]),
    ((ENDS, {}, {**ADDED, "eos_token": {"content": "</s>"}}), []),
    ((ENDS, {}, {**ADDED, "eos_token": "</s>", "chat_template": CHATML}), [("GS502", G, ("eos_token_id",))]),
    (({"eos_token_id": [2, 7]}, {}, {**ADDED, "chat_template": CHATML}), []),
    ((ENDS, {}, {**ADDED, "chat_template": [{"name": "default", "template": CHATML}]}),
     [("GS502", G, ("eos_token_id",))]),
    ((ENDS, {}, {"chat_template": CHATML}), []),
    (({"top_k": 0}, {"eos_token_id": 2}), [("GS503", G, ())]),
    (({**ENDS, "bos_token_id": 1}, {"bos_token_id": 3}), [("GS504", G, ("bos_token_id",))]),
    ((None, LLAMA, {"chat_template": CHATML}), [("GS505", C, ())]),
    ((None, LLAMA, {}), []),
    ((None, {"architectures": ["BertModel"]}, {"chat_template": CHATML}), []),
    ((ENDS, {"model_type": "mbart", "is_encoder_decoder": True, "decoder_start_token_id": 2}),
     [("GS506", G, ()), ("GS507", G, ())]),      # transformers does not look into config.json for the start
    (({**ENDS, "decoder_start_token_id": 0}, {"is_encoder_decoder": True}), []),
    ((ENDS, {"num_beams": 4}), [("GS508", C, ("num_beams",))]),
    (({**ENDS, "num_beams": 4}, {"num_beams": 4}), []),
    ((ENDS, {"num_beams": 1, "max_length": 20, "temperature": 1.0, "top_k": 50, "do_sample": False}), []),
])
def test_one_fault_one_finding(model, files, expected):
    assert model(*files) == expected


def test_the_template_may_be_a_file(model):
    assert model(ENDS, {}, ADDED, chat_template__jinja=CHATML) == [("GS502", G, ("eos_token_id",))]


def test_ids_may_come_from_the_vocabulary(model):
    vocabulary = {"added_tokens": [{"id": 7, "content": "<|im_end|>"}]}
    assert model(ENDS, {}, {"chat_template": CHATML}, tokenizer__json=vocabulary) == [("GS502", G, ("eos_token_id",))]


@pytest.mark.parametrize("content", ["", "[]", "{", '{"added_tokens_decoder": [1]}', '{"chat_template": 3}', "\x00"])
def test_strange_neighbours_say_nothing(model, content):
    assert model(ENDS, content, content, tokenizer__json=content) == []


def test_right_padding_is_told_when_asked_for(tmp_path):
    for name, content in ((G, ENDS), (C, LLAMA), (T, {"padding_side": "right"})):
        (tmp_path / name).write_text(json.dumps(content))
    (finding,) = check_paths([tmp_path], Settings(select=("GS509",))).findings
    assert finding.path.endswith(T)


@pytest.mark.parametrize(("eos", "expected"), [("</s>", ["GS502"]), ("<|im_end|>", [])])
def test_vllm_ends_rows_at_the_eos_of_the_tokenizer_too(tmp_path, eos, expected):
    for name, content in (("generation_config.json", ENDS), ("tokenizer_config.json",
                          {**ADDED, "eos_token": eos, "chat_template": CHATML})):
        (tmp_path / name).write_text(json.dumps(content))
    report = check_paths([tmp_path], Settings(targets=parse_targets(["vllm"]), select=("GS5",)))
    assert [finding.code for finding in report.findings] == expected
