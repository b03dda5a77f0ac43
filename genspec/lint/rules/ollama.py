"""Family 8: Ollama. What a Modelfile and the options of a request set, and what Ollama makes of it.

Read: parser/parser.go, api/types.go, server/create.go, server/routes.go and openai/openai.go of Ollama 0.33, and the
history of api/types.go.
"""

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

from genspec.config.suggest import KEYS, foreign
from genspec.lint.draft import Draft
from genspec.lint.finding import Severity
from genspec.lint.node import ConfigNode, unsafe
from genspec.lint.rule import Files, rule
from genspec.lint.sources.document import Source
from genspec.lint.target import Target, is_within

if TYPE_CHECKING:
    from genspec.dialects import Dialect
    from genspec.dialects.dialect import Own

MODELFILE = (Source.OLLAMA_MODELFILE,)
OLLAMA = (Source.OLLAMA_MODELFILE, Source.OLLAMA_OPTIONS)
DROPPED_SILENTLY = frozenset({
    "penalize_newline", "low_vram", "f16_kv", "logits_all", "vocab_only", "use_mlock", "mirostat", "mirostat_tau",
    "mirostat_eta",
})
"""Removed parameters that `ollama create` warns about and leaves out. It refuses a file with any other."""

OLLAMA_PORT = "11434"


def modelfile(text: str) -> Files:
    """Return an example: a Modelfile."""
    return Files({"Modelfile": text})


def program(text: str) -> Files:
    """Return an example: a program."""
    return Files({"ask.py": text})


@rule(
    "GS811", "ollama-unknown-parameter", severity=Severity.ERROR, clauses=["CONFIG-2"], targets="ollama",
    sources=OLLAMA,
    rationale="""`ollama create` refuses a Modelfile with a parameter that it does not know. In the options of a request
    the server logs the name and decodes as if it were not there. Parameters that Ollama had once are of both kinds:
    mirostat, low_vram, f16_kv, logits_all, vocab_only, use_mlock (until 0.7) and penalize_newline (until 0.5.5) are
    left out with a warning, tfs_z (until 0.5.2), numa and the rope parameters are refused.""",
    help="Use Ollama's own name for the option, or remove it.",
    bad=modelfile("FROM llama3.2\nPARAMETER max_tokens 256\n"),
    good=modelfile("FROM llama3.2\nPARAMETER num_predict 256\n"),
    evidence=["ollama/ollama#8252", "ollama/ollama#8514", "ollama/ollama#10581"],
)
def ollama_unknown_parameter(config: ConfigNode) -> Iterator[Draft]:
    known, gone = words_at(config.target)
    for key in config.keys:
        if key in gone:
            yield dropped(config, gone[key])
        elif key not in known:
            meant = meant_by(key, known)
            what = "`ollama create` refuses the file" if is_modelfile(config) else "the server ignores it"
            fix = unsafe(f"Rename `{key}` to `{meant}`", config.rename(key, meant)) if meant else None
            hint = f". Use `{meant}`" if meant else ""
            message = f"`{key}` is no parameter of Ollama: {what}{hint}"
            yield config.finding(key, message, severity=None if is_modelfile(config) else Severity.WARNING,
                                 fix=fix if meant not in config.keys else None, on_key=True)


@cache
def dialect() -> "Dialect":
    """Return the dialect of Ollama, which only files in its words need."""
    from genspec.dialects import dialect_named

    return dialect_named("ollama")


def words_at(target: Target) -> "tuple[set[str], dict[str, Own]]":
    """Return the parameters of a version, and those that it has no more."""
    known = {option.name for option in dialect().options}
    gone: dict[str, Own] = {}
    for own in dialect().own:
        if own.until and is_within(target.version, f">={own.until}"):
            gone[own.name] = own
        elif not own.since or is_within(target.version, f">={own.since}"):
            known.add(own.name)
    return known, gone


def dropped(config: ConfigNode, own: "Own") -> Draft:
    """Report a parameter that Ollama had once."""
    if is_modelfile(config) and own.name not in DROPPED_SILENTLY:
        message = f"`{own.name}` was removed in Ollama {own.until}, and `ollama create` refuses the file"
        severity = Severity.ERROR
    else:
        message = f"`{own.name}` has no effect: Ollama {own.until} removed it"
        severity = Severity.WARNING
    fix = unsafe(f"Remove `{own.name}`", config.remove(own.name))
    return config.finding(own.name, message, severity=severity, fix=fix)


def meant_by(key: str, known: set[str]) -> str | None:
    """Return the parameter that is meant by another name: that of another engine, or a slip."""
    from difflib import get_close_matches

    theirs = foreign(key)
    field = key if key in KEYS else theirs.field if theirs is not None else None
    option = dialect().option(field) if field else None
    if option is not None:
        return option.name
    small = key.lower().replace("-", "_")
    return small if small in known else next(iter(get_close_matches(small, sorted(known), 1, 0.8)), None)


def is_modelfile(config: ConfigNode) -> bool:
    """Tell whether a place is a Modelfile, and no request."""
    return config.place.source is Source.OLLAMA_MODELFILE


def said(config: ConfigNode, instruction: str) -> str | None:
    """Return what a Modelfile says after FROM, TEMPLATE or another instruction."""
    value = config.document.value
    text = value.get(instruction) if isinstance(value, dict) else None
    return text if isinstance(text, str) else None


def is_from_file(config: ConfigNode) -> bool:
    """Tell whether a Modelfile begins with a file of weights, and no model that has parameters of its own."""
    base = said(config, "FROM") or ""
    return base.lower().endswith(".gguf") and not base.startswith(("hf.co/", "huggingface.co/", "http"))


@rule(
    "GS812", "ollama-num-ctx-unset", severity=Severity.INFO, clauses=["LENGTH-10"], targets="ollama",
    sources=MODELFILE,
    rationale="""Without `num_ctx` the context is that of the server: 4,096 tokens for prompt and answer together on a
    machine with less than 23 GiB of GPU memory, 32,768 or 262,144 with more (since Ollama 0.15.5; before 4,096, before
    0.6.7 2,048), whatever the model was trained for. Of a longer chat the oldest messages are left out without a word,
    and a longer prompt is cut or refused.
    A note: most Modelfiles leave it out, and for short chats that is well. Where the model is made from a GGUF file
    alone: another one may bring a `num_ctx` of its own.""",
    help="Set num_ctx to what the longest prompt and its answer need.",
    bad=modelfile("FROM ./crane-8b.Q4_K_M.gguf\nTEMPLATE \"{{ .Prompt }}\"\n"),
    good=modelfile("FROM ./crane-8b.Q4_K_M.gguf\nTEMPLATE \"{{ .Prompt }}\"\nPARAMETER num_ctx 16384\n"),
    evidence=["ollama/ollama#17889", "ollama/ollama#10364"],
)
def ollama_num_ctx_unset(config: ConfigNode) -> Iterator[Draft]:
    if "num_ctx" in config.keys or not is_from_file(config):
        return
    if is_within(config.target.version, "<0.6.7"):
        size = "2,048 tokens"
    elif is_within(config.target.version, "<0.15.5"):
        size = "4,096 tokens"
    else:
        size = "4,096 tokens, more only with 23 GiB of GPU memory or more"
    yield config.finding((), f"`num_ctx` is not set: prompt and answer together have {size}")


@rule(
    "GS815", "num-ctx-on-v1", severity=Severity.WARNING, clauses=["CONFIG-2"], targets="openai",
    sources=(Source.OPENAI_PAYLOAD,),
    rationale="""`num_ctx` is an option of Ollama's own API. Its /v1 endpoints, which speak the OpenAI API, read no
    options at all: the field is dropped, the context stays that of the model or of the server, and longer prompts are
    cut. Proxies such as LiteLLM do read the field, so this is an error only where the program names Ollama's port.""",
    help="Set num_ctx in a Modelfile, or OLLAMA_CONTEXT_LENGTH for the server, or call /api/chat.",
    bad=program('from openai import OpenAI\n\nclient = OpenAI(base_url=url)\n'
                'client.chat.completions.create(model="qwen3", messages=chat, extra_body={"num_ctx": 8192})\n'),
    good=program('import ollama\n\nollama.chat(model="qwen3", messages=chat, options={"num_ctx": 8192})\n'),
    evidence=["ollama/ollama#5356", "ollama/ollama#16814", "ollama/ollama#2677"],
)
def num_ctx_on_v1(config: ConfigNode) -> Iterator[Draft]:
    options = config.value("options")
    inside = isinstance(options, dict) and "num_ctx" in options
    if not inside and "num_ctx" not in config.keys:
        return
    sure = OLLAMA_PORT in config.document.text
    draft = config.finding(
        "options" if inside else "num_ctx", "`num_ctx` has no effect: the /v1 endpoints of Ollama read no options",
        severity=Severity.ERROR if sure else None)
    yield draft if sure else draft._replace(confidence="medium")
