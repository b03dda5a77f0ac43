"""Which objects in a file hold generation settings, and in whose words.

Most JSON and YAML has nothing to do with generation, and words like `temperature` and `model` are common. An object
counts only with evidence: the keys that stand beside the settings in a request, or in the config of a known program.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from genspec.lint.finding import Pointer
from genspec.lint.sources.document import Place, Source

Members = dict[str, object]

DEEPEST = 12
"""Levels that are looked into."""

MOST_OBJECTS = 50_000
"""Objects and lists of one file that are looked at."""

REQUEST = frozenset({
    "temperature", "top_p", "top_k", "min_p", "n", "stop", "max_tokens", "max_completion_tokens", "presence_penalty",
    "frequency_penalty", "repetition_penalty", "best_of", "seed", "logit_bias", "logprobs",
})
"""Options of a request to a server that speaks the OpenAI API: one at least makes it worth a look."""

ANSWER = frozenset({"choices", "usage", "response", "output", "completion", "completions"})
"""Keys of a record of what was answered, not of a request."""

SAMPLED = frozenset({
    "temperature", "top_k", "top_p", "min_p", "typical_p", "repetition_penalty", "do_sample", "max_new_tokens", "seed",
})

VLLM_WORDS = frozenset({
    "max_model_len", "gpu_memory_utilization", "tensor_parallel_size", "pipeline_parallel_size", "max_num_seqs",
    "max_num_batched_tokens", "enable_prefix_caching", "enforce_eager", "served_model_name", "kv_cache_dtype",
    "swap_space", "generation_config", "override_generation_config", "enable_chunked_prefill", "enable_lora",
    "trust_remote_code", "max_logprobs", "tool_call_parser", "enable_auto_tool_choice", "reasoning_parser",
})
"""Arguments of `vllm serve`; three of them, or an override of the generation config, are a config of vLLM."""

SGLANG_WORDS = frozenset({
    "model_path", "mem_fraction_static", "tp_size", "dp_size", "context_length", "chunked_prefill_size",
    "max_running_requests", "preferred_sampling_params", "sampling_defaults", "attention_backend", "schedule_policy",
})
"""Arguments of `sglang.launch_server`; three of them are a config of SGLang."""

INNER = {
    "override_generation_config": Source.VLLM_OVERRIDE, "preferred_sampling_params": Source.SGLANG_PARAMS,
}
"""Arguments of servers that are objects of settings."""

TASK_WORDS = frozenset({
    "doc_to_text", "doc_to_target", "output_type", "dataset_path", "dataset_name", "metric_list", "filter_list",
    "num_fewshot", "include", "test_split", "process_results", "fewshot_split",
})
"""What a task of lm-evaluation-harness holds beside `generation_kwargs`; two of them are one."""

TASK_OWN = frozenset({"until", "max_gen_toks", "max_tokens", "max_completion_tokens"})
"""Options of lm-evaluation-harness that it does not hand on (lm_eval/models/utils.py, read: 4e7e0d4)."""

TRAINED = frozenset({"temperature", "top_p", "top_k", "min_p", "repetition_penalty"})
"""Options of TRL's GRPOConfig, and of Axolotl's section `trl`, that are those of transformers, or of vLLM."""


FACTORY = frozenset({
    "do_sample", "temperature", "top_p", "top_k", "num_beams", "max_length", "max_new_tokens", "repetition_penalty",
    "length_penalty",
})
"""Options of LLaMA-Factory that are those of transformers (hparams/generating_args.py, read: ff6d4d1)."""

EVALUATED = FACTORY - {"do_sample", "num_beams", "max_length"} | {"min_p", "min_new_tokens", "cache_implementation"}
"""Options of lighteval that are those of transformers (models/model_input.py, read: 3fd1526)."""


class Found(NamedTuple):
    """Settings in an object."""

    source: Source
    values: Members
    below: Pointer = ()             # where they stand, seen from the object
    open: bool = False              # whether the program adds more


def places_in(value: object) -> tuple[Place, ...]:
    """Return the generation settings inside a value of JSON or YAML, in their order."""
    return tuple(
        Place(found.source, found.values, (*pointer, *found.below), open=found.open)
        for pointer, members in objects_in(value)
        for found in settings_in(members)
    )


def objects_in(value: object) -> Iterator[tuple[Pointer, Members]]:
    """Yield the objects of a value with their pointers, outer ones first."""
    stack: list[tuple[Pointer, object]] = [((), value)]
    for _ in range(MOST_OBJECTS):
        if not stack:
            return
        pointer, item = stack.pop()
        if isinstance(item, dict):
            yield pointer, item
        inner = item.items() if isinstance(item, dict) else enumerate(item) if isinstance(item, list) else ()
        if len(pointer) < DEEPEST:
            below = [((*pointer, key), member) for key, member in inner if isinstance(member, dict | list)]
            stack += reversed(below)


def settings_in(members: Members) -> Iterator[Found]:
    """Yield the settings that an object holds itself."""
    for recognise in RECOGNISERS:
        found = recognise(members)
        if found is not None:
            yield found
    named = spelt(members)
    for key, source in INNER.items():
        inner = as_object(named.get(key))
        if inner:
            yield Found(source, inner, (key,))


def as_object(value: object) -> Members:
    """Return an object, or one that is written as JSON into a text."""
    if isinstance(value, str) and value.lstrip().startswith("{"):
        import json

        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return {}
    return value if isinstance(value, dict) else {}


def spelt(members: Mapping[str, object]) -> Members:
    """Return the members with underscores in their names, as programs read `max-model-len` too."""
    return {key.replace("-", "_"): value for key, value in members.items() if isinstance(key, str)}


def section(members: Members, key: str) -> Members:
    """Return an inner object, or an empty one."""
    inner = members.get(key)
    return inner if isinstance(inner, dict) else {}


def is_conversation(value: object) -> bool:
    """Tell whether a value is a list of messages, each with its role."""
    return isinstance(value, list) and bool(value) and all(isinstance(one, dict) and "role" in one for one in value)


def is_request(members: Members) -> bool:
    """Tell whether an object is sent to a server: a model, and messages or a prompt, and no answer."""
    if not isinstance(members.get("model"), str) or not ANSWER.isdisjoint(members):
        return False
    return is_conversation(members.get("messages")) or isinstance(members.get("prompt"), str | list)


def openai(members: Members) -> Found | None:
    """Recognise a request of the OpenAI API. One that goes to Anthropic has the shape, too, and other words."""
    if not is_request(members) or section(members, "options") or REQUEST.isdisjoint(members):
        return None
    is_anthropic = "anthropic_version" in members or "claude" in str(members["model"]).lower()
    return None if is_anthropic else Found(Source.OPENAI_PAYLOAD, members)


def ollama(members: Members) -> Found | None:
    """Recognise a request to Ollama."""
    options = section(members, "options")
    return Found(Source.OLLAMA_OPTIONS, options, ("options",)) if options and is_request(members) else None


def llama_cpp(members: Members) -> Found | None:
    """Recognise a request to the server of llama.cpp."""
    said = "n_predict" in members and isinstance(members.get("prompt"), str | list)
    return Found(Source.LLAMA_CPP_PARAMS, members) if said else None


def tgi(members: Members) -> Found | None:
    """Recognise a request to TGI, which other servers of Hugging Face models take, too."""
    options = section(members, "parameters")
    said = isinstance(members.get("inputs"), str) and not SAMPLED.isdisjoint(options)
    return Found(Source.TGI_PARAMS, options, ("parameters",)) if said else None


def sglang(members: Members) -> Found | None:
    """Recognise a request to SGLang."""
    options = section(members, "sampling_params")
    said = options and not {"text", "input_ids"}.isdisjoint(members)
    return Found(Source.SGLANG_PARAMS, options, ("sampling_params",)) if said else None


def vllm_args(members: Members) -> Found | None:
    """Recognise the arguments of `vllm serve` in a file."""
    named = spelt(members)
    said = "override_generation_config" in named or len(VLLM_WORDS & named.keys()) >= 3
    if "mem_fraction_static" in named or "model_path" in named:
        return None                             # SGLang has many of the words
    return Found(Source.VLLM_ARGS, named) if said else None


def sglang_args(members: Members) -> Found | None:
    """Recognise the arguments of SGLang's server in a file."""
    named = spelt(members)
    return Found(Source.SGLANG_ARGS, named) if len(SGLANG_WORDS & named.keys()) >= 3 else None


def task(members: Members) -> Found | None:
    """Recognise a task of lm-evaluation-harness. It draws when the temperature is above 0, whatever else is said."""
    options = section(members, "generation_kwargs")
    if not options or len(TASK_WORDS & members.keys()) < 2:
        return None
    values = {key: value for key, value in options.items() if key not in TASK_OWN}
    if values.get("temperature") == 0 and values.get("do_sample") is not True:
        del values["temperature"]               # it takes a temperature of 0 away itself
    return Found(Source.SECTION, values, ("generation_kwargs",), open=True)


def trained(members: Members) -> Found | None:
    """Recognise the settings of a run of GRPO, or of another method of TRL that generates."""
    values = {key: value for key, value in members.items() if key in TRAINED}
    if not values or "max_completion_length" not in members:
        return None
    source = Source.VLLM_PARAMS if members.get("use_vllm") is True else Source.SECTION
    return Found(source, values, open=True)


def factory(members: Members) -> Found | None:
    """Recognise a run of LLaMA-Factory, which draws unless it is told not to."""
    values = {key: value for key, value in members.items() if key in FACTORY}
    named = "model_name_or_path" in members and not {"template", "finetuning_type", "stage"}.isdisjoint(members)
    return Found(Source.SECTION, values, open=True) if values and named else None


def evaluated(members: Members) -> Found | None:
    """Recognise the model of an evaluation with lighteval."""
    options = section(members, "generation_parameters")
    values = {key: value for key, value in options.items() if key in EVALUATED}
    return Found(Source.SECTION, values, ("generation_parameters",), open=True) if values else None


RECOGNISERS: tuple[Callable[[Members], Found | None], ...] = (
    openai, ollama, llama_cpp, tgi, sglang, vllm_args, sglang_args, task, trained, factory, evaluated,
)
