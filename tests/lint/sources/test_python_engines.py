"""Python programs that use engines: which calls count, what they set, where it stands, and edits of them."""

import pytest

from genspec.lint.finding import Edit
from genspec.lint.sources.document import Source
from genspec.lint.sources.python.quick import TRIGGERS, parse_python


def read(program):
    return parse_python("run.py", program.encode())


def places(program):
    return [(place.source, place.values) for place in read(program).places]


@pytest.mark.parametrize(("before", "call", "source", "values"), [
    ("from vllm import SamplingParams", "SamplingParams(temperature=0.7, top_k=-1)", Source.VLLM_PARAMS,
     {"temperature": 0.7, "top_k": -1}),
    ("import vllm  # completion", "vllm.LLM('m', generation_config='vllm')", Source.VLLM_ARGS,
     {"generation_config": "vllm"}),
    ("from openai import OpenAI\nc = OpenAI()", "c.chat.completions.create(model='m', top_p=2)",
     Source.OPENAI_PAYLOAD, {"model": "m", "top_p": 2}),
    ("import openai", "self.client.completions.create(model='m', n=2, extra_body={'top_k': 3})",
     Source.OPENAI_PAYLOAD, {"model": "m", "n": 2, "top_k": 3}),
    ("import openai", "openai.ChatCompletion.create(model='m', n=2)", Source.OPENAI_PAYLOAD,
     {"model": "m", "n": 2}),
    ("import openai", "c.responses.create(model='o3', max_output_tokens=5, top_p=0.9)", Source.OPENAI_PAYLOAD,
     {"model": "o3", "top_p": 0.9, "max_completion_tokens": 5}),
    ("import ollama", "ollama.chat(model='m', options={'num_ctx': 4096})", Source.OLLAMA_OPTIONS, {"num_ctx": 4096}),
    ("from ollama import Client\nc = Client()", "c.generate('m', 'hi', options=dict(top_k=5))",
     Source.OLLAMA_OPTIONS, {"top_k": 5}),
    ("from llama_cpp import Llama\nllm = Llama('m')  # completion", "llm('hi', repeat_penalty=1.1)",
     Source.LLAMA_CPP_CALL, {"repeat_penalty": 1.1}),
    ("import llama_cpp", "self.llm.create_chat_completion(top_k=5)", Source.LLAMA_CPP_CHAT, {"top_k": 5}),
    ("from litellm import completion", "completion(model='gpt-4o', top_p=0.5)", Source.LITELLM_CALL,
     {"model": "gpt-4o", "top_p": 0.5}),
    ("import ctranslate2", "t.translate_batch([x], beam_size=4)", Source.CTRANSLATE2_OPTIONS, {"beam_size": 4}),
    ("import ctranslate2\ng = ctranslate2.Generator('m')", "g.generate_batch([x], sampling_topk=0)",
     Source.CTRANSLATE2_OPTIONS, {"sampling_topk": 0}),
    ("import onnxruntime_genai as og  # generate", "params.set_search_options(top_p=0.9)", Source.GENAI_CONFIG,
     {"top_p": 0.9}),
    ("import openvino_genai as ov", "ov.GenerationConfig(max_new_tokens=5)", Source.OPENVINO_OPTIONS,
     {"max_new_tokens": 5}),
    ("import openvino_genai as ov\np = ov.LLMPipeline('m', 'CPU')", "p.generate('hi', num_beams=2)",
     Source.OPENVINO_OPTIONS, {"num_beams": 2}),
    ("from mlx_lm import generate\nfrom mlx_lm.sample_utils import make_sampler", "make_sampler(temp=0.7)",
     Source.MLX_OPTIONS, {"temp": 0.7}),
    ("import sglang as sgl\ne = sgl.Engine(model_path='m')", "e.generate(x, {'top_k': 5})", Source.SGLANG_PARAMS,
     {"top_k": 5}),
    ("from huggingface_hub import InferenceClient", "c.text_generation('hi', top_p=1.0)", Source.TGI_PARAMS,
     {"top_p": 1.0}),
    ("from text_generation import Client", "c.generate(1, stop_sequences=[2])", Source.TGI_PARAMS, {"stop": [2]}),
    ("import requests", "requests.post(f'{url}/api/generate', json={'options': {'top_k': 5}})",
     Source.OLLAMA_OPTIONS, {"top_k": 5}),
    ("import httpx\nURL = 'http://x/v1/completions'\nBODY = {'model': 'm', 'n': 2}",
     "client.post(URL, data=json.dumps(BODY))", Source.OPENAI_PAYLOAD, {"model": "m", "n": 2}),
])
def test_calls_of_engines(before, call, source, values):
    assert (source, values) in places(f"{before}\n{call}\n")


@pytest.mark.parametrize("program", [
    "SamplingParams(temperature=3)",                                            # no import says whose
    "from skimage import SamplingParams\nSamplingParams(temperature=3)",
    "import ollama\nsolver.chat(options={'num_ctx': 4})",                       # nobody knows the receiver
    "import ollama, groq\nc = groq.Groq()\nc.chat(options={'num_ctx': 4})",
    "import openai, groq\nc = groq.Groq()\nc.chat.completions.create(model='m', top_p=2)",
    "import openai\nself.session.get().responses.append(model='m')  # completion",
    "import groq\nc.chat.completions.create(model='m', top_p=2)",
    "import ollama\nollama.chat(model='m')",
    "import requests\nrequests.post('http://x/api/users', json={'options': {'a': 1}})  # generate",
    "import requests\nrequests.post(url, json={'options': {'top_k': 5}})  # generate",
    "import requests\nrequests.get('http://x/api/generate', json={'options': {'top_k': 5}})",
    "import transformers\nimport openvino_genai\npipe.generate(x, num_beams=2)",
    "import transformers\nmodel.generate(prompt, num_inference_steps=5, guidance_scale=2)",
    "import transformers\nrequests.post('http://x/api/generate', json={'options': {'top_k': 5}})",
])
def test_what_has_no_evidence_is_left_alone(program):
    assert places(program) == []


def test_what_is_no_literal_is_unknown():
    (place,) = read("import ollama\nollama.chat(model='m', options={'top_k': k, 'seed': 1, **more})").places
    assert (place.values, place.unknown, place.open) == ({"seed": 1}, {"top_k"}, True)


def test_assignments_to_a_config_of_openvino():
    program = "import openvino_genai as ov\nc = ov.GenerationConfig()\nc.num_beams = 2\nc.num_beams = 4\nc.top_k = n\n"
    (made, place) = read(program).places
    assert (made.source, made.values) == (Source.OPENVINO_OPTIONS, {})
    assert (place.values, place.unknown, place.open) == ({"num_beams": 4}, {"top_k"}, True)


@pytest.mark.parametrize(("program", "is_open"), [
    ("from vllm import SamplingParams\np = SamplingParams(top_k=5)\n", False),
    ("from vllm import SamplingParams\np = SamplingParams(top_k=5)\np.max_tokens = 5\n", True),
    ("from vllm import SamplingParams\np = SamplingParams(top_k=5)\nq.max_tokens = 5\n", False),
    ("from vllm import SamplingParams\ndef f():\n  p = SamplingParams(top_k=5)\n  if x:\n    p.n = 5\n", True),
    ("import onnxruntime_genai as og  # generate\np.set_search_options(top_k=5)\n", True),
])
def test_more_may_be_set_than_a_call_says(program, is_open):
    (place,) = read(program).places
    assert (place.values, place.open) == ({"top_k": 5}, is_open)


PROGRAM = "import ollama\nollama.chat(\n    model='m',\n    options={'top_k': 5, 'mirostat': 2},\n)\n"


@pytest.mark.parametrize(("edit", "wanted"), [
    (Edit("remove", (0, "mirostat")), PROGRAM.replace(", 'mirostat': 2", "")),
    (Edit("remove", (0, "top_k")), PROGRAM.replace("'top_k': 5, ", "")),
    (Edit("replace", (0, "top_k"), 7), PROGRAM.replace("5", "7")),
    (Edit("move", (0, "mirostat"), to=(0, "seed")), PROGRAM.replace("'mirostat'", "'seed'")),
    (Edit("add", (0, "seed"), 1), PROGRAM.replace("2}", "2, 'seed': 1}")),
])
def test_edits_of_members(edit, wanted):
    document = read(PROGRAM)
    assert document.rewrite(edit) == wanted


def test_where_a_member_stands():
    document = read(PROGRAM)
    assert tuple(document.locate((0, "mirostat"), False)) == (4, 26, 4, 39)
    assert tuple(document.locate((0, "mirostat"), True)) == (4, 26, 4, 36)
    assert tuple(document.locate((0,), False)) == (4, 13, 4, 40)


def test_few_triggers_are_looked_for():
    """Each takes some half a microsecond for a thousand bytes, in every Python file of a repository."""
    assert len(TRIGGERS) <= 6
