"""Family 8: requests of the OpenAI API, and penalties that are taken for one another."""

import re
from collections.abc import Iterator

from genspec.lint.draft import Draft
from genspec.lint.finding import Severity
from genspec.lint.node import ConfigNode, safe, unsafe
from genspec.lint.rule import Files, rule
from genspec.lint.sources.document import Source

REASONING = re.compile(r"(?:o[134](?:-mini|-preview|-pro)?|gpt-5(?:-mini|-nano)?)(?:-\d{4}-\d{2}-\d{2})?")
"""Models that refuse the sampling options: the o series, and GPT-5 before 5.1. With a provider in front of the name the
request goes to a router, which may leave out what a model does not take."""

FIXED = {"temperature": 1, "top_p": 1, "presence_penalty": 0, "frequency_penalty": 0}
"""Options that those models take with this value alone, or not at all."""

UNKNOWN = ("logprobs", "top_logprobs", "logit_bias")
MULTIPLIED = ("repetition_penalty", "repeat_penalty")
STRONG = 0.5
"""Below it a multiplicative penalty makes a repeated token several times more probable."""

LIKELY = (1.0, 1.2)
"""Values that multiplicative penalties have in most configs."""

PENALISED = (
    Source.OPENAI_PAYLOAD, Source.VLLM_PARAMS, Source.VLLM_OVERRIDE, Source.SGLANG_PARAMS, Source.TGI_PARAMS,
    Source.LLAMA_CPP_PARAMS, Source.LLAMA_CPP_FLAGS, Source.LLAMA_CPP_CALL, Source.LLAMA_CPP_CHAT,
    Source.OLLAMA_OPTIONS, Source.OLLAMA_MODELFILE, Source.GENAI_CONFIG, Source.LITELLM_CALL,
)


def request(options: dict[str, object]) -> Files:
    """Return an example: a request."""
    return Files({"request.json": {"messages": [{"role": "user", "content": "Which birds winter here?"}], **options}})


@rule(
    "GS816", "reasoning-model-options", severity=Severity.ERROR, clauses=["CONFIG-2"], targets="openai",
    sources=(Source.OPENAI_PAYLOAD,),
    rationale="""The o series and GPT-5 answer 400 to max_tokens, whose place max_completion_tokens took, to a
    temperature or a top_p other than 1, to penalties and to logprobs. Reasoning counts toward the tokens, too. Only
    names without a provider in front are looked at: routers leave out what a model does not take.""",
    help="Rename max_tokens to max_completion_tokens, and leave the sampling options out.",
    bad=request({"model": "o3-mini", "max_tokens": 512}),
    good=request({"model": "o3-mini", "max_completion_tokens": 512}),
    evidence=["cline/cline#341", "IBM/chuk-llm#3", "stanford-crfm/helm#3617", "QwenLM/qwen-code#921"],
)
def reasoning_model_options(config: ConfigNode) -> Iterator[Draft]:
    model = config.value("model")
    if not isinstance(model, str) or not REASONING.fullmatch(model):
        return
    if "max_tokens" in config.keys:
        message = f"`max_tokens` is refused by {model}: give `max_completion_tokens`"
        given = "max_completion_tokens" in config.keys
        fix = None if given else safe("Rename `max_tokens` to `max_completion_tokens`",
                                      config.rename("max_tokens", "max_completion_tokens"))
        yield config.finding("max_tokens", message, fix=fix, on_key=True)
    for name, only in FIXED.items():
        value = config.number(name)
        if value is not None and value != only:
            fix = unsafe(f"Remove `{name}`", config.remove(name))
            yield config.finding(name, f"`{name}` {value:g} is refused by {model}: only {only} is taken", fix=fix)
    for name in UNKNOWN:
        if config.value(name) not in (None, False, {}, 0):
            yield config.finding(name, f"`{name}` is refused by {model}")


@rule(
    "GS817", "penalty-name-swap", severity=Severity.WARNING, clauses=["REPETITION-PENALTY-1"],
    targets="openai | vllm | sglang | tgi | llama.cpp | ollama | onnxruntime-genai", sources=PENALISED,
    rationale="""A repetition penalty divides scores, and 1 is off; presence and frequency penalties subtract from
    them, and 0 is off. Programs copy the one into the other: a repetition penalty of 0 is refused, or turns every score
    into infinity, one of 0.2 makes repeated tokens more probable, and a frequency penalty of 1.1 that was meant to
    multiply is among the strongest that there are. The last is a guess, and a note.""",
    help="Give a repetition penalty a little above 1, a frequency or presence penalty a little above 0.",
    bad=request({"model": "qwen3", "max_tokens": 512, "repetition_penalty": 0.2}),
    good=request({"model": "qwen3", "max_tokens": 512, "repetition_penalty": 1.1}),
    evidence=["huggingface/chat-ui#1552", "evalplus/evalplus#288"],
)
def penalty_name_swap(config: ConfigNode) -> Iterator[Draft]:
    for name in MULTIPLIED:
        value = config.number(name)
        if value is not None and 0 <= value < STRONG:
            what = "is refused, or breaks every score" if value == 0 else "makes repeated tokens more probable"
            yield config.finding(name, f"`{name}` {value:g} {what}: 1 is off here, 0 only in penalties that subtract")
    value = config.number("frequency_penalty")
    if value is not None and LIKELY[0] <= value <= LIKELY[1] and not set(MULTIPLIED) & set(config.keys):
        message = f"`frequency_penalty` {value:g} is subtracted at each repetition: was `repetition_penalty` meant?"
        yield config.finding("frequency_penalty", message, severity=Severity.INFO)._replace(confidence="medium")
