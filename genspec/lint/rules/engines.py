"""Family 8: what holds for every engine whose options a dialect tells: names, ranges, and what has no effect."""

from collections.abc import Iterator

from genspec.lint.draft import Draft
from genspec.lint.finding import Severity
from genspec.lint.node import ConfigNode, unsafe
from genspec.lint.rule import Files, rule
from genspec.lint.rules.engine_words import Range, dialect_of, meant_by, ranges_of, removed_from
from genspec.lint.sources.document import Source

STRICT = {
    Source.VLLM_PARAMS: "SamplingParams raises TypeError",
    Source.SGLANG_PARAMS: "SGLang refuses the request",
    Source.GENAI_CONFIG: "onnxruntime-genai refuses to load the model",
}
"""Places in which an unknown option is an error, with what happens."""

LOOSE = {
    Source.OPENAI_PAYLOAD: "servers refuse the request or ignore it",
    Source.TGI_PARAMS: "TGI ignores it",
}
"""Places in which others put options of their own: only a name that is meant for a known option is reported."""

OF_SERVERS = frozenset({
    "top_k", "min_p", "repetition_penalty", "length_penalty", "stop_token_ids", "min_tokens", "ignore_eos",
    "use_beam_search", "include_stop_str_in_output", "skip_special_tokens", "spaces_between_special_tokens",
    "truncate_prompt_tokens", "prompt_logprobs", "allowed_token_ids", "bad_words", "typical_p", "repeat_penalty",
    "min_new_tokens", "stop_regex", "no_stop_trim", "regex", "ebnf", "json_schema", "structural_tag", "num_ctx",
    "repeat_last_n", "dry_multiplier", "xtc_probability", "mirostat", "n_predict", "top_a",
})
"""Options that servers of the OpenAI API take besides: vLLM, SGLang, llama.cpp, OpenRouter."""

OF_REQUESTS = frozenset({
    "model", "messages", "prompt", "stream", "stream_options", "user", "tools", "tool_choice", "functions", "echo",
    "function_call", "suffix", "metadata", "modalities", "audio", "prediction", "store", "service_tier",
    "parallel_tool_calls", "extra_body", "extra_headers", "extra_query", "timeout", "web_search_options",
    "safety_identifier", "prompt_cache_key", "prompt_cache_options", "prompt_cache_retention", "moderation",
})
"""Members of a request that configure no decoding."""

GREEDY = {
    Source.VLLM_PARAMS: ("top_p", "top_k", "min_p"), Source.SGLANG_PARAMS: ("top_p", "min_p", "top_k"),
    Source.LLAMA_CPP_PARAMS: ("top_p", "top_k", "min_p"), Source.LLAMA_CPP_FLAGS: ("top_p", "top_k", "min_p"),
    Source.LLAMA_CPP_CALL: ("top_p", "top_k", "min_p"), Source.LLAMA_CPP_CHAT: ("top_p", "top_k", "min_p"),
    Source.OLLAMA_OPTIONS: ("top_p", "top_k", "min_p"), Source.OLLAMA_MODELFILE: ("top_p", "top_k", "min_p"),
    Source.GENAI_CONFIG: ("top_p", "top_k", "temperature"),
}
"""Options that choose among tokens and always keep the best one: they change nothing where that one is taken."""

LEAST_TEMPERATURE = 1e-6


def request(options: dict[str, object]) -> Files:
    """Return an example: a request to SGLang."""
    return Files({"request.json": {"text": "Which birds winter here?", "sampling_params": options}})


def search(options: dict[str, object]) -> Files:
    """Return an example: the config of a model of onnxruntime-genai."""
    return Files({"genai_config.json": {"model": {"context_length": 4096}, "search": options}})


@rule(
    "GS820", "unknown-engine-option", severity=Severity.ERROR, clauses=["CONFIG-2"],
    targets="sglang | vllm | onnxruntime-genai | openai | tgi", sources=(*STRICT, *LOOSE),
    rationale="""The engine has no option of this name. vLLM's SamplingParams raises TypeError, SGLang refuses the
    request, onnxruntime-genai does not load the model. TGI ignores the name, and servers of the OpenAI API refuse or
    ignore it, each as it likes: there only names that are meant for a known option are reported, as warnings.""",
    help="Use the engine's own name for the option, or remove it.",
    bad=request({"max_tokens": 64}), good=request({"max_new_tokens": 64}),
    evidence=["vllm-project/vllm#16459"],
)
def unknown_engine_option(config: ConfigNode) -> Iterator[Draft]:
    known, gone = ranges_of(config.target), removed_from(config.target)
    source = config.place.source
    for key in config.keys:
        if key in known or key in gone or (source is Source.OPENAI_PAYLOAD and key in OF_SERVERS | OF_REQUESTS):
            continue
        meant = meant_by(key, config.target)
        if source in LOOSE and meant is None:
            continue
        fix, advice = None, ""
        if meant in config.keys:
            advice = f". `{meant}` is given, too"
        elif meant is not None:
            fix = unsafe(f"Rename `{key}` to `{meant}`", config.rename(key, meant))
            advice = f": did you mean `{meant}`?"
        title, happens = dialect_of(config.target.engine).title, STRICT.get(source) or LOOSE[source]
        severity = Severity.WARNING if source in LOOSE else None
        message = f"`{key}` is no option of {title}, and {happens}{advice}"
        yield config.finding(key, message, fix=fix, severity=severity, on_key=True)


@rule(
    "GS821", "engine-value-range", severity=Severity.ERROR, clauses=["CONFIG-4"],
    targets="sglang | vllm | openai | onnxruntime-genai",
    sources=(Source.VLLM_PARAMS, Source.VLLM_OVERRIDE, Source.SGLANG_PARAMS, Source.OPENAI_PAYLOAD,
             Source.GENAI_CONFIG),
    rationale="""The engine refuses the value, or text where it wants a number. Ranges differ from engine to engine: a
    top_k of 0 is off in vLLM and refused by SGLang, a repetition penalty above 2 is refused by SGLang alone, a
    temperature above 2 by the OpenAI API and, since 0.24, by vLLM.""",
    help="Choose a value in the range, or leave the option out.",
    bad=request({"max_new_tokens": 64, "top_k": 0}), good=request({"max_new_tokens": 64, "top_k": -1}),
)
def engine_value_range(config: ConfigNode) -> Iterator[Draft]:
    title = dialect_of(config.target.engine).title
    for name, span in ranges_of(config.target).items():
        value = config.value(name)
        if isinstance(value, str) and (span.least is not None or span.greatest is not None):
            yield config.finding(name, f"`{name}` is text, and {title} wants a number")
        elif is_outside(config.number(name), span):
            yield config.finding(name, f"`{name}` is {value}, and {title} wants {wanted(span)}")
        elif config.number(name) in span.refused:
            yield config.finding(name, f"`{name}` is {value}, and {title} wants {span.off} to switch it off")


def is_outside(value: float | None, span: Range) -> bool:
    """Tell whether a number is outside a range."""
    if value is None:
        return False
    return (span.least is not None and value < span.least) or (span.greatest is not None and value > span.greatest)


def wanted(span: Range) -> str:
    """Spell a range. The least that is just above 0 stands for above 0."""
    low = "" if span.least is None else "more than 0" if 0 < span.least < 1e-3 else f"at least {span.least:g}"
    high = "" if span.greatest is None else f"at most {span.greatest:g}"
    return " and ".join(filter(None, (low, high)))


@rule(
    "GS822", "engine-option-without-effect", severity=Severity.WARNING, clauses=["MODE-2"],
    targets="onnxruntime-genai | vllm | sglang | llama.cpp | ollama", sources=GREEDY,
    rationale="""A temperature of 0 takes the best token in vLLM, SGLang, llama.cpp and Ollama, and so does
    onnxruntime-genai without do_sample. The options that choose among tokens then change nothing, and readers take the
    output for sampled.""",
    help="Remove the option, or sample: with a temperature above 0, in onnxruntime-genai with do_sample true.",
    bad=search({"do_sample": False, "max_length": 2048, "top_p": 0.9}),
    good=search({"do_sample": True, "max_length": 2048, "top_p": 0.9}),
)
def engine_option_without_effect(config: ConfigNode) -> Iterator[Draft]:
    if not is_greedy(config):
        return
    options = {option.name: option for option in dialect_of(config.target.engine).options}
    for name in GREEDY[config.place.source]:
        value, option = config.number(name), options.get(name)
        if option is None or value is None or value in (option.off, option.default) or is_off(name, value):
            continue
        fix = unsafe(f"Remove `{name}`", config.remove(name))
        reason = "`do_sample` is not true" if config.place.source is Source.GENAI_CONFIG else "`temperature` is 0"
        yield config.finding(name, f"`{name}` has no effect: {reason}", fix=fix)


def is_greedy(config: ConfigNode) -> bool:
    """Tell whether the best token is taken. A call adds to the file of the model, which nobody sees here."""
    if config.place.source is Source.GENAI_CONFIG:
        flag = config.value("do_sample")
        return flag is False or (flag is None and config.at == ("search",))
    temperature = config.number("temperature")
    return temperature is not None and 0 <= temperature < LEAST_TEMPERATURE


def is_off(name: str, value: float) -> bool:
    """Tell whether a value does nothing in any engine."""
    return (value == 1 and name != "min_p") or (value <= 0 and name in ("top_k", "min_p"))
