"""Python programs: what is read, what is not guessed, where it stands, and that no program makes the reader fail."""

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genspec.lint.check import check_document, default_rules
from genspec.lint.finding import Edit
from genspec.lint.fixing.fix import fixed
from genspec.lint.sources.document import ENGINE_OF, Source
from genspec.lint.sources.python.quick import parse_python
from genspec.lint.target import Target

SEED = """\
gen_output = model.generate(
    input_ids,
    max_length=50,
    num_beams=5,
    no_repeat_ngram_size=2,
    early_stopping=True,
    temperature=0.7,
    top_k=50,
    top_p=0.95,
    do_sample=True,
    num_return_sequences=3,
    bos_token_id=tokenizer.bos_token_id,
    eos_token_id=tokenizer.eos_token_id,
    pad_token_id=tokenizer.pad_token_id,
    decoder_start_token_id=tokenizer.bos_token_id,
    decoder_end_token_id=tokenizer.eos_token_id,
    output_scores=True,
    output_attentions=True,
    output_hidden_states=True,
    return_dict_in_generate=True,
)
"""
"""The call that genspec began with."""

TORCH = "import torch\nfrom transformers import AutoModelForCausalLM, GenerationConfig, pipeline\n"


def read(program, before=TORCH):
    return parse_python("run.py", (before + program).encode())


def place(program, before=TORCH):
    (found,) = read(program, before).places
    return found


def found(document):
    target = Target()
    return [(finding.code, finding.span.line, finding.span.column)
            for finding in check_document(document, target, default_rules(target))]


def test_the_call_that_genspec_began_with():
    assert found(read(SEED, "")) == [("GS901", 16, 5), ("GS602", 18, 5)]


@pytest.mark.parametrize(("program", "values"), [
    ("model.generate(x, max_new_tokens=4 * 8, temperature=-0.5, do_sample=not True)",
     {"max_new_tokens": 32, "temperature": -0.5, "do_sample": False}),
    ("model.generate(x, **{'top_k': 5, 'eos_token_id': [1, 2]})", {"top_k": 5, "eos_token_id": [1, 2]}),
    ("K = 7\nmodel.generate(x, top_k=K)", {"top_k": 7}),
    ("O = {'top_k': 5}\nmodel.generate(x, **O)", {"top_k": 5}),
    ("O = dict(top_k=5)\ndef f():\n    model.generate(x, **O)", {"top_k": 5}),
    ("def f():\n    o = {'top_k': 5}\n    model.generate(x, **o)", {"top_k": 5}),
    ("model.generation_config.top_k = 5\nmodel.generation_config.top_p = 0.5", {"top_k": 5, "top_p": 0.5}),
    ("c = GenerationConfig(top_k=5)", {"top_k": 5}),
    ("import transformers as t\nc = t.GenerationConfig(top_k=5)", {"top_k": 5}),
    ("pipe = pipeline('text-generation', top_k=5)", {"top_k": 5}),
    ("model.generate(x, top_k=1 // 0, top_p=0.5)", {"top_p": 0.5}),
])
def test_literals_and_constants_are_read(program, values):
    known = place(program).values
    assert {name: known[name] for name in values} == values
    assert "top_k" not in known or values.get("top_k") == known["top_k"]


@pytest.mark.parametrize("program", [
    "K = 1\nK = 2\nmodel.generate(x, top_k=K)",
    "K = 1\ndef f():\n    global K\n    K = 2\nmodel.generate(x, top_k=K)",
    "K = 1\nfor K in y:\n    pass\nmodel.generate(x, top_k=K)",
    "K = 1\ndef f(K):\n    model.generate(x, top_k=K)",
    "model.generate(x, top_k=args.top_k)",
    "model.generate(x, top_k=int('3'))",
    "model.generate(x, top_k=3 if y else 4)",
    "K = K2 = 1\nmodel.generate(x, top_k=K)",
    "K = L\nL = K\nmodel.generate(x, top_k=K)",
    "K = 1\ndef f():\n    for K in y:\n        model.generate(x, top_k=K)",
    "K = 1\ndef f():\n    K = g()\n    K = h()\n    model.generate(x, top_k=K)",
    "K = 1\nf = lambda K: model.generate(x, top_k=K)",
    "K = 1\ndef f():\n    return [model.generate(x, top_k=K) for K in y]",
    "K = 1\nfrom settings import K\nmodel.generate(x, top_k=K)",
    "K = 1\nwith y as K:\n    model.generate(x, top_k=K)",
    "K = 1\nmatch y:\n    case [K, *L]:\n        model.generate(x, top_k=K)",
    "L = 1\nmatch y:\n    case {'a': 1, **L}:\n        model.generate(x, top_k=L)",
    "K = 1\nif (K := y):\n    model.generate(x, top_k=K)",
    "K = 1\nK += 1\nmodel.generate(x, top_k=K)",
    "K = 1\ndel K\nmodel.generate(x, top_k=K)",
    "K = 1\ntry:\n    pass\nexcept E as K:\n    model.generate(x, top_k=K)",
    "model.generate(x, top_k=2 ** 99999999)",
])
def test_nothing_is_guessed(program):
    assert "top_k" in place(program).unknown


@pytest.mark.parametrize("program", [
    "O = {'top_k': 5}\nO['top_k'] = 6\nmodel.generate(x, **O)",
    "O = {'top_k': 5}\ndef f():\n    O.update(top_k=6)\nmodel.generate(x, **O)",
    "O = {'top_k': 5}\nif y:\n    O = {}\nmodel.generate(x, **O)",
    "model.generate(x, **options)",
    "model.generate(*x, **{})",
    "model.generate(x, **{name: 1})",
    "model.generate(x, **{**other})",
])
def test_what_a_spread_brings_in_may_be_anything(program):
    found = place(program)
    assert (found.values, found.open, found.whole) == ({}, True, False)


@pytest.mark.parametrize(("before", "program"), [
    ("", "report.generate(title='x', pages=3)"),
    ("", "generator.generate(max_new_tokens=3)"),
    ("import torch\n", "model.generate(x, temperature=0, top_k=1)"),
    ("from vllm import LLM\n", "llm.generate(x, do_sample=True, num_beams=2)"),
    ("from ctransformers import AutoModelForCausalLM\n", "llm.generate(x, max_new_tokens=3, repetition_penalty=1)"),
    ("from transformers import AutoTokenizer\nimport vllm\n", "vllm.LLM(m).generate(x)"),
    (TORCH, "uuid.generate()"),
    (TORCH, "generate(x, top_k=1)"),
    (TORCH, "pipe = pipeline('sentiment-analysis', top_k=1)"),
    (TORCH, "config.temperature = 0"),
    ("", "GenerationConfig(name='x')"),
    ("from google.genai.types import GenerationConfig\n", "GenerationConfig(temperature=0, top_k=1)"),
])
def test_what_is_no_text_generation_of_transformers_is_left_alone(before, program):
    assert [place for place in read(program, before).places if place.source not in ENGINE_OF] == []


@pytest.mark.parametrize(("program", "codes"), [
    ("model.generate(x, do_sample=False, temperature=0.7, max_new_tokens=5)", ["GS201"]),
    ("model.generate(x, temperature=0.7, max_new_tokens=5)", []),           # the model's own config may draw
    ("model.generate(x, max_length=9, max_new_tokens=5)", ["GS101"]),
    ("model.generate(x, max_new_tokens=5, do_sampl=True)", ["GS901"]),
    ("model.generate(x, max_new_tokens=5, pixel_values=y, speaker=3)", []),
    ("model.generate(x, max_new_tokens=5, stop_strings=['a'])", ["GS308"]),
    ("model.generate(x, max_new_tokens=5, stop_strings=['a'], tokenizer=t)", []),
    ("model.generate(x, max_new_tokens=5, stop_strings=['a'], **more)", []),
    ("model.generate(x, max_new_tokens=5, num_beams=1, length_penalty=2.0)", ["GS302"]),
    ("model.generate(x, max_new_tokens=5, length_penalty=2.0)", []),
    ("model.generate(x, max_new_tokens=5, do_sample=True, temperature=2)", ["GS203"]),
    ("model.generate(x, max_new_tokens=5, top_p=1.5)", ["GS204"]),
    ("model.generate(x, max_new_tokens=5, do_sample='false')", ["GS209"]),
    ("model.generate(x, max_new_tokens=5, penalty_alpha=0.6, top_k=4)", ["GS701"]),
    ("model.generate(x, generation_config=c, temperature=0.5)", ["GS704"]),
    ("c = GenerationConfig(temperature=0.5)", ["GS201"]),
    ("c = GenerationConfig(max_tokens=5)", ["GS902"]),
    ("model.generation_config.pad_token_id = '0'", ["GS405"]),
    ("model.generation_config.eos_tokenid = 0", ["GS901"]),
    ("pipe = pipeline('text-generation', model=m)\npipe(x, max_length=9)", ["GS102"]),
    ("pipe = pipeline('text-generation', model=m, max_length=9, max_new_tokens=5)", ["GS101"]),
    ("pipe = pipeline('text-generation', model=m)\npipe(x, top_p=7, eos_token_id=-1, temperature='1')",
     ["GS204", "GS404", "GS203"]),
    ("pipe = pipeline('text-generation', model=m)\npipe(x, temperature=0.7, top_p=0.9, batch_size=2)", []),
    ("model.generate(x)", []),
    ("model.generate(input_ids=x)", ["GS103"]),
    ("model.generate(x, c, use_cache=True)", ["GS704"]),
    ("if y:\n    model.generation_config.do_sample = False\nelse:\n    model.generation_config.temperature = 0.7", []),
    ("m.generation_config.do_sample = False\nm.generation_config.temperature = 0.7", ["GS201"]),
    ("f = lambda x: model.generate(x, top_p=1.5, max_new_tokens=5)", ["GS204"]),
    ("def f(x=model.generate(y, top_p=1.5, max_new_tokens=5)):\n    pass", ["GS204"]),
    ("@g(model.generate(y, top_p=1.5, max_new_tokens=5))\ndef f():\n    pass", ["GS204"]),
])
def test_one_fault_one_finding(program, codes):
    assert [code for code, _, _ in found(read(program))] == codes


def test_columns_count_characters():
    document = read('é = "ü"; model.generate(x, max_new_tokens=5, top_p=1.5)', TORCH)
    (finding,) = found(document)
    assert document.text.split("\n")[2][finding[2] - 1:].startswith("top_p=1.5")


@pytest.mark.parametrize(("program", "edit", "expected"), [
    ("f.generate(a, top_k=5, b=1)", Edit("remove", (0, "top_k")), "f.generate(a, b=1)"),
    ("f.generate(a, top_k=5)", Edit("remove", (0, "top_k")), "f.generate(a)"),
    ("f.generate(\n  a,\n  top_k=5,\n  b=1,\n)", Edit("remove", (0, "top_k")), "f.generate(\n  a,\n  b=1,\n)"),
    ("f.generate(\n    a,\n    top_k=5,\n)", Edit("remove", (0, "top_k")), "f.generate(\n    a,\n)"),
    ("f.generate(top_k=5)", Edit("replace", (0, "top_k"), 2.0), "f.generate(top_k=2.0)"),
    ("f.generate(top_k=5)  # why", Edit("move", (0, "top_k"), to=(0, "top_p")), "f.generate(top_p=5)  # why"),
    ("f.generate(top_k=5)", Edit("add", (0, "do_sample"), True), "f.generate(top_k=5, do_sample=True)"),
    ("f.generate(\n  top_k=5,\n)", Edit("add", (0, "top_p"), 1.0), "f.generate(\n  top_k=5,\n  top_p=1.0,\n)"),
    ("f.generate(**{'top_k': 5})", Edit("remove", (0, "top_k")), None),
])
def test_edits_leave_the_rest_as_it_is(program, edit, expected):
    after = read(program).rewrite(edit)
    assert after == (None if expected is None else TORCH + expected)


def test_a_fix_of_a_program():
    program = "model.generate(x, max_new_tokens=5, do_sample=True,\n               temperature=2)  # hot\n"
    target = Target()
    result = fixed(read(program), lambda document: check_document(document, target, default_rules(target)))
    assert result.document.text == TORCH + program.replace("=2)", "=2.0)")


ARGUMENTS = st.sampled_from([
    "top_k=5", "top_p=1.5", "temperature=0", "do_sample=False", "x", "eos_token_id='2'", "early_stopping=True",
    "num_beams=1", "max_length=3", "max_new_tokens=2", "decoder_end_token_id=1", "**more", "output_scores=True",
])


@given(st.lists(ARGUMENTS, unique=True, max_size=6), st.sampled_from([", ", ",\n    ", " ,  ", ",\r\n\t"]))
def test_a_fixed_program_still_is_one_and_is_clean_of_what_was_fixed(arguments, gap):
    ordered = sorted(arguments, key=lambda argument: "=" in argument or "*" in argument)
    target = Target()
    document = read(f"model.generate({gap.join(ordered)})  # é")
    result = fixed(document, lambda one: check_document(one, target, default_rules(target)), unsafe=True)
    ast.parse(result.document.text)
    assert result.document.text.endswith("  # é")
    left = {(one.code, one.pointer, one.message) for one in result.left}
    assert not left & {(one.code, one.pointer, one.message) for one in result.applied}


@given(st.binary(max_size=60) | st.text(max_size=60).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_no_bytes_make_it_fail(data):
    parse_python("run.py", b"model.generate(top_k=" + data)


@pytest.mark.parametrize("text", ["(" * 5000 + "generate", "x = " + "-" * 20000 + "generate", "def f(:\n generate",
                                  "generate\x00", "a.generate(" + "x." * 50000 + "y)"])
def test_hostile_programs_hold_nothing(text):
    assert parse_python("run.py", text.encode()).places == ()


def test_sources_are_told_apart():
    kinds = [one.source for one in read(
        "c = GenerationConfig(top_k=1)\nm.generate(x, top_k=1)\nm.generation_config.top_k = 1\n"
        "p = pipeline('text-generation', top_k=1)\n").places]
    assert kinds == [Source.CONFIG_CALL, Source.GENERATE_CALL, Source.ASSIGNMENT, Source.PIPELINE_CALL]


def test_a_client_of_a_server_generates_in_words_of_its_own():
    text = "import transformers\nclient.generate(x, repetition_penalty=0.9)\nself.client.generate(x, top_p=2.0)\n"
    assert parse_python("run.py", text.encode()).places == ()


def test_a_config_of_another_class_has_fields_of_its_own():
    text = "import transformers\nfrom optimum import GaudiGenerationConfig\n{}\ngeneration_config.reuse_cache = 1\n"
    assert parse_python("run.py", text.format("generation_config = GaudiGenerationConfig()").encode()).places == ()
    (place,) = parse_python("run.py", text.format("generation_config = model.generation_config").encode()).places
    assert place.values == {"reuse_cache": 1}
