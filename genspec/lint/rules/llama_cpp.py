"""Family 8: llama.cpp. Read: 00dc805, tools/server/README.md and common/common.cpp; llama-cpp-python 0.3."""

from collections.abc import Iterator

from genspec.lint.draft import Draft
from genspec.lint.finding import Severity
from genspec.lint.node import ConfigNode
from genspec.lint.rule import Files, rule
from genspec.lint.sources.document import Source

DEFAULTS = {"temperature": "0.8", "top_k": "40", "top_p": "0.95", "min_p": "0.05"}
"""What llama.cpp does where neither a flag nor the model's file says otherwise."""

LLAMA_CPP = (Source.LLAMA_CPP_FLAGS, Source.LLAMA_CPP_PARAMS, Source.LLAMA_CPP_CALL, Source.LLAMA_CPP_CHAT, Source.GGUF)
OLLAMA = (Source.OLLAMA_MODELFILE, Source.OLLAMA_OPTIONS)

PYTHON = (Source.LLAMA_CPP_CALL, Source.LLAMA_CPP_CHAT)

BEST = "it takes the best token, as 0 does"
ALONE = "it leaves the best token alone"
OFF = "it is off"
RANGES = {
    "temperature": (0.0, float("inf"), BEST, ""),
    "top_p": (0.0, 1.0, ALONE, OFF),
    "min_p": (0.0, 1.0, OFF, ALONE),
    "typical_p": (0.0, 1.0, ALONE, OFF),
}
"""The least and the greatest value that mean something, and what happens below and above."""


@rule(
    "GS810", "llamacpp-defaults", severity=Severity.INFO, clauses=["PROFILES-2"], targets="llama.cpp",
    sources=(Source.LLAMA_CPP_FLAGS,),
    rationale="""What a command leaves out is not off. llama.cpp draws with temperature 0.8, top_k 40, top_p 0.95 and
    min_p 0.05, unless the GGUF file recommends other values (`general.sampling.*`, since November 2025) or a request
    does. transformers, with no field set, takes the highest score, and vLLM draws from all tokens: the same model
    answers otherwise in each. Reported where some of the four are set and others are not.""",
    help="Set all four: --temp, --top-k, --top-p, --min-p; 0, 1.0 and 0 switch the last three off.",
    bad=Files({"serve.sh": "llama-server -m tern-8b.gguf --temp 0.6 --top-p 0.9\n"}),
    good=Files({"serve.sh": "llama-server -m tern-8b.gguf --temp 0.6 --top-p 0.9 --top-k 0 --min-p 0\n"}),
    evidence=["ggml-org/llama.cpp#17120", "abetlen/llama-cpp-python#2086"],
)
def llamacpp_defaults(config: ConfigNode) -> Iterator[Draft]:
    if config.place.open or "sampler_seq" in config.keys or "samplers" in config.keys:
        return
    given = [name for name in DEFAULTS if name in config.keys]
    draws = config.value("temperature") is None or (config.number("temperature") or 0) > 0
    left = [name for name in DEFAULTS if name not in given]
    if given and left and draws:
        what = ", ".join(f"`{name}` {DEFAULTS[name]}" for name in left)
        message = f"{what}: {'this is' if len(left) == 1 else 'these are'} set by llama.cpp where the command is silent"
        yield config.finding(given[0], message)


@rule(
    "GS835", "llamacpp-value-without-meaning", severity=Severity.WARNING, clauses=["CONFIG-4"],
    targets="llama.cpp | ollama", sources=LLAMA_CPP + OLLAMA,
    rationale="""llama.cpp, and with it Ollama and llama-cpp-python, takes any number without a word. top_p and
    typical_p above 1 are off, a min_p below 0 too, and a min_p above 1 leaves the best token alone. A temperature below
    0 takes the best token, as 0 does; in llama-cpp-python it draws as if it were 1. A repeat_penalty below 0 turns
    scores round.""",
    help="Choose a value in the range: probabilities from 0 to 1, a temperature of 0 or more, a penalty above 0.",
    bad=Files({"serve.sh": "llama-server -m tern-8b.gguf --temp 0.6 --top-k 20 --top-p 95 --min-p 0\n"}),
    good=Files({"serve.sh": "llama-server -m tern-8b.gguf --temp 0.6 --top-k 20 --top-p 0.95 --min-p 0\n"}),
)
def llamacpp_value_without_meaning(config: ConfigNode) -> Iterator[Draft]:
    for name, (least, greatest, below, above) in RANGES.items():
        value = config.number(name)
        if value is None or least <= value <= greatest:
            continue
        what = below if value < least else above
        if what is BEST and config.place.source in PYTHON:
            what = "it draws as if it were 1"
        yield config.finding(name, f"`{name}` is {value:g}: {what}")
    penalty = config.number("repeat_penalty")
    if penalty is not None and penalty < 0:         # GS817 speaks of 0
        yield config.finding("repeat_penalty", f"`repeat_penalty` is {penalty:g}: it turns scores round, and 1 is off")
