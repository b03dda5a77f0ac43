"""The programs that start an engine, and what their flags are called in the words of the engine's dialect.

Read: vLLM 0.33.0, SGLang 0.5.23, TGI 3.3.7, llama.cpp 00dc805 (tools/server/README.md, made from common/arg.cpp).
"""

from collections.abc import Mapping
from typing import NamedTuple

from genspec.lint.sources.document import Source


class Program(NamedTuple):
    """How the flags of one program are read."""

    source: Source
    names: Mapping[str, str] = {}           # options by flag, where the flag is not the option with dashes
    any_name: bool = False                  # whether every long flag names an option
    switches: frozenset[str] = frozenset()  # flags without a value
    inner: Mapping[str, Source] = {}        # options whose value is a JSON object of settings


def spelled(words: str) -> dict[str, str]:
    """Return options by flag, from lines of an option with its flags."""
    rows = (line.split() for line in words.strip().splitlines())
    return {flag: option for option, *flags in rows for flag in flags}


LLAMA_CPP = Program(Source.LLAMA_CPP_FLAGS, spelled("""
    temperature --temp --temperature
    top_k --top-k
    top_p --top-p
    min_p --min-p
    typical_p --typical --typical-p
    top_n_sigma --top-nsigma --top-n-sigma
    xtc_probability --xtc-probability
    xtc_threshold --xtc-threshold
    n_predict -n --predict --n-predict
    n_keep --keep
    seed -s --seed
    repeat_last_n --repeat-last-n
    repeat_penalty --repeat-penalty
    presence_penalty --presence-penalty
    frequency_penalty --frequency-penalty
    dry_multiplier --dry-multiplier
    dry_base --dry-base
    dry_allowed_length --dry-allowed-length
    dry_penalty_last_n --dry-penalty-last-n
    dynatemp_range --dynatemp-range
    dynatemp_exponent --dynatemp-exp
    mirostat --mirostat
    mirostat_tau --mirostat-ent
    mirostat_eta --mirostat-lr
    ignore_eos --ignore-eos
    samplers --samplers
    sampler_seq --sampler-seq --sampling-seq
    n_ctx -c --ctx-size
    model -m --model
"""), switches=frozenset({"--ignore-eos"}))

VLLM = Program(
    Source.VLLM_ARGS, any_name=True, inner={"override_generation_config": Source.VLLM_OVERRIDE},
)
SGLANG = Program(
    Source.SGLANG_ARGS, any_name=True, inner={"preferred_sampling_params": Source.SGLANG_PARAMS},
)
TGI = Program(Source.TGI_ARGS, any_name=True)

COMMANDS: Mapping[str, Program] = {
    "llama-server": LLAMA_CPP, "llama-cli": LLAMA_CPP, "llama-completion": LLAMA_CPP, "llama-run": LLAMA_CPP,
    "llama-simple-chat": LLAMA_CPP, "llama-speculative": LLAMA_CPP, "llama-mtmd-cli": LLAMA_CPP,
    "text-generation-launcher": TGI,
}
"""Programs by the name of their file."""

VERBS: Mapping[tuple[str, str], Program] = {("vllm", "serve"): VLLM}
"""Programs that start an engine at one of their verbs."""

OLD_NAMES = frozenset({"main", "server"})
"""What llama.cpp called its programs before June 2024. Others have the names too: a model in GGUF goes with it."""

MODULES: Mapping[str, Program] = {
    "vllm.entrypoints.openai.api_server": VLLM, "vllm.entrypoints.api_server": VLLM, "sglang.launch_server": SGLANG,
}
"""Modules, as they follow `python -m`."""

IMAGES: tuple[tuple[str, Program], ...] = (
    ("vllm/vllm-openai", VLLM), ("lmsysorg/sglang", SGLANG), ("huggingface/text-generation-inference", TGI),
    ("llama.cpp:server", LLAMA_CPP), ("llama.cpp:light", LLAMA_CPP),
)
"""Container images whose entry point is the program, by a part of their names; SGLang's has none of its own."""

TRIGGERS = (b"vllm", b"llama-", b"llama.cpp", b".gguf", b"text-generation-", b"sglang")
"""One of these stands in every command of an engine."""
