"""One defect for each rule in each kind of place that it speaks of: found, with that code alone, at its line.

How to add a rule: a line in ROWS with its code, the settings with the defect and those without. They are written into
every kind of place of the rule, on top of what CARRIERS puts there. A rule that is not about single settings gets a
line in TEXTS with a whole file. A rule that speaks of one kind of place alone needs none: the examples of its page are
its rows. A new kind of place gets a function in CARRIERS that writes settings into a file, one a line.
"""

import json
import re
from collections.abc import Callable
from typing import NamedTuple

import pytest
from support.seed_files import gguf

from genspec.lint.example import encoded, files_of
from genspec.lint.judge import check_paths
from genspec.lint.page import target_of
from genspec.lint.rule import RULES
from genspec.lint.settings import Settings
from genspec.lint.sources.document import Source
from genspec.lint.target import parse_target

S = Source
ABSENT = object()
"""Takes a setting away that the carrier has."""


class Raw(str):
    """An expression of Python."""


class Row(NamedTuple):
    """A defect in settings."""

    bad: dict                       # what the settings have
    good: dict                      # the same without the defect
    where: str | None = None        # a text of the line where it is found; by default the last key of the bad ones
    also: tuple[str, ...] = ()      # codes that come with settings of this kind, right or wrong
    only: tuple[Source, ...] = ()   # places that the row is for; by default all that no other row is for
    target: str = ""                # by default the newest version of the rule's engine


# Kinds of places: settings become a file, one a line.


def python(value):
    return str(value) if isinstance(value, Raw) else repr(value)


def arguments(settings):
    return "".join(f"    {key}={python(value)},\n" for key, value in settings.items())


def call(before, opening, closing=")\n"):
    return lambda settings: ("run.py", f"{before}{opening}\n{arguments(settings)}{closing}")


def members(settings, indent=1):
    """Return settings as members of a JSON object, one a line."""
    return (",\n" + " " * indent).join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in settings.items())


def json_file(name, before="", after=""):
    return lambda settings: (name, f"{{{before}\n {members(settings)}\n{after}}}\n")


def options_file(name, key, around):
    """Return a carrier of settings inside a JSON object under a key."""
    return lambda settings: (name, f'{{{members(around)},\n "{key}": {{\n  {members(settings, 2)}\n }}}}\n')


def yaml_file(name, before, indent):
    return lambda settings: (
        name, before + "".join(f"{indent}{key}: {json.dumps(value)}\n" for key, value in settings.items()))


def assignments(settings):
    lines = "".join(f"model.generation_config.{key} = {python(value)}\n" for key, value in settings.items())
    return "run.py", TRANSFORMERS + lines


def modelfile(settings):
    lines = "".join(f"PARAMETER {key} {value if isinstance(value, str) else json.dumps(value)}\n"
                    for key, value in settings.items() if not key.isupper())
    others = "".join(f"{key} {value}\n" for key, value in settings.items() if key.isupper())
    return "Modelfile", others + lines


def flags(settings):
    return "serve.sh", "llama-server -m m.gguf" + "".join(
        f" \\\n    {key} {value}" for key, value in settings.items()) + "\n"


TRANSFORMERS = ("from transformers import AutoModelForCausalLM, GenerationConfig, pipeline\n\n"
                "model = AutoModelForCausalLM.from_pretrained(name)\n")
FILE = {"do_sample": True, "temperature": 0.7, "top_k": 20, "max_new_tokens": 64}
ENDS = {"eos_token_id": 2, "pad_token_id": 0}
CHAT = {"model": "m", "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 64}

CARRIERS: dict[Source, tuple[dict, Callable]] = {
    S.GENERATION_CONFIG: (FILE | ENDS, json_file("generation_config.json")),
    S.GENERATE_CALL: (FILE, call(TRANSFORMERS, "model.generate(\n    ids,")),
    S.CONFIG_CALL: (FILE, call(TRANSFORMERS, "config = GenerationConfig(")),
    S.ASSIGNMENT: (FILE, assignments),
    S.PIPELINE_CALL: (FILE, call(TRANSFORMERS, 'pipe = pipeline(\n    "text-generation", model=name,')),
    S.SECTION: (FILE, yaml_file("task.yaml", "task: t\ndataset_path: d\noutput_type: o\ngeneration_kwargs:\n", "  ")),
    S.VLLM_PARAMS: ({"max_tokens": 64}, call("from vllm import SamplingParams\n\n", "params = SamplingParams(")),
    S.VLLM_OVERRIDE: ({"temperature": 0.7},
                      yaml_file("serve.yaml", "model: m\noverride_generation_config:\n", "  ")),
    S.OPENAI_PAYLOAD: (CHAT, json_file("request.json")),
    S.LITELLM_CALL: ({"max_tokens": 64}, call(
        "import litellm\n\n", 'litellm.completion(\n    model="together_ai/m", messages=messages,')),
    S.OLLAMA_MODELFILE: ({"FROM": "qwen3", "num_ctx": 8192}, modelfile),
    S.OLLAMA_OPTIONS: ({"num_ctx": 8192}, options_file("request.json", "options", {"model": "m", "prompt": "Hi"})),
    S.LLAMA_CPP_FLAGS: ({"--temp": 0.7, "--top-k": 20, "--top-p": 0.9, "--min-p": 0}, flags),
    S.LLAMA_CPP_PARAMS: ({"prompt": "Hi", "n_predict": 64}, json_file("request.json")),
    S.LLAMA_CPP_CALL: ({"max_tokens": 64}, call(
        "from llama_cpp import Llama\n\nllm = Llama(model_path=path)\n", "llm.create_completion(\n    prompt,")),
    S.LLAMA_CPP_CHAT: ({"max_tokens": 64}, call(
        "from llama_cpp import Llama\n\nllm = Llama(model_path=path)\n",
        "llm.create_chat_completion(\n    messages=messages,")),
    S.GGUF: ({"general.architecture": "llama"}, lambda settings: ("model.gguf", gguf(settings))),
    S.TGI_PARAMS: ({"max_new_tokens": 64, "do_sample": True},
                   options_file("request.json", "parameters", {"inputs": "Hi"})),
    S.SGLANG_PARAMS: ({"max_new_tokens": 64}, options_file("request.json", "sampling_params", {"text": "Hi"})),
    S.CTRANSLATE2_OPTIONS: ({"max_length": 64}, call(
        "import ctranslate2\n\ngenerator = ctranslate2.Generator(path)\n",
        "generator.generate_batch(\n    prompts,")),
    S.GENAI_CONFIG: ({"do_sample": True, "max_length": 2048},
                     options_file("genai_config.json", "search", {"model": {"context_length": 4096}})),
    S.MLX_OPTIONS: ({}, call(
        "from mlx_lm import generate\nfrom mlx_lm.sample_utils import make_sampler\n\n", "sampler = make_sampler(")),
    S.MLX_CALL: ({"max_tokens": 64}, call(
        "from mlx_lm import generate, load\n\nmodel, tokenizer = load(name)\n",
        "generate(\n    model, tokenizer, prompt,")),
}

ROWS: dict[str, list[Row]] = {
    "GS101": [Row({"max_length": 80}, {})],
    "GS102": [Row({"max_new_tokens": ABSENT, "max_length": 80}, {})],
    "GS103": [Row({"max_new_tokens": ABSENT}, {}, "model.generate(")],
    "GS104": [Row({"max_new_tokens": ABSENT, "max_length": 80}, {})],
    "GS105": [Row({"min_new_tokens": 80}, {"min_new_tokens": 8})],
    "GS106": [Row({"min_length": 8}, {"min_new_tokens": 8})],
    "GS108": [Row({"max_new_tokens": 0}, {})],
    "GS201": [Row({"do_sample": False, "top_k": ABSENT}, {}, "temperature")],
    "GS202": [Row({"temperature": 0.0}, {})],
    "GS203": [Row({"temperature": "0.7"}, {})],
    "GS204": [Row({"top_p": 1.5}, {"top_p": 0.9})],
    "GS205": [Row({"top_k": ABSENT}, {}, "do_sample")],
    "GS206": [Row({"top_k": -1}, {"top_k": 0})],
    "GS207": [Row({"temperature": 0.001}, {})],
    "GS208": [Row({"num_beams": 1, "top_k": 1}, {"num_beams": 1})],
    "GS209": [Row({"use_cache": "true"}, {"use_cache": True})],
    "GS211": [Row({"num_beams": 1, "repetition_penalty": 2.0}, {"num_beams": 1, "repetition_penalty": 1.1})],
    "GS212": [Row({"no_repeat_ngram_size": 1}, {"no_repeat_ngram_size": 6})],
    "GS213": [Row({"repetition_penalty": 1.1, "no_repeat_ngram_size": 6}, {"no_repeat_ngram_size": 6})],
    "GS301": [Row({"num_beams": 1, "early_stopping": True}, {"num_beams": 4, "early_stopping": True})],
    "GS302": [Row({"num_beams": 1, "length_penalty": 2.0}, {"num_beams": 4, "length_penalty": 2.0})],
    "GS303": [Row({"num_beams": 4, "length_penalty": -1.0}, {"num_beams": 4, "length_penalty": 1.0})],
    "GS304": [Row({"num_beams": 2, "num_return_sequences": 3}, {"num_beams": 2, "num_return_sequences": 2})],
    "GS305": [Row({"num_beams": 4, "early_stopping": 1}, {"num_beams": 4, "early_stopping": True})],
    "GS306": [Row({"num_beams": 4, "streamer": Raw("streamer")}, {"num_beams": 1, "streamer": Raw("streamer")})],
    "GS307": [Row({"num_beams": 4, "prompt_lookup_num_tokens": 3}, {"num_beams": 1, "prompt_lookup_num_tokens": 3})],
    "GS308": [
        Row({"stop_strings": ["x"]}, {"stop_strings": ["x"], "tokenizer": Raw("tokenizer")}, only=(S.GENERATE_CALL,)),
        Row({"stop_strings": ["x"]}, {}),
    ],
    "GS401": [Row({"eos_token_id": ABSENT}, {}, "{")],
    "GS402": [Row({"pad_token_id": ABSENT}, {}, "{")],
    "GS403": [Row({"pad_token_id": 2}, {})],
    "GS404": [Row({"pad_token_id": -1}, {"pad_token_id": 1})],
    "GS405": [Row({"pad_token_id": "1"}, {"pad_token_id": 1})],
    "GS407": [Row({"suppress_tokens": [5], "forced_bos_token_id": 5},
                  {"suppress_tokens": [6], "forced_bos_token_id": 5})],
    "GS408": [Row({"bad_words_ids": [5, 6]}, {"bad_words_ids": [[5], [6]]})],
    "GS409": [Row({"eos_token_id": 2}, {"eos_token_id": Raw("tokenizer.eos_token_id")})],
    "GS410": [Row({"eos_token_id": 2, "forced_eos_token_id": 1}, {"eos_token_id": 2, "forced_eos_token_id": 2},
                  also=("GS409",))],
    "GS601": [Row({"return_dict_in_generate": False, "output_scores": True},
                  {"return_dict_in_generate": True, "output_scores": True})],
    "GS602": [Row({"return_dict_in_generate": True, "output_attentions": True}, {"return_dict_in_generate": True})],
    "GS603": [Row({"use_cache": False}, {"use_cache": True})],
    "GS604": [Row({"cache_implementation": "Static"}, {"cache_implementation": "static"})],
    "GS605": [Row({"cache_implementation": "dynamic", "max_cache_len": 5},
                  {"cache_implementation": "static", "max_cache_len": 5})],
    "GS701": [Row({"force_words_ids": [[5]]}, {})],
    "GS702": [Row({"num_beams": 4, "low_memory": True}, {"num_beams": 4})],
    "GS703": [Row({"forced_decoder_ids": [[1, 5]]}, {"forced_bos_token_id": 5})],
    "GS704": [Row({"generation_config": Raw("config")},
                  dict.fromkeys(FILE, ABSENT) | {"generation_config": Raw("config")}, "do_sample")],
    "GS705": [Row({"continuous_batching_config": {"block_size": 32}}, {})],
    "GS706": [Row({"tokenizer": "x"}, {})],
    "GS707": [Row({"return_legacy_cache": True}, {})],
    "GS708": [Row({"compile_config": {"mode": "default"}}, {})],
    "GS801": [Row({}, {"do_sample": True, "temperature": ABSENT, "top_k": ABSENT, "max_new_tokens": ABSENT},
                  "temperature")],
    "GS802": [Row({"do_sample": False}, {"do_sample": True}, also=("GS801",))],
    "GS805": [
        Row({"max_new_tokens": 64}, {"max_new_tokens": ABSENT}, also=("GS801",), target="vllm==0.16",
            only=(S.GENERATION_CONFIG,)),
        Row({"max_new_tokens": 64}, {}),
    ],
    "GS803": [Row({"max_tokens": 64}, {})],
    "GS804": [Row({"eos_token_id": [2, 7]}, {})],
    "GS806": [Row({"max_tokens": ABSENT, "temperature": 0.7}, {"temperature": 0.7}, "SamplingParams(")],
    "GS807": [Row({"best_of": 4}, {"n": 4})],
    "GS808": [Row({"temperature": 0, "n": 4}, {"temperature": 0.7, "n": 4})],
    "GS810": [Row({"--top-k": ABSENT}, {}, "--temp")],
    "GS811": [Row({"max_tokens": 64}, {"num_predict": 64})],
    "GS812": [Row({"FROM": "./m.gguf", "TEMPLATE": '"{{ .Prompt }}"', "num_ctx": ABSENT},
                  {"FROM": "./m.gguf", "TEMPLATE": '"{{ .Prompt }}"'}, "FROM", also=("GS813",))],
    "GS813": [Row({"FROM": "./m.gguf"}, {"FROM": "./m.gguf", "TEMPLATE": '"{{ .Prompt }}"'}, "FROM")],
    "GS814": [Row({"stop": '"</think>"'}, {"stop": '"<|im_end|>"'}, "stop")],
    "GS815": [Row({"num_ctx": 8192}, {})],
    "GS816": [Row({"model": "o3-mini", "max_tokens": 64},
                  {"model": "o3-mini", "max_tokens": ABSENT, "max_completion_tokens": 64})],
    "GS817": [
        Row({"--repeat-penalty": 0}, {"--repeat-penalty": 1.1}, only=(S.LLAMA_CPP_FLAGS,)),
        Row({"repeat_penalty": 0}, {"repeat_penalty": 1.1},
            only=(S.LLAMA_CPP_PARAMS, S.LLAMA_CPP_CALL, S.LLAMA_CPP_CHAT, S.OLLAMA_MODELFILE, S.OLLAMA_OPTIONS)),
        Row({"repetition_penalty": 0.2}, {"repetition_penalty": 1.1}),
    ],
    "GS818": [Row({"top_p": 1.0}, {"top_p": 0.9})],
    "GS819": [Row({"do_sample": False, "temperature": 0.7}, {"do_sample": False}, "do_sample")],
    "GS820": [Row({"temprature": 0.5}, {"temperature": 0.5})],
    "GS821": [Row({"top_p": 1.5}, {"top_p": 0.9})],
    "GS822": [
        Row({"do_sample": False, "top_p": 0.9}, {"top_p": 0.9}, only=(S.GENAI_CONFIG,)),
        Row({"--temp": 0, "--top-k": 0, "--top-p": 0.9}, {}, only=(S.LLAMA_CPP_FLAGS,)),
        Row({"temperature": 0, "top_p": 0.8}, {"temperature": 0.7, "top_p": 0.8}),
    ],
    "GS830": [Row({"temperature": "0.7 # not too wild"}, {"temperature": 0.7})],
    "GS831": [Row({"stop": "'<|im_end|>'"}, {"stop": '"<|im_end|>"'}, "stop")],
    "GS832": [
        Row({"temp": 0.7}, {}, only=(S.MLX_CALL,)),
        Row({"max_lenght": 5}, {}, only=(S.CTRANSLATE2_OPTIONS,)),
        Row({"temprature": 0.5}, {}, only=(S.LLAMA_CPP_CALL, S.LLAMA_CPP_CHAT)),
        Row({"temperature": 0.5}, {"temp": 0.5}),
    ],
    "GS833": [Row({"sampling_temperature": 0.7}, {"sampling_topk": 20, "sampling_temperature": 0.7})],
    "GS834": [Row({"max_tokens": ABSENT}, {}, "create_completion(")],
    "GS835": [
        Row({"general.sampling.top_p": 95.0}, {"general.sampling.top_p": 0.95}, only=(S.GGUF,)),
        Row({"--top-p": 95}, {}, only=(S.LLAMA_CPP_FLAGS,)),
        Row({"top_p": 95}, {"top_p": 0.95}),
    ],
    "GS901": [Row({"temprature": 0.5}, {})],
    "GS902": [Row({"max_tokens": 64}, {})],
    "GS904": [Row({"_from_model_config": True}, {})],
    "GS905": [Row({"sampling": {"top_k": 5}}, {})],
    "GS911": [Row({"_from_model_config": True, "chat_format": "chatml"}, {"chat_format": "chatml"})],
}
"""The defect of each rule, for the places that it speaks of."""

GENERATION = "generation_config.json"
VLLM = "from vllm import LLM, SamplingParams\n\nllm = LLM(model=name)\n"
CLEAN = json.dumps(FILE | ENDS, indent=1)
TEXTS: dict[tuple[str, Source], tuple[str, object, object, int]] = {
    ("GS809", S.VLLM_PARAMS): (
        "run.py", VLLM + "params = SamplingParams(max_tokens=64)\n",
        VLLM + "params = llm.get_default_sampling_params()\nparams.max_tokens = 64\n", 4),
    ("GS903", S.GENERATION_CONFIG): (GENERATION, CLEAN.replace('"top_k": 20,', '"top_k": 20'), CLEAN, 4),
    ("GS906", S.GENERATION_CONFIG): (GENERATION, '{\n "width": 3\n}', CLEAN, 1),
    ("GS907", S.GENERATION_CONFIG): (GENERATION, None, CLEAN, 1),           # a folder of that name
    ("GS908", S.GENERATION_CONFIG): (GENERATION, CLEAN.replace("{", '{\n "top_k": 20,', 1), CLEAN, 5),
    ("GS909", S.GENERATION_CONFIG): (GENERATION, CLEAN.replace("0.7", "NaN"), CLEAN, 3),
    ("GS910", S.GENERATION_CONFIG): (GENERATION, b"\xef\xbb\xbf" + CLEAN.encode(), CLEAN, 1),
    ("GS912", S.GENERATION_CONFIG): (
        GENERATION, "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0" * 64 + "\nsize 1\n", CLEAN, 1),
    ("GS913", S.GENERATION_CONFIG): (
        "run.py", TRANSFORMERS + "model.generate(ids, max_new_tokens=5)  # genspec: ignore[GS201]\n",
        TRANSFORMERS + "model.generate(ids, max_new_tokens=5)\n", 4),
}
"""Whole files: the name, the text with the defect, the one without, and the line."""

EXAMPLES = frozenset(
    code for code, rule in RULES.items()
    if len(rule.sources) == 1 and code not in ROWS and rule.bad is not None and all(code != one for one, _ in TEXTS))
"""Rules of which the examples are the rows."""

PAIRS = [(code, source) for code, rule in sorted(RULES.items()) for source in sorted(rule.sources)]


def row_of(code, source):
    """Return the row for a pair: the one that names the place, or the one that names none."""
    rows = ROWS.get(code, [])
    return next((row for row in rows if source in row.only), next((row for row in rows if not row.only), None))


def test_every_rule_has_a_row_for_every_kind_of_place_that_it_speaks_of():
    missing = [(code, source.name) for code, source in PAIRS
               if not row_of(code, source) and (code, source) not in TEXTS and code not in EXAMPLES]
    assert missing == []
    assert set(ROWS) <= set(RULES) and set(TEXTS) <= set(PAIRS)
    assert {source for _, source in PAIRS} <= set(CARRIERS) | {S.MODEL_FOLDER}


def carried(source, settings):
    """Write settings into a file, on top of what the kind of place has."""
    base, write = CARRIERS[source]
    return write({key: value for key, value in (base | settings).items() if value is not ABSENT})


def seen(folder, files, code, also=(), target=""):
    """Check files as a user does, for the target of a rule. Returns codes and lines."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir() if content is None else path.write_bytes(encoded(content))
    rule = RULES[code]
    select = () if rule.default else (*(name for name in RULES if RULES[name].default), code)
    against = parse_target(target) if target else target_of(rule)
    report = check_paths([folder], Settings(targets=(against,), select=select))
    return [(finding.code, finding.span.line) for finding in report.findings if finding.code not in also]


def line_of(text, where):
    """Return the number of the first line that has a text; a word is looked for as a whole one."""
    pattern = rf"(?<![\w-]){re.escape(where)}(?!\w)" if re.fullmatch(r"[\w-]+", where) else re.escape(where)
    return next(number for number, line in enumerate(text.splitlines(), 1) if re.search(pattern, line))


def shown(code, source):
    """Return the name of a file, its text with the defect and without, the line, what else is found, and the target."""
    if (code, source) in TEXTS:
        return *TEXTS[code, source], (), ""
    row = row_of(code, source)
    assert row is not None, "no row"
    (name, text), (_, clean) = carried(source, row.bad), carried(source, row.good)
    line = line_of(text, row.where or list(row.bad)[-1]) if isinstance(text, str) else 1
    return name, text, clean, line, row.also, row.target


OF_ROWS = [(code, source) for code, source in PAIRS if code not in EXAMPLES]


@pytest.mark.parametrize(("code", "source"), OF_ROWS, ids=[f"{code}-{source.name}" for code, source in OF_ROWS])
def test_the_defect_is_found_with_its_code_alone_at_its_line_and_without_it_nothing_is(tmp_path, code, source):
    name, text, clean, line, also, target = shown(code, source)
    assert seen(tmp_path / "bad", {name: text}, code, also, target) == [(code, line)], text
    assert seen(tmp_path / "good", {name: clean}, code, also, target) == [], clean


@pytest.mark.parametrize("code", sorted(EXAMPLES))
def test_the_defect_of_an_example_is_found_on_a_line_that_is_another_without_it(tmp_path, code):
    bad, good = files_of(RULES[code].bad), files_of(RULES[code].good)
    lines = {code: set() for code in RULES}
    for found, line in seen(tmp_path / "bad", bad, code):
        lines[found].add(line)
    texts = {name: encoded(content).decode("utf-8", "replace").splitlines() for name, content in bad.items()}
    others = {line for content in good.values() for line in encoded(content).decode("utf-8", "replace").splitlines()}
    changed = {number for text in texts.values() for number, line in enumerate(text, 1) if line not in others}
    if S.MODEL_FOLDER in RULES[code].sources:           # the line that is wrong may stand in another file
        changed |= lines[code]
    assert lines[code] and lines[code] <= changed | {1, 2}, (lines[code], changed)
    assert code not in {found for found, _ in seen(tmp_path / "good", good, code)}
