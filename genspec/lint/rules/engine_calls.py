"""Family 8: calls of engines in Python programs, with arguments that the engine does not take or does not heed.

Read: llama-cpp-python 0.3.35 (llama_cpp/llama.py), CTranslate2 4.8.1 (src/decoding.cc) and 4.8.5 (its signatures),
mlx-lm 0.32.2 (mlx_lm/generate.py, mlx_lm/sample_utils.py).
"""

from collections.abc import Iterator, Mapping

from genspec.lint.draft import Draft
from genspec.lint.finding import Fix, Severity
from genspec.lint.node import ConfigNode, unsafe
from genspec.lint.rule import Files, rule
from genspec.lint.sources.document import Source
from genspec.lint.target import is_within

BOTH = frozenset({
    "max_tokens", "temperature", "top_p", "min_p", "typical_p", "logprobs", "stop", "frequency_penalty",
    "presence_penalty", "repeat_penalty", "top_k", "stream", "seed", "tfs_z", "mirostat_mode", "mirostat_tau",
    "mirostat_eta", "model", "logits_processor", "grammar", "logit_bias",
})
COMPLETION = BOTH | {"prompt", "suffix", "echo", "stopping_criteria"}
CHAT = BOTH | {"messages", "functions", "function_call", "tools", "tool_choice", "response_format", "top_logprobs"}
"""Arguments of `create_completion` and of `create_chat_completion` of llama-cpp-python."""

BATCH = frozenset({
    "start_tokens", "source", "target_prefix", "max_batch_size", "batch_type", "asynchronous", "beam_size",
    "patience", "num_hypotheses", "length_penalty", "coverage_penalty", "repetition_penalty", "no_repeat_ngram_size",
    "disable_unk", "suppress_sequences", "end_token", "return_end_token", "prefix_bias_beta", "max_input_length",
    "max_decoding_length", "min_decoding_length", "max_length", "min_length", "use_vmap", "static_prompt",
    "cache_static_prompt", "include_prompt_in_result", "return_scores", "return_logits_vocab", "return_attention",
    "return_alternatives", "min_alternative_expansion_prob", "sampling_topk", "sampling_topp", "sampling_temperature",
    "replace_unknowns", "callback",
})
"""Arguments of `generate_batch` and of `translate_batch`."""

SAMPLER = frozenset({
    "temp", "top_p", "min_p", "min_tokens_to_keep", "top_k", "xtc_probability", "xtc_threshold", "xtc_special_tokens",
})

TAKEN: Mapping[Source, frozenset[str]] = {
    Source.LLAMA_CPP_CALL: COMPLETION, Source.LLAMA_CPP_CHAT: CHAT, Source.CTRANSLATE2_OPTIONS: BATCH,
    Source.MLX_OPTIONS: SAMPLER,
}
"""What the calls take; any other name raises TypeError."""

OF_LLAMA_CPP = {
    "max_new_tokens": "max_tokens", "n_predict": "max_tokens", "num_predict": "max_tokens", "max_length": "max_tokens",
    "repetition_penalty": "repeat_penalty", "stop_sequences": "stop", "stop_strings": "stop", "temp": "temperature",
    "mirostat": "mirostat_mode",
}
MEANT: Mapping[Source, Mapping[str, str]] = {
    Source.LLAMA_CPP_CALL: OF_LLAMA_CPP, Source.LLAMA_CPP_CHAT: OF_LLAMA_CPP,
    Source.CTRANSLATE2_OPTIONS: {
        "temperature": "sampling_temperature", "top_k": "sampling_topk", "top_p": "sampling_topp",
        "num_beams": "beam_size", "max_new_tokens": "max_length", "num_return_sequences": "num_hypotheses",
        "sampling_top_k": "sampling_topk", "sampling_top_p": "sampling_topp", "temp": "sampling_temperature",
    },
    Source.MLX_OPTIONS: {"temperature": "temp", "topk": "top_k", "topp": "top_p"},
}
"""Names that stand for others."""

MLX = ("from mlx_lm import generate, load\nfrom mlx_lm.sample_utils import make_sampler\n\n"
       "model, tokenizer = load(name)\n")
"""How the examples begin."""

OF_SAMPLER = frozenset({"temp", "temperature", "top_p", "min_p", "top_k", "xtc_probability", "xtc_threshold"})
OF_PROCESSORS = frozenset({"repetition_penalty", "repetition_context_size", "presence_penalty", "frequency_penalty"})
OF_NOBODY = frozenset({"do_sample", "max_new_tokens", "max_length", "num_beams", "stop", "seed"})


@rule(
    "GS832", "unknown-argument-of-engine", severity=Severity.ERROR, clauses=["CONFIG-2"],
    targets="llama.cpp | ctranslate2 | mlx-lm",
    sources=(Source.LLAMA_CPP_CALL, Source.LLAMA_CPP_CHAT, Source.CTRANSLATE2_OPTIONS, Source.MLX_OPTIONS,
             Source.MLX_CALL),
    rationale="""The call raises TypeError: the engine has no argument of this name. Each has names of its own:
    llama-cpp-python says max_tokens and repeat_penalty, CTranslate2 beam_size, max_length and sampling_topk. mlx-lm
    since 0.21 takes no sampling options in `generate` and `stream_generate`: they go into `make_sampler` and
    `make_logits_processors`, whose results the call takes as `sampler` and `logits_processors`.""",
    help="Use the engine's own name.",
    bad=Files({"run.py": MLX + "print(generate(model, tokenizer, prompt, max_tokens=256, temp=0.7))\n"}),
    good=Files({"run.py": MLX + "sampler = make_sampler(temp=0.7)\n"
                                "print(generate(model, tokenizer, prompt, max_tokens=256, sampler=sampler))\n"}),
    evidence=["ml-explore/mlx-lm#541", "ml-explore/mlx-lm#72", "ml-explore/mlx-examples#1201"],
)
def unknown_argument_of_engine(config: ConfigNode) -> Iterator[Draft]:
    if config.place.source is Source.MLX_CALL:
        if is_within(config.target.version, ">=0.21"):
            yield from refused_by_mlx(config)
        return
    taken, meant = TAKEN[config.place.source], MEANT[config.place.source]
    for key in config.keys:
        if key not in taken:
            name = meant.get(key) or nearest(key, taken)
            hint = f". Use `{name}`" if name else ""
            yield config.finding(key, f"`{key}` is no argument of this call: it raises TypeError{hint}",
                                 fix=renamed(config, key, name), on_key=True)


def refused_by_mlx(config: ConfigNode) -> Iterator[Draft]:
    """Yield the arguments of `generate` that mlx-lm puts into objects of their own, or that it does not have."""
    for key in config.keys:
        if key in OF_SAMPLER:
            advice = "make a sampler of it with `make_sampler`"
        elif key in OF_PROCESSORS:
            advice = "make a processor of it with `make_logits_processors`"
        elif key in OF_NOBODY:
            advice = "Use `max_tokens`" if key.startswith("max_") else "remove it"
        else:
            continue
        fix = renamed(config, key, "max_tokens") if key.startswith("max_") else None
        yield config.finding(key, f"`{key}` is no argument of this call: it raises TypeError. {advice[0].upper()}"
                                  f"{advice[1:]}", fix=fix, on_key=True)


def nearest(key: str, taken: frozenset[str]) -> str | None:
    """Return the argument that a name misspells."""
    from difflib import get_close_matches

    return next(iter(get_close_matches(key.lower(), sorted(taken), 1, 0.85)), None)


def renamed(config: ConfigNode, key: str, name: str | None) -> Fix | None:
    """Return the fix that uses another name, where that one is free."""
    if name is None or name in config.keys:
        return None
    return unsafe(f"Rename `{key}` to `{name}`", config.rename(key, name))


@rule(
    "GS833", "ctranslate2-draws-only-with-topk", severity=Severity.WARNING, clauses=["MODE-2"], targets="ctranslate2",
    sources=(Source.CTRANSLATE2_OPTIONS,),
    rationale="""CTranslate2 draws when `sampling_topk` is not 1, and 1 is its default: `sampling_temperature` and
    `sampling_topp` alone change nothing, and every call gives the same answer.""",
    help="Set sampling_topk as well; 0 draws from all tokens.",
    bad=Files({"run.py": "import ctranslate2\n\ngenerator = ctranslate2.Generator(path)\n"
                         "generator.generate_batch(prompts, sampling_temperature=0.7)\n"}),
    good=Files({"run.py": "import ctranslate2\n\ngenerator = ctranslate2.Generator(path)\n"
                          "generator.generate_batch(prompts, sampling_topk=20, sampling_temperature=0.7)\n"}),
    evidence=["OpenNMT/CTranslate2#1620"],
)
def ctranslate2_draws_only_with_topk(config: ConfigNode) -> Iterator[Draft]:
    if config.may_hold("sampling_topk") or config.value("sampling_topk") not in (None, 1):
        return
    for key in ("sampling_temperature", "sampling_topp"):
        if config.number(key) not in (None, 1):
            yield config.finding(key, f"`{key}` has no effect: `sampling_topk` is 1, and nothing is drawn")


@rule(
    "GS834", "llama-cpp-python-default-length", severity=Severity.WARNING, clauses=["LENGTH-4"], targets="llama.cpp",
    sources=(Source.LLAMA_CPP_CALL,),
    rationale="""A completion of llama-cpp-python without max_tokens stops after 16 tokens, in the middle of nearly
    every answer. `create_chat_completion` goes on until the context is full.""",
    help="Give max_tokens; None lets a row go on until the context is full.",
    bad=Files({"run.py": "from llama_cpp import Llama\n\nllm = Llama(model_path=path)\n"
                         "print(llm.create_completion(prompt, temperature=0.7))\n"}),
    good=Files({"run.py": "from llama_cpp import Llama\n\nllm = Llama(model_path=path)\n"
                          "print(llm.create_completion(prompt, temperature=0.7, max_tokens=256))\n"}),
    evidence=["abetlen/llama-cpp-python#542", "abetlen/llama-cpp-python#903", "abetlen/llama-cpp-python#1056"],
)
def llama_cpp_python_default_length(config: ConfigNode) -> Iterator[Draft]:
    if config.place.whole and "max_tokens" not in config.values and not config.may_hold("max_tokens"):
        yield config.finding((), "`max_tokens` is not given: the completion stops after 16 tokens")
