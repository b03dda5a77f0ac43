"""Command lines: words and their places, what is not guessed, and the settings in commands that start engines."""

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genspec.lint.finding import Edit
from genspec.lint.sources.document import Source
from genspec.lint.sources.sections.yaml_file import parse_yaml
from genspec.lint.sources.shell.dockerfile import parse_dockerfile
from genspec.lint.sources.shell.script import parse_script
from genspec.lint.sources.shell.words import commands_in


def words(text, **how):
    return [[word.text for word in command] for command in commands_in(text, **how)]


def read(text):
    return parse_script("run.sh", text.encode())


def places(text):
    return [(place.source, place.values) for place in read(text).places]


PLAIN = st.lists(st.text("ab'\"\\ =#-{}:,.7\u00e9", min_size=1, max_size=8), min_size=1, max_size=6)


@given(given=PLAIN)
def test_quoted_words_come_back_as_shlex_splits_them(given):
    text = " ".join(map(shlex.quote, given))
    assert words(text) == [shlex.split(text)] == [given]


@given(text=st.text("ab'\"\\ \n\t$`(){};&|<>#E-\u00e9", max_size=40))
def test_any_text_has_words_and_each_character_stands_where_its_place_says(text):
    for command in commands_in(text):
        for word in command:
            assert 0 <= word.start < word.end <= len(text), (text, word)
            assert len(word.places) == len(word.text), (text, word)
            assert "".join(text[place] for place in word.places) == word.text, (text, word)


@pytest.mark.parametrize(("text", "wanted"), [
    ("a b # c d\ne", [["a", "b"], ["e"]]),
    ("a \\\n  b", [["a", "b"]]),
    ("a; b && c | d &", [["a"], ["b"], ["c"], ["d"]]),
    ("a > out 2>&1 b", [["a", "b"]]),
    ("cat <<EOF\na b\nEOF\nc", [["cat"], ["c"]]),
    ("cat <<-'E O'\n\ta\n\tE O\nc", [["cat"], ["c"]]),
    ("a=b#c 'x' d\"e\"f", [["a=b#c", "x", "def"]]),
    ("(a b)", [["a", "b"]]),
    ("$(a b) c", [["", "c"]]),
    ("\"$(a \"b)\" c)\" d", [["", "d"]]),
])
def test_commands(text, wanted):
    assert words(text) == wanted


def test_what_a_shell_would_put_in_is_unknown():
    (command,) = commands_in("a $X \"$X\" ${X[@]} \"$@\" `x` '$X' \\$X")
    assert [(word.known, word.several) for word in command] == [
        (True, False), (False, True), (False, False), (False, True), (False, True), (False, True), (True, False),
        (True, False),
    ]


def test_folded_lines_are_one_command():
    assert words("a\n  b\n", folded=True) == [["a", "b"]]


@pytest.mark.parametrize(("text", "source", "values"), [
    ("vllm serve m --max-model-len 4096", Source.VLLM_ARGS, {"max_model_len": 4096}),
    ("vllm serve m --generation-config=vllm --enforce-eager", Source.VLLM_ARGS,
     {"generation_config": "vllm", "enforce_eager": True}),
    ("nohup python3 -m vllm.entrypoints.openai.api_server --model m &", Source.VLLM_ARGS, {"model": "m"}),
    ("docker run -p 80:80 vllm/vllm-openai:latest --model m", Source.VLLM_ARGS, {"model": "m"}),
    ("./build/bin/llama-server -m m.gguf --temp 0.7 -n -1", Source.LLAMA_CPP_FLAGS,
     {"model": "m.gguf", "temperature": 0.7, "n_predict": -1}),
    ("llama-cli --top_k 3 --ignore-eos --min-p 0", Source.LLAMA_CPP_FLAGS,
     {"top_k": 3, "ignore_eos": True, "min_p": 0}),
    ("./main -m m.gguf --repeat-penalty 1.1", Source.LLAMA_CPP_FLAGS, {"model": "m.gguf", "repeat_penalty": 1.1}),
    ("serve:\n\t@llama-server -m $(MODEL) --temp 0.7", Source.LLAMA_CPP_FLAGS, {"temperature": 0.7}),
    ("serve:\n  llama-server --top-k {{k}} --temp 0.7", Source.LLAMA_CPP_FLAGS, {"temperature": 0.7}),
    ("text-generation-launcher --model-id m --max-total-tokens 4096", Source.TGI_ARGS,
     {"model_id": "m", "max_total_tokens": 4096}),
    ("python -m sglang.launch_server --model-path m --context-length 8192", Source.SGLANG_ARGS,
     {"model_path": "m", "context_length": 8192}),
])
def test_programs(text, source, values):
    assert places(text) == [(source, values)]


@pytest.mark.parametrize("text", [
    "echo vllm", "pip install vllm", "./main --temp 3", "ollama serve", "./server --temp 1 -m model.bin",
    "cat > run.sh <<EOF\nllama-server --temp 3\nEOF\n", "# llama-server --temp 3",
])
def test_what_starts_no_engine_is_left_alone(text):
    assert places(text) == []


def test_json_among_the_arguments_is_a_place_of_its_own():
    text = "vllm serve m \\\n  --override-generation-config '{\"temperature\": 0.7, \"top_p\": 2}'\n"
    document = read(text)
    first, second = document.places
    assert first.values == {"override_generation_config": {"temperature": 0.7, "top_p": 2}}
    assert (second.source, second.values) == (Source.VLLM_OVERRIDE, {"temperature": 0.7, "top_p": 2})
    assert tuple(document.locate((1, "top_p"), False)) == (2, 54, 2, 64)
    assert tuple(document.locate((1, "top_p"), True)) == (2, 54, 2, 61)


def test_json_in_double_quotes_has_its_places():
    text = 'vllm serve m --override-generation-config "{\\"top_p\\": 2}"'
    document = read(text)
    assert document.places[1].values == {"top_p": 2}
    assert tuple(document.locate((1, "top_p"), False)) == (1, 46, 1, 57)
    assert document.rewrite(Edit("replace", (1, "top_p"), 1.0)) is None


def test_members_with_points_are_settings_of_the_object():
    (_, place) = read("vllm serve m --override-generation-config.top_p 2").places
    assert (place.source, place.values) == (Source.VLLM_OVERRIDE, {"top_p": 2})


def test_unknown_values_and_words_are_not_guessed():
    (place,) = read('llama-server --temp "$T" --top-k 3 $MORE').places
    assert (place.values, place.unknown, place.open) == ({"top_k": 3}, {"temperature"}, True)


SCRIPT = "llama-server -m m.gguf \\\n    --temp 0.7 \\\n    --top-k=3 --min-p 0\necho done\n"


@pytest.mark.parametrize(("edit", "wanted"), [
    (Edit("remove", (0, "temperature")), "llama-server -m m.gguf \\\n    --top-k=3 --min-p 0\necho done\n"),
    (Edit("remove", (0, "top_k")), "llama-server -m m.gguf \\\n    --temp 0.7 \\\n --min-p 0\necho done\n"),
    (Edit("remove", (0, "min_p")), "llama-server -m m.gguf \\\n    --temp 0.7 \\\n    --top-k=3\necho done\n"),
    (Edit("replace", (0, "top_k"), 40), SCRIPT.replace("--top-k=3", "--top-k=40")),
    (Edit("replace", (0, "temperature"), 1.0), SCRIPT.replace("0.7", "1.0")),
    (Edit("add", (0, "top_p"), 1.0), None),
])
def test_edits(edit, wanted):
    document = read(SCRIPT)
    text = document.rewrite(edit)
    assert text == wanted
    if text is not None:
        assert places(text)[0][1].keys() | {edit.pointer[1]} == places(SCRIPT)[0][1].keys()


def test_a_member_of_json_in_single_quotes_is_edited():
    text = "vllm serve m --override-generation-config '{\"top_p\": 2, \"top_k\": 3}'"
    assert read(text).rewrite(Edit("remove", (1, "top_p"))) == text.replace('"top_p": 2, ', "")


CURL = """curl -s http://localhost:11434/api/generate \\
  -d '{"model": "m", "options": {"top_k": 5, "tfs_z": 1}}' | jq
"""


def test_the_body_of_a_request_is_a_place():
    document = read(CURL)
    (place,) = document.places
    assert (place.source, place.values) == (Source.OLLAMA_OPTIONS, {"top_k": 5, "tfs_z": 1})
    assert tuple(document.locate((0, "tfs_z"), False)) == (2, 46, 2, 56)
    assert document.rewrite(Edit("remove", (0, "tfs_z"))) == CURL.replace(', "tfs_z": 1', "")


@pytest.mark.parametrize("text", [
    "curl http://x/api/users -d '{\"options\": {\"top_k\": 5}}'", "curl http://x/api/generate -d @body.json",
    "curl http://x/api/generate -d \"{\\\"options\\\": {\\\"top_k\\\": $K}}\"",
    "echo http://x/api/generate -d '{\"options\": {\"top_k\": 5}}'",
])
def test_what_is_no_request_to_an_engine_or_not_known_is_left_alone(text):
    assert places(text) == []


def test_a_command_of_llama_swap_is_one_over_many_lines():
    text = "models:\n  heron:\n    cmd: |\n      llama-server --port ${PORT}\n      -m heron.gguf\n      --temp 0.7\n"
    document = parse_yaml("config.yaml", text.encode())
    (place,) = document.places
    assert (place.source, place.values) == (Source.LLAMA_CPP_FLAGS, {"model": "heron.gguf", "temperature": 0.7})
    assert tuple(document.locate((*place.at, "temperature"), False)) == (6, 7, 6, 17)


DOCKERFILE = r"""FROM vllm/vllm-openai:v0.11 AS first
RUN pip install x && \
    # why
    echo done
CMD ["--model", "m", "--override-generation-config", "{\"top_p\": 2}"]

FROM debian
RUN llama-cli -m m.gguf --temp 0.1
ENTRYPOINT ["llama-server"]
CMD ["-m", "m.gguf", "--temp", "9"]

FROM ghcr.io/ggml-org/llama.cpp:server
ENTRYPOINT ["sh", "-c"]
CMD ["--temp", "3"]
"""


WRITER = """cat > Modelfile <<EOF
FROM $BASE
PARAMETER temperature 0.7
PARAMETER num_ctx $CTX
PARAMETER max_tokens 5
EOF
ollama create x -f Modelfile
"""


def test_a_modelfile_that_a_script_writes_is_a_place():
    document = read(WRITER)
    (place,) = document.places
    assert (place.source, place.values, place.unknown) == (
        Source.OLLAMA_MODELFILE, {"temperature": 0.7, "max_tokens": 5}, {"num_ctx"})
    assert tuple(document.locate((0, "max_tokens"), False)) == (5, 1, 5, 23)
    assert document.rewrite(Edit("remove", (0, "max_tokens"))) == WRITER.replace("PARAMETER max_tokens 5\n", "")
    renamed = document.rewrite(Edit("move", (0, "max_tokens"), to=(0, "num_predict")))
    assert renamed == WRITER.replace("max_tokens", "num_predict")
    assert read(WRITER.replace("<<EOF", "<<'EOF'")).places[0].values["num_ctx"] == "$CTX"
    assert read(WRITER.replace("PARAMETER", "SET")).places == ()


def test_a_dockerfile_starts_what_its_stages_say():
    document = parse_dockerfile("Dockerfile", DOCKERFILE.encode())
    assert [(place.source, place.values) for place in document.places] == [
        (Source.VLLM_ARGS, {"model": "m", "override_generation_config": {"top_p": 2}}),
        (Source.VLLM_OVERRIDE, {"top_p": 2}),
        (Source.LLAMA_CPP_FLAGS, {"model": "m.gguf", "temperature": 0.1}),
        (Source.LLAMA_CPP_FLAGS, {"model": "m.gguf", "temperature": 9}),
    ]
    assert tuple(document.locate((1, "top_p"), False))[:2] == (5, 56)
    assert tuple(document.locate((3, "temperature"), False))[:2] == (10, 22)


@given(data=st.binary(max_size=60) | st.text("vllm serve'\"\\\n\r[]{}:,-tempFROMCMD $(#", max_size=80).map(str.encode))
def test_no_bytes_make_a_reader_fail(data):
    for parse in (parse_script, parse_dockerfile):
        for lines in (data, b"FROM x\nCMD llama-server " + data):
            document = parse("Dockerfile", lines)
            for index, place in enumerate(document.places):
                for key in place.values:
                    span = document.locate((index, key), False)
                    assert (span.line, span.column) <= (span.end_line, span.end_column), (lines, key, span)
