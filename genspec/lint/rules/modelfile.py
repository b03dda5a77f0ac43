"""Family 8: what only a Modelfile has: instructions, the template, stop strings.

Read: parser/parser.go, server/create.go, server/model.go and template/template.go of Ollama 0.33.
"""

import re
from collections.abc import Iterator

from genspec.lint.draft import Draft
from genspec.lint.finding import Fix, Severity
from genspec.lint.node import ConfigNode, safe, unsafe
from genspec.lint.rule import rule
from genspec.lint.rules.ollama import DROPPED_SILENTLY, MODELFILE, dialect, is_from_file, modelfile, said
from genspec.lint.sources.scalars import number
from genspec.lint.target import is_within

FRAMES = frozenset({
    "<|start|>", "<|message|>", "<|channel|>", "<|constrain|>", "<think>", "</think>", "<tool_call>", "</tool_call>",
    "<|python_tag|>", "[TOOL_CALLS]", "<|tool_call>", "<tool_call|>", "<|begin_of_text|>",
})
"""What models write inside their answers: before the text itself, around a thought, around a call of a tool."""

TRUTHS = ("1", "t", "T", "TRUE", "true", "True", "0", "f", "F", "FALSE", "false", "False")

BARE = r"\{\{-?\s*(messages|message|bos_token|eos_token|add_generation_prompt|prompt|system|raise_exception)\b"
"""Names of Jinja that Go takes for functions, which it does not have. Compiled where it is needed: few files are."""


@rule(
    "GS813", "modelfile-without-template", severity=Severity.INFO, clauses=["STOPPING-1"], targets="ollama",
    sources=MODELFILE,
    rationale="""A model that is made from a GGUF file has the chat template that the Modelfile gives. Without one
    Ollama since 0.30 uses that of the file, and where it has none the prompt goes in bare. Before 0.30 the template of
    the file was only compared with some thirty that Ollama knows: where none was like it the template was
    `{{ .Prompt }}`, no stop was set, and chat models went on with turns of their own.""",
    help="Give a TEMPLATE, and the strings that end a turn as `PARAMETER stop`; or check what the GGUF file has.",
    bad=modelfile("FROM ./crane-8b.Q4_K_M.gguf\nPARAMETER num_ctx 16384\n"),
    good=modelfile("FROM ./crane-8b.Q4_K_M.gguf\nPARAMETER num_ctx 16384\nPARAMETER stop \"<|im_end|>\"\n"
                   "TEMPLATE \"\"\"<|im_start|>user\n{{ .Prompt }}<|im_end|>\n<|im_start|>assistant\n\"\"\"\n"),
    evidence=["ollama/ollama#8363", "ollama/ollama#8982"],
)
def modelfile_without_template(config: ConfigNode) -> Iterator[Draft]:
    if not is_from_file(config) or said(config, "TEMPLATE") is not None or said(config, "RENDERER") is not None:
        return
    if is_within(config.target.version, "<0.30"):
        message = "no TEMPLATE: unless Ollama knows the template of the GGUF file, the prompt goes in bare"
        yield config.finding((), message, severity=Severity.WARNING)
    else:
        message = "no TEMPLATE: that of the GGUF file is used, and where it has none the prompt goes in bare"
        yield config.finding((), message)


@rule(
    "GS814", "stop-is-structural-token", severity=Severity.WARNING, clauses=["STOPPING-3"], targets="ollama",
    sources=MODELFILE,
    rationale="""Some models frame what they write: a header before each message, marks around a thought or around a
    call of a tool. A stop on such a mark ends every answer where it begins, and the output is empty or a few tokens
    long. Marks that only the prompt has, as `<|im_start|>` or `<|start_header_id|>`, are safe.""",
    help="Stop on what ends a turn, as `<|im_end|>` or `<|eot_id|>`, and remove this one.",
    bad=modelfile("FROM qwen3\nPARAMETER stop \"<|im_end|>\"\nPARAMETER stop \"</think>\"\n"),
    good=modelfile("FROM qwen3\nPARAMETER stop \"<|im_end|>\"\n"),
    evidence=["ollama/ollama#17939"],
)
def stop_is_structural_token(config: ConfigNode) -> Iterator[Draft]:
    for index, text in enumerate(stops(config)):
        if text in FRAMES:
            message = f"a stop on {text!r}: models write it inside an answer, and the output ends there"
            yield config.finding(("stop", index), message)


def stops(config: ConfigNode) -> list[object]:
    """Return the stop strings of a Modelfile."""
    found = config.value("stop")
    return found if isinstance(found, list) else []


@rule(
    "GS830", "modelfile-refused", severity=Severity.ERROR, clauses=["CONFIG-3"], targets="ollama", sources=MODELFILE,
    rationale="""`ollama create` reads the whole file or none of it. A comment needs a line of its own: behind a value
    it is part of the value. An integer has no point, a number no quotes of the other kind, and there is one blank
    between PARAMETER and its name. Lines in a row that are no instructions, as the rest of a text whose quotes end
    too early, are told once.""",
    help="Write one instruction a line, and comments on lines of their own.",
    bad=modelfile("FROM llama3.2\nPARAMETER temperature 0.7 # not too wild\n"),
    good=modelfile("FROM llama3.2\n# not too wild\nPARAMETER temperature 0.7\n"),
)
def modelfile_refused(config: ConfigNode) -> Iterator[Draft]:
    value = config.document.value
    if isinstance(value, dict) and "FROM" not in value:
        yield config.finding((), "Ollama refuses the file: it has no FROM")
    for index, fault in enumerate(value["faults"] if isinstance(value, dict) else ()):
        yield Draft(("faults", index), f"Ollama refuses the file: {fault}")
    for key, given in config.values.items():
        wanted = kind_of(key)
        if not is_of_kind(given, wanted):
            yield wrong_value(config, key, given, wanted)


def kind_of(key: str) -> str:
    """Return what a parameter takes: "int", "float", "bool", or "" for any text and for unknown names."""
    if any(option.name == key for option in dialect().options):
        return {"num_predict": "int", "top_k": "int", "stop": ""}.get(key, "float")
    return next((own.kind for own in dialect().own if own.name == key and key not in DROPPED_SILENTLY), "")


def is_of_kind(value: object, kind: str) -> bool:
    """Tell whether Ollama reads a value of a Modelfile as a kind."""
    if kind == "int":
        return isinstance(value, int)
    if kind == "float":
        return isinstance(value, int | float)
    return kind != "bool" or str(value) in TRUTHS


def wrong_value(config: ConfigNode, key: str, given: object, kind: str) -> Draft:
    """Report a value that Ollama does not read."""
    name = {"int": "an integer", "float": "a number", "bool": "true or false"}[kind]
    before, mark, _ = str(given).partition("#")
    fix = None
    if isinstance(given, float) and given.is_integer():
        fix = safe(f"Set `{key}` to {int(given)}", config.set(key, int(given)))
    elif mark and before.strip():
        message = f"`{key}` is {given!r}: a comment needs a line of its own, and Ollama refuses the file"
        return config.finding(key, message, fix=without_comment(config, key, before.strip()))
    return config.finding(key, f"`{key}` is {given!r}, and Ollama takes {name}: it refuses the file", fix=fix)


def without_comment(config: ConfigNode, key: str, text: str) -> Fix | None:
    """Return the fix that leaves the value alone, if it is a number then."""
    value = number(text)
    return None if isinstance(value, str) else unsafe("Remove the comment", config.set(key, value))


@rule(
    "GS831", "modelfile-single-quotes", severity=Severity.WARNING, clauses=["STOPPING-3"], targets="ollama",
    sources=MODELFILE,
    rationale="""A Modelfile knows double quotes alone. Single quotes are part of the text, so a stop in single quotes
    waits for a string that begins and ends with one, and the row goes on past the mark that was meant.""",
    help="Use double quotes, or none.",
    bad=modelfile("FROM qwen3\nPARAMETER stop '<|im_end|>'\n"),
    good=modelfile("FROM qwen3\nPARAMETER stop \"<|im_end|>\"\n"),
)
def modelfile_single_quotes(config: ConfigNode) -> Iterator[Draft]:
    for index, text in enumerate(stops(config)):
        if isinstance(text, str) and len(text) > 2 and text[0] == text[-1] == "'":
            edit = config.set("stop", text[1:-1])
            edit = edit._replace(op="replace", pointer=(*config.at, "stop", index))
            yield config.finding(("stop", index), "the single quotes are part of the stop string",
                                 fix=unsafe("Use double quotes", edit))


@rule(
    "GS836", "modelfile-parameter-twice", severity=Severity.WARNING, clauses=["CONFIG-7"], targets="ollama",
    sources=MODELFILE,
    rationale="""Of a parameter that is set twice the last value counts, without a word. Only `stop` is given once for
    each of its strings.""",
    help="Keep the one that is meant.",
    bad=modelfile("FROM qwen3\nPARAMETER temperature 0.2\nPARAMETER temperature 0.7\n"),
    good=modelfile("FROM qwen3\nPARAMETER temperature 0.7\n"),
)
def modelfile_parameter_twice(config: ConfigNode) -> Iterator[Draft]:
    value = config.document.value
    repeated = value["repeated"] if isinstance(value, dict) else {}
    for name, times in repeated.items():
        edit = config.remove(name)
        fix = safe("Keep the last one", *[edit._replace(pointer=(*edit.pointer, 0))] * (times - 1))
        yield config.finding((name, 0), f"`{name}` is set {times} times: the last one counts", fix=fix)


@rule(
    "GS837", "modelfile-jinja-template", severity=Severity.WARNING, clauses=["CONFIG-1"], targets="ollama",
    sources=MODELFILE,
    rationale="""A TEMPLATE is written in the language of Go's text/template. Of a chat template in Jinja, as tokenizers
    have it, `{% ... %}` goes into the prompt as it stands, and a name without a point, as `{{ bos_token }}`, is a
    function that Go does not have: `ollama create` refuses it.""",
    help="Leave TEMPLATE out, so that the template of the GGUF file is used, or write it with `.System` and `.Prompt`.",
    bad=modelfile("FROM qwen3\nTEMPLATE \"\"\"{% for message in messages %}<|im_start|>{% endfor %}\"\"\"\n"),
    good=modelfile("FROM qwen3\nTEMPLATE \"\"\"{{ range .Messages }}<|im_start|>{{ .Role }}{{ end }}\"\"\"\n"),
    evidence=["ollama/ollama#10222", "ollama/ollama#5666"],
)
def modelfile_jinja_template(config: ConfigNode) -> Iterator[Draft]:
    template = said(config, "TEMPLATE") or ""
    bare = re.search(BARE, template)
    if bare is not None:
        message = f"`{bare[1]}` is no name in Go's templates, which begin with a point: `ollama create` refuses it"
        yield Draft(("TEMPLATE",), message, severity=Severity.ERROR)
    elif "{%" in template:
        message = "a template in Jinja: Go's templates have no `{% ... %}`, and it goes into the prompt as it stands"
        yield Draft(("TEMPLATE",), message)
