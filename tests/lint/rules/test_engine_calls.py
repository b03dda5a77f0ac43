"""TGI, llama.cpp and calls of engines in programs: what is found, where, and how it is fixed."""

import struct

import pytest

from genspec.lint.check import check_document
from genspec.lint.fixing.fix import fixed
from genspec.lint.rule import RULES
from genspec.lint.sources.gguf import parse_gguf
from genspec.lint.sources.python.quick import parse_python
from genspec.lint.sources.shell.script import parse_script
from genspec.lint.target import DEFAULT, parse_target

CHOSEN = [RULES[code] for code in ("GS810", "GS818", "GS819", "GS832", "GS833", "GS834", "GS835")]
TGI = "from huggingface_hub import InferenceClient\nc.text_generation('hi', {})\n"
MLX = "from mlx_lm import generate\nfrom mlx_lm.sample_utils import make_sampler\n{}\n"
LLAMA = "from llama_cpp import Llama\nllm = Llama('m.gguf')\n{}\n"
BATCH = "import ctranslate2\nt = ctranslate2.Translator('m')\nt.translate_batch([x], {})\n"


def found(document):
    return [(one.code, one.span.line, one.span.column) for one in check_document(document, DEFAULT, CHOSEN)]


def program(text):
    return parse_python("run.py", text.encode())


@pytest.mark.parametrize(("arguments", "wanted"), [
    ("top_p=0.9", []), ("top_p=1.0", ["GS818"]), ("top_p=0", ["GS818"]), ("typical_p=1", ["GS818"]),
    ("top_k=0", ["GS818"]), ("top_k=1", []), ("temperature=0", ["GS818"]), ("temperature=0.1", []),
    ("repetition_penalty=0", ["GS818"]), ("max_new_tokens=0", ["GS818"]), ("frequency_penalty=3", ["GS818"]),
    ("best_of=2", ["GS818"]), ("best_of=2, do_sample=True", []), ("best_of=2, top_k=5", []),
    ("best_of=2, do_sample=True, seed=1", ["GS818"]), ("do_sample=False, temperature=0.7", ["GS819"]),
    ("do_sample=False, temperature=1.0", []), ("do_sample=False, top_k=5, top_p=0.9", ["GS819"]),
    ("do_sample=True, temperature=0.7", []), ("temperature=0.7", []), ("do_sample=False, temperature=t", []),
])
def test_requests_to_tgi(arguments, wanted):
    assert [code for code, *_ in found(program(TGI.format(arguments)))] == wanted


@pytest.mark.parametrize(("before", "after"), [
    ("top_p=1.0, top_k=5", "top_k=5"), ("do_sample=False, temperature=0.7, top_k=5", "do_sample=False"),
])
def test_fixes_of_requests_to_tgi(before, after):
    result = fixed(program(TGI.format(before)), lambda document: check_document(document, DEFAULT, CHOSEN), unsafe=True)
    assert result.document.text == TGI.format(after)


@pytest.mark.parametrize(("text", "wanted"), [
    ("generate(m, t, p, temp=0.7, max_tokens=5)", [("GS832", 3, 19)]),
    ("generate(m, t, p, max_new_tokens=5)", [("GS832", 3, 19)]),
    ("generate(m, t, p, repetition_penalty=1.1)", [("GS832", 3, 19)]),
    ("generate(m, t, p, max_tokens=5, verbose=True, sampler=s, kv_bits=4)", []),
    ("make_sampler(temp=0.7, top_p=0.9)", []),
    ("make_sampler(0.7, temperature=0.7)", [("GS832", 3, 19)]),
])
def test_calls_of_mlx(text, wanted):
    assert found(program(MLX.format(text))) == wanted


def test_generate_of_mlx_took_the_temperature_once():
    document = program(MLX.format("generate(m, t, p, temp=0.7)"))
    assert check_document(document, (parse_target("mlx-lm==0.20"),), [RULES["GS832"]]) == []


@pytest.mark.parametrize(("text", "wanted"), [
    ("llm('hi', max_tokens=5)", []),
    ("llm('hi', None, 5)", []),
    ("llm('hi', **options)", []),
    ("llm('hi')", [("GS834", 3, 1)]),
    ("llm.create_completion('hi', stop=['x'])", [("GS834", 3, 1)]),
    ("llm.create_chat_completion(messages)", []),
    ("llm('hi', max_tokens=None)", []),
    ("llm('hi', max_new_tokens=5)", [("GS832", 3, 11), ("GS834", 3, 1)]),
    ("llm.create_chat_completion(messages, repetition_penalty=1.1)", [("GS832", 3, 38)]),
    ("llm.create_chat_completion(messages, echo=True)", [("GS832", 3, 38)]),
    ("llm('hi', max_tokens=5, top_p=2)", [("GS835", 3, 25)]),
])
def test_calls_of_llama_cpp_python(text, wanted):
    assert found(program(LLAMA.format(text))) == wanted


@pytest.mark.parametrize(("arguments", "wanted"), [
    ("beam_size=4, return_scores=True", []),
    ("num_beams=4", ["GS832"]), ("beamsize=4", ["GS832"]), ("foo=4", ["GS832"]),
    ("sampling_temperature=0.7", ["GS833"]), ("sampling_topp=0.9, sampling_topk=1", ["GS833"]),
    ("sampling_temperature=0.7, sampling_topk=0", []), ("sampling_temperature=0.7, sampling_topk=k", []),
    ("sampling_temperature=1", []), ("sampling_temperature=0.7, **more", []),
])
def test_calls_of_ctranslate2(arguments, wanted):
    assert [code for code, *_ in found(program(BATCH.format(arguments)))] == wanted


def test_a_penalty_for_another_name_is_seen_in_calls_too():
    rules = [RULES["GS817"], RULES["GS822"]]
    for text, wanted in (
        ("from litellm import completion\ncompletion(model='m', repetition_penalty=0)\n", ["GS817"]),
        (LLAMA.format("llm('hi', max_tokens=5, repeat_penalty=0)"), ["GS817"]),
        (LLAMA.format("llm('hi', max_tokens=5, temperature=0, top_k=5)"), ["GS822"]),
        ("import onnxruntime_genai as og\np.set_search_options(top_p=0.9)  # generate\n", []),
    ):
        assert [one.code for one in check_document(program(text), DEFAULT, rules)] == wanted, text


def test_an_argument_is_renamed_where_the_other_name_is_free():
    text = BATCH.format("num_beams=4, top_k=5")
    result = fixed(program(text), lambda document: check_document(document, DEFAULT, CHOSEN), unsafe=True)
    assert result.document.text == BATCH.format("beam_size=4, sampling_topk=5")


@pytest.mark.parametrize(("flags", "wanted"), [
    ("", []), ("--temp 0", []), ("--temp 0.7", ["GS810"]), ("--temp 0.7 $MORE", []), ("--seed 3", []),
    ("--temp 0.7 --top-k 20 --top-p 0.9 --min-p 0", []), ("--temp 0.7 --sampler-seq t", []),
    ("--temp 0.7 --top-k 20 --top-p 1.5 --min-p 0", ["GS835"]),
    ("--temp 0.7 --top-k 20 --top-p 0.9 --min-p 2", ["GS835"]),
    ("--temp -1", ["GS835"]), ("--repeat-penalty -1", ["GS835"]),
])
def test_flags_of_llama_cpp(flags, wanted):
    document = parse_script("run.sh", f"llama-server -m m.gguf {flags}\n".encode())
    assert [code for code, *_ in found(document)] == wanted


def test_a_gguf_file_that_recommends_nonsense():
    key = b"general.sampling.top_p"
    data = b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, len(key)) + key + struct.pack("<If", 6, 95.0)
    assert found(parse_gguf("m.gguf", data)) == [("GS835", 1, 1)]
