"""Settings in JSON and YAML of other purposes: what counts as evidence, where everything stands, what is no guess."""

import builtins
import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from genspec.lint.check import check_document, documents
from genspec.lint.finding import Edit
from genspec.lint.fixing.fix import fixed
from genspec.lint.sources.document import ProblemKind, Source
from genspec.lint.sources.readers import reader_of
from genspec.lint.sources.sections.json_file import parse_json, parse_json_lines, parse_named_json
from genspec.lint.sources.sections.yaml_file import parse_yaml

CHAT = {"model": "m", "messages": [{"role": "user", "content": "é"}], "temperature": 0.2}
VLLM = {"max-model-len": 8192, "gpu-memory-utilization": 0.9, "served-model-name": "x"}
TASK = {"task": "t", "dataset_path": "d", "doc_to_text": "q", "generation_kwargs": {"do_sample": True, "top_p": 0.5}}
SPOKEN = [
    (CHAT, Source.OPENAI_PAYLOAD, ()),
    ({"model": "m", "prompt": "p", "max_tokens": 5}, Source.OPENAI_PAYLOAD, ()),
    ({"url": "/v1/chat/completions", "body": CHAT}, Source.OPENAI_PAYLOAD, ("body",)),
    ([{"requests": [CHAT]}], Source.OPENAI_PAYLOAD, (0, "requests", 0)),
    ({"model": "m", "prompt": "p", "options": {"num_ctx": 8}}, Source.OLLAMA_OPTIONS, ("options",)),
    ({"prompt": "p", "n_predict": 8}, Source.LLAMA_CPP_PARAMS, ()),
    ({"inputs": "p", "parameters": {"top_p": 0.5}}, Source.TGI_PARAMS, ("parameters",)),
    ({"text": "p", "sampling_params": {"top_p": 0.5}}, Source.SGLANG_PARAMS, ("sampling_params",)),
    (VLLM, Source.VLLM_ARGS, ()),
    ({"model-path": "m", "tp-size": 2, "mem-fraction-static": 0.8}, Source.SGLANG_ARGS, ()),
    ({"model-path": "m", "mem-fraction-static": 1, "trust-remote-code": True, "kv-cache-dtype": "x", "tp-size": 2,
      "max-model-len": 5}, Source.SGLANG_ARGS, ()),
    (TASK, Source.SECTION, ("generation_kwargs",)),
    ({"max_completion_length": 5, "temperature": 0.7}, Source.SECTION, ()),
    ({"model_name_or_path": "m", "template": "qwen", "top_p": 0.5}, Source.SECTION, ()),
    ({"model_parameters": {"model_name": "m", "generation_parameters": {"top_p": 0.5, "seed": 1}}}, Source.SECTION,
     ("model_parameters", "generation_parameters")),
    ({"trl": {"max_completion_length": 5, "top_k": -1, "use_vllm": True}}, Source.VLLM_PARAMS, ("trl",)),
]
SILENT = [
    {"model": "m", "messages": [{"role": "user"}]},                                 # nothing is set
    {"model": "m", "messages": ["a"], "temperature": 1},
    {"messages": [{"role": "user"}], "temperature": 1},
    {**CHAT, "choices": []}, {**CHAT, "usage": {}},                                 # records of answers
    {**CHAT, "model": "claude-sonnet-4"}, {**CHAT, "anthropic_version": "x"},
    {"inputs": "p", "parameters": {"width": 5}}, {"inputs": [1], "parameters": {"top_p": 1}},
    {"model_name_or_path": "m", "stage": "sft"}, {"model_name_or_path": "m", "top_p": 0.5},
    {"generation_parameters": {"seed": 1}}, {"sampling_params": {"top_p": 0.5}}, {"n_predict": 5},
    {"max_model_len": 5, "enforce_eager": True},
    {"task": "t", "generation_kwargs": {"top_p": 0.5}}, {"temperature": 0.7, "model": "thermostat", "prompt": None},
]


def places(document):
    return [(place.source, place.at) for place in document.places]


@pytest.mark.parametrize("form", ["json", "yaml", "flow"])
@pytest.mark.parametrize(("value", "source", "at"), SPOKEN, ids=lambda value: str(value)[:40])
def test_settings_are_found_by_what_stands_beside_them(value, source, at, form):
    text = json.dumps(value) if form != "yaml" else yaml.safe_dump(value, allow_unicode=True)
    document = (parse_json if form == "json" else parse_yaml)(f"x.{form}", text.encode())
    assert places(document) == [(source, at)], text


@pytest.mark.parametrize("form", ["json", "yaml"])
@pytest.mark.parametrize("value", SILENT, ids=lambda value: str(value)[:40])
def test_what_is_no_evidence_yields_nothing(value, form):
    text = json.dumps(value) if form == "json" else yaml.safe_dump(value)
    document = (parse_json if form == "json" else parse_yaml)(f"x.{form}", text.encode())
    assert places(document) == [], text


def test_an_override_is_a_place_of_its_own_inside_the_arguments():
    text = b"model: m\noverride-generation-config:\n  temperature: 0.7\n  top_k: 5 # five\n"
    document = parse_yaml("x.yaml", text)
    assert places(document) == [(Source.VLLM_ARGS, ()), (Source.VLLM_OVERRIDE, ("override_generation_config",))]
    assert document.places[0].values["override_generation_config"] == {"temperature": 0.7, "top_k": 5}
    assert tuple(document.locate(("override_generation_config", "top_k"), False)) == (4, 3, 4, 11)
    assert tuple(document.locate(("override_generation_config", "top_k"), True)) == (4, 3, 4, 8)
    assert tuple(document.locate(("override_generation_config",), True)) == (2, 1, 2, 27)


@pytest.mark.parametrize("form", ["{}", "'{}'"])
def test_an_override_may_be_json_in_a_text(form):
    text = "model: m\noverride-generation-config: " + form.replace("{}", '{"top_k": 5}') + "\n"
    (_, place) = parse_yaml("x.yaml", text.encode()).places
    assert (place.source, place.values) == (Source.VLLM_OVERRIDE, {"top_k": 5})
    assert parse_yaml("x.yaml", text.encode()).locate((*place.at, "top_k"), False).line == 2


@pytest.mark.parametrize("value", ['"{"', '"{}"', "5", "null", '"[1]"'])
def test_an_override_that_is_no_object_is_no_place(value):
    document = parse_yaml("x.yaml", f"model: m\noverride-generation-config: {value}\n".encode())
    assert [place.source for place in document.places] == [Source.VLLM_ARGS]


def test_what_an_evaluation_takes_away_itself_is_not_there():
    kwargs = {"until": ["\n"], "max_gen_toks": 5, "do_sample": False, "temperature": 0.0, "top_p": 0.9}
    (place,) = parse_yaml("x.yaml", yaml.safe_dump({**TASK, "generation_kwargs": kwargs}).encode()).places
    assert (place.values, place.open) == ({"do_sample": False, "top_p": 0.9}, True)


COMPOSE = """\
services:
  folded:
    image: vllm/vllm-openai:v0.10.0
    command: >
      --model Qwen/Qwen3-8B
      --override-generation-config '{"temperature": 0.7}'
  listed:
    image: "ghcr.io/ggml-org/llama.cpp:server"
    command: ["-m", "x.gguf", "--temp", "0.7", '--top-k', "40"]
  started:
    image: mine
    entrypoint: ["vllm", "serve"]
    command: ["m", "--max-model-len=$LEN", "--seed=3"]
  shell:
    image: mine
    command: ["sh", "-c", "vllm serve m --seed 4"]
  other:
    image: postgres
    command: ["postgres", "--temp", "5"]
"""


def test_commands_of_containers_are_read_with_the_program_of_their_image():
    document = parse_yaml("compose.yml", COMPOSE.encode())
    found = [(place.source, place.at[1:], dict(place.values)) for place in document.places]
    assert found == [
        (Source.VLLM_ARGS, ("folded", "command"),
         {"model": "Qwen/Qwen3-8B", "override_generation_config": {"temperature": 0.7}}),
        (Source.VLLM_OVERRIDE, ("folded", "command", 1), {"temperature": 0.7}),
        (Source.LLAMA_CPP_FLAGS, ("listed", "command"), {"model": "x.gguf", "temperature": 0.7, "top_k": 40}),
        (Source.VLLM_ARGS, ("started", "command"), {"seed": 3}),
        (Source.VLLM_ARGS, ("shell", "command"), {"seed": 4}),
    ]
    assert document.places[3].unknown == {"max_model_len"}
    lines = COMPOSE.splitlines()
    for place in document.places:
        for name in place.values:
            span = document.locate((*place.at, name), False)
            text = lines[span.line - 1][span.column - 1:span.end_column - 1]
            assert name.split("_")[0][:4] in text.replace("-m", "model"), (place, name, text)


def test_a_pod_is_read_like_a_service():
    text = ("spec:\n  containers:\n  - name: llm\n    image: vllm/vllm-openai\n    args:\n    - --model\n    - m\n"
            "    - --seed=5\n")
    (place,) = parse_yaml("pod.yaml", text.encode()).places
    assert (place.source, place.at, place.values) == (
        Source.VLLM_ARGS, ("spec", "containers", 0, "args"), {"model": "m", "seed": 5})


def test_aliases_and_merged_members_stand_where_they_are_written():
    text = b"base: &b\n  max_completion_length: 5\n  top_p: 1.5\nrun:\n  <<: *b\n  temperature: 0.7\n"
    document = parse_yaml("x.yaml", text)
    assert [place.values for place in document.places] == [{"top_p": 1.5}, {"temperature": 0.7, "top_p": 1.5}]
    assert document.locate(("run", "top_p"), False) == document.locate(("base", "top_p"), False)


@pytest.mark.parametrize("user", ["<<: *b", "<<: [*b]", "<<: *b\n  top_k: 5", "<<: {<<: *b}"])
def test_a_fault_behind_an_anchor_is_told_once_where_it_is_written(user):
    runs = "".join(f"run{number}:\n  {user}\n" for number in range(3))
    text = f"base: &b\n  max_completion_length: 5\n  top_p: 1.5\n{runs}other:\n  <<: *b\n  top_p: 1.7\nlast: *b\n"
    found = [one for one in check_document(parse_yaml("x.yaml", text.encode())) if one.code == "GS204"]
    assert [text.splitlines()[one.span.line - 1].strip() for one in found] == ["top_p: 1.5", "top_p: 1.7"], found


@pytest.mark.parametrize("before", ["", "\ufeff", "# é\n", "x: '😀 é'\n", "x: |\n  😀\n", "\r\n"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_columns_count_characters_whatever_stands_before(before, end):
    text = before + end.join(["run:", "  max_completion_length: 5", "  top_p: 1.5 # é", ""])
    document = parse_yaml("x.yaml", text.encode())
    span = document.locate(("run", "top_p"), False)
    line = text.lstrip("\ufeff").splitlines()[span.line - 1]
    assert line[span.column - 1:span.end_column - 1] == "top_p: 1.5", (span, line)


def test_a_number_is_what_the_programs_read():
    text = b"max_completion_length: 5\ntemperature: 1e-1\ntop_p: 0.5\n"
    assert parse_yaml("x.yaml", text).places[0].values == {"temperature": "1e-1", "top_p": 0.5}


@pytest.mark.parametrize("text", [
    "vllm: &a [*a]", "vllm: {{ .Values.x }}", "vllm: [", "vllm:\n\t- x", "vllm: \x00", "--- !vllm x\n...\n---\n",
    "vllm: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n", "vllm: " + "[" * 300, "? [vllm, x]\n: y", "<<: vllm",
    "vllm: 2026-13-45", "vllm: 0x_", "vllm: 12:99:99", "\ufeffvllm: x",
    "args: [vllm, 5, {a: b}, [c]]", "command: {vllm: serve}", "image: vllm/vllm-openai\ncommand: |\n",
])
def test_no_yaml_makes_the_reader_fail(text):
    document = parse_yaml("x.yaml", text.encode())
    assert document.problems == () and places(document) == []


@given(st.text(alphabet=" \n:-{}[]&*!|>'\"#,?<%@`$\\abvllm.1é\t", max_size=60))
def test_no_text_makes_the_yaml_reader_fail(text):
    document = parse_yaml("x.yaml", ("vllm: command\n" + text).encode())
    for place in document.places:
        for name in (*place.values, "absent"):
            document.locate((*place.at, name), True)


@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.text("aé -_.1", max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["model", "messages", "role", "prompt", "options", "parameters", "inputs", "temperature",
                         "generation_kwargs", "task", "n_predict", "override_generation_config", "command", "image"]),
        inner, max_size=5), max_leaves=12,
))
def test_json_and_yaml_of_one_value_have_the_same_places(value):
    text = json.dumps({"a": value, "max_model_len": "vllm"}, ensure_ascii=False)
    found, same = parse_json("x.json", text.encode()), parse_yaml("x.yaml", text.encode())
    assert [place for place in same.places if "command" not in place.at] == list(found.places or ())


def test_without_pyyaml_a_file_that_needs_it_says_so(monkeypatch):
    real = builtins.__import__

    def without(name, *rest, **named):
        if name == "yaml":
            raise ImportError(name)
        return real(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    (problem,) = parse_yaml("x.yaml", b"vllm: 1").problems
    assert problem.kind is ProblemKind.UNREADABLE and "pip install pyyaml" in problem.message
    assert parse_yaml("x.yaml", b"width: 1").problems == ()


LINES = [CHAT, {**CHAT, "messages": [{"role": "user", "content": "other"}]}, {"x": 1}, {**CHAT, "temperature": 9}]


def test_of_lines_with_the_same_settings_the_first_stands_for_all():
    text = "\n".join(map(json.dumps, LINES)) + "\n{broken\n\n"
    document = parse_json_lines("x.jsonl", text.encode())
    assert places(document) == [(Source.OPENAI_PAYLOAD, (0,)), (Source.OPENAI_PAYLOAD, (3,))]
    span = document.locate((3, "temperature"), False)
    line = text.split("\n")[3]
    assert (span.line, line[span.column - 1:span.end_column - 1]) == (4, '"temperature": 9')


def test_a_json_file_that_the_user_names_is_a_generation_config_unless_it_is_something_else():
    assert parse_named_json("x.json", b'{"top_k": 1}').places is None
    assert parse_named_json("x.json", json.dumps(CHAT).encode()).places
    assert parse_named_json("x.json", b'{"top_k": 1,}').problems


def test_the_search_section_of_onnxruntime_genai_is_a_place():
    document = reader_of("a/genai_config.json")("a/genai_config.json", b'{"model": {}, "search": {"top_k": 5}}')
    assert places(document) == [(Source.GENAI_CONFIG, ("search",))]
    for other in (b"{", b"[]", b'{"search": 5}'):
        assert places(reader_of("genai_config.json")("genai_config.json", other)) == []


def test_in_a_folder_only_files_with_settings_count_and_a_named_one_always_does(tmp_path):
    for name, text in {"a.json": json.dumps(CHAT), "b.json": "{}", "c.yaml": "x: 1", "tokenizer.json": json.dumps(CHAT),
                       "d.yml": yaml.safe_dump(TASK), "e.json": "{", "f.jsonl": "{}\n"}.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "big.json").write_bytes(b'{"model": "messages"}' + b" " * 5_000_000)
    assert [document.path for document in documents([tmp_path])] == [str(tmp_path / "a.json"), str(tmp_path / "d.yml")]
    assert [document.problems for document in documents([tmp_path / "b.json"])] == [()]
    assert [problem.kind for document in documents([tmp_path / "big.json"]) for problem in document.problems] == [
        ProblemKind.TOO_LARGE]


@pytest.mark.parametrize(("edit", "after"), [
    (Edit("replace", ("run", "top_p"), 0.9), "run:\n  max_completion_length: 5\n  top_p: 0.9  # p\nend: 1\n"),
    (Edit("remove", ("run", "top_p")), "run:\n  max_completion_length: 5\nend: 1\n"),
    (Edit("move", ("run", "top_p"), to=("run", "top_k")),
     "run:\n  max_completion_length: 5\n  top_k: 1.5  # p\nend: 1\n"),
    (Edit("add", ("run", "top_k"), 5),
     "run:\n  max_completion_length: 5\n  top_p: 1.5  # p\n  top_k: 5\nend: 1\n"),
    (Edit("remove", ("absent",)), None), (Edit("add", ("absent", "x"), 5), None),
])
def test_an_edit_leaves_the_rest_of_a_yaml_file_as_it_is(edit, after):
    document = parse_yaml("x.yaml", b"run:\n  max_completion_length: 5\n  top_p: 1.5  # p\nend: 1\n")
    assert document.rewrite(edit) == after


@pytest.mark.parametrize(("text", "edit"), [
    ("b: &b\n  top_p: 1.5\nrun:\n  <<: *b\n  max_completion_length: 5\n", Edit("replace", ("run", "top_p"), 1.0)),
    ("b: &b 1.5\nrun:\n  top_p: *b\n  max_completion_length: 5\n", Edit("replace", ("run", "top_p"), 1.0)),
    ("b: &b 1.5\nrun:\n  top_p: *b\n  max_completion_length: 5\n", Edit("remove", ("run", "top_p"))),
    ("run: {top_p: 1.5, max_completion_length: 5}\n", Edit("remove", ("run", "top_p"))),
    ("run: {top_p: 1.5, max_completion_length: 5}\n", Edit("add", ("run", "top_k"), 5)),
])
def test_what_an_alias_brings_in_and_what_stands_in_a_flow_collection_is_left_alone(text, edit):
    assert parse_yaml("x.yaml", text.encode()).rewrite(edit) is None


def test_a_name_keeps_its_quotes():
    document = parse_yaml("x.yaml", b'run: {"top_p":1.5,"max_completion_length":5}\n')
    after = document.rewrite(Edit("move", ("run", "top_p"), to=("run", "top_k")))
    assert after == 'run: {"top_k":1.5,"max_completion_length":5}\n'


def test_a_fix_that_takes_the_evidence_away_makes_no_generation_config_of_a_request():
    text = json.dumps({**CHAT, "model": "o3", "temperature": 0.2}).encode()
    result = fixed(parse_named_json("x.json", text), check_document, unsafe=True)
    assert [finding.code for finding in result.applied] == ["GS816"]
    assert (result.left, places(result.document)) == ((), []), result.document.text


def test_comments_silence_in_yaml():
    text = b"max_completion_length: 5\ntop_p: 1.5  # genspec: ignore[GS204]\n"
    assert [(comment.line, comment.codes) for comment in parse_yaml("x.yaml", text).comments] == [(2, ("GS204",))]
