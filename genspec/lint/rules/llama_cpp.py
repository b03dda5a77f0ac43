"""Family 8: llama.cpp. Read: 00dc805, tools/server/README.md and common/common.cpp; llama-cpp-python 0.3."""

from collections.abc import Iterator

from genspec.lint.finding import Draft, Severity
from genspec.lint.node import ConfigNode
from genspec.lint.rule import Files, rule
from genspec.lint.sources.document import Source

DEFAULTS = {"temperature": "0.8", "top_k": "40", "top_p": "0.95", "min_p": "0.05"}
"""What llama.cpp does where neither a flag nor the model's file says otherwise."""


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
