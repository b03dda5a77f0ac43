"""Fields that a decoder does not read, defaults that are others, and plans that are read wrongly."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from genspec.config.fields import FIELDS
from genspec.config.mode import Mode
from genspec.config.plan import DecodingPlan
from support.defects.defect import Defect, Json, with_plan

ANY = ("",)
"""Whatever page: a field that is not read may show anywhere."""

IGNORED = (
    "do_sample",
    "num_beams",
    "max_length",
    "max_new_tokens",
    "min_length",
    "min_new_tokens",
    "early_stopping",
    "max_time",
    "stop_strings",
    "eos_token_id",
    "temperature",
    "top_k",
    "top_p",
    "min_p",
    "top_h",
    "typical_p",
    "epsilon_cutoff",
    "eta_cutoff",
    "repetition_penalty",
    "encoder_repetition_penalty",
    "length_penalty",
    "no_repeat_ngram_size",
    "encoder_no_repeat_ngram_size",
    "bad_words_ids",
    "renormalize_logits",
    "forced_bos_token_id",
    "forced_eos_token_id",
    "remove_invalid_values",
    "exponential_decay_length_penalty",
    "suppress_tokens",
    "begin_suppress_tokens",
    "sequence_bias",
    "guidance_scale",
    "watermarking_config",
    "num_return_sequences",
    "output_scores",
    "output_logits",
    "bos_token_id",
    "decoder_start_token_id",
    "token_healing",
    "assistant_confidence_threshold",
    "assistant_ensemble_weight",
    "num_assistant_tokens",
)


def changed(given: Json, change: Callable[[dict[str, Any]], Mapping[str, Any]]) -> Json:
    if not isinstance(given.get("config"), dict):
        return given
    return {**given, "config": change(dict(given["config"]))}


def pages_of(name: str) -> tuple[str, ...]:
    """Name the page of a field, and those that speak of it beside their own."""
    return FIELDS[name].clause.rpartition("-")[0], *BESIDE.get(name, ())


BESIDE: Mapping[str, tuple[str, ...]] = {
    "max_length": ("STOPPING",),
    "max_new_tokens": ("STOPPING",),
    "min_length": ("MIN-LENGTH", "MIN-NEW-TOKENS"),
    "min_new_tokens": ("MIN-NEW-TOKENS",),
    "eos_token_id": ("STOPPING", "MIN-LENGTH", "MIN-NEW-TOKENS"),
    "length_penalty": ("BEAM-SEARCH", "OUTPUTS"),
    "early_stopping": ("BEAM-SEARCH",),
    "num_beams": ("BEAM-SEARCH", "MODE"),
    "num_return_sequences": ("BEAM-SEARCH", "MODE", "OUTPUTS"),
    "do_sample": ("SAMPLE", "MODE", "BEAM-SAMPLE"),
    "renormalize_logits": ("OUTPUTS",),
    "temperature": ("SAMPLE", "BEAM-SAMPLE"),
    "repetition_penalty": ("OUTPUTS",),
}


def ignored(name: str) -> Defect:
    return Defect(
        f"field: {name} is not read",
        pages_of(name),
        asks=lambda given: changed(given, lambda config: {k: v for k, v in config.items() if k != name}),
    )


def read_as(name: str, what: str, change: Callable[[Any], Any], *pages: str) -> Defect:
    """Read a field that is set as another value."""

    def asks(config: dict[str, Any]) -> Mapping[str, Any]:
        return {**config, name: change(config[name])} if config.get(name) is not None else config

    return Defect(f"field: {name} {what}", pages or pages_of(name), asks=lambda given: changed(given, asks))


def default(name: str, value: Any, *pages: str) -> Defect:
    """Take another value where nothing is set."""

    def asks(config: dict[str, Any]) -> Mapping[str, Any]:
        return config if config.get(name) is not None else {**config, name: value}

    return Defect(f"default: {name} is {value}", pages or pages_of(name), asks=lambda given: changed(given, asks))


def conditional(what: str, change: Callable[[dict[str, Any]], Mapping[str, Any]], *pages: str) -> Defect:
    return Defect(f"config: {what}", pages or ANY, asks=lambda given: changed(given, change))


def without(config: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in config.items() if name not in names}


def both(config: Mapping[str, Any], *names: str) -> bool:
    return all(config.get(name) is not None for name in names)


CONFIGS = (
    default("top_k", 0),
    default("top_k", 40),
    default("temperature", 0.9),
    default("top_p", 0.95),
    default("max_new_tokens", 19),
    default("length_penalty", 0.0),
    default("early_stopping", True),
    default("repetition_penalty", 1.1),
    conditional(
        "max_length over max_new_tokens",
        lambda config: without(config, "max_new_tokens") if both(config, "max_length", "max_new_tokens") else config,
    ),
    conditional(
        "min_length over min_new_tokens",
        lambda config: without(config, "min_new_tokens") if both(config, "min_length", "min_new_tokens") else config,
    ),
    conditional("top_p drops top_k", lambda config: {**config, "top_k": 0} if config.get("top_p", 1) != 1 else config),
    conditional(
        "temperature without do_sample samples",
        lambda config: (
            {**config, "do_sample": True}
            if config.get("temperature", 1) != 1 and not config.get("do_sample")
            else config
        ),
    ),
    conditional(
        "do_sample without num_beams > 1 alone",
        lambda config: {**config, "do_sample": False} if config.get("num_beams", 1) > 1 else config,
    ),
    read_as("eos_token_id", "the first alone", lambda ids: ids[:1] if isinstance(ids, list) else ids),
    read_as("eos_token_id", "the last alone", lambda ids: ids[-1:] if isinstance(ids, list) else ids),
    read_as("eos_token_id", "0 is none", lambda ids: None if ids == 0 else ids),
    read_as("num_beams", "one more", lambda n: n + 1 if n > 1 else n),
    read_as("num_beams", "one less", lambda n: n - 1 if n > 2 else n),
    read_as("max_new_tokens", "one more", lambda n: n + 1),
    read_as("max_new_tokens", "one less", lambda n: max(1, n - 1)),
    read_as("max_length", "one more", lambda n: n + 1),
    read_as("max_length", "one less", lambda n: max(1, n - 1)),
    read_as("min_length", "one more", lambda n: n + 1),
    read_as("num_return_sequences", "one", lambda n: 1),
    read_as("early_stopping", "never is false", lambda value: False if value == "never" else value),
    read_as("early_stopping", "never is true", lambda value: True if value == "never" else value),
    read_as("early_stopping", "false is true", lambda value: True if value is False else value),
    read_as("early_stopping", "true is false", lambda value: False if value is True else value),
    read_as("early_stopping", "false is never", lambda value: "never" if value is False else value),
    read_as("length_penalty", "the other sign", lambda value: -value),
    read_as("length_penalty", "0 is 1", lambda value: value or 1.0),
    read_as("length_penalty", "not negative", lambda value: max(0.0, value)),
    read_as("length_penalty", "at most 1", lambda value: min(1.0, value)),
    read_as("stop_strings", "the first alone", lambda s: s[:1] if isinstance(s, list) else s),
    read_as("stop_strings", "the last alone", lambda s: s[-1:] if isinstance(s, list) else s),
    read_as(
        "stop_strings",
        "without their first letter",
        lambda s: [one[1:] or one for one in s] if isinstance(s, list) else s[1:] or s,
    ),
    read_as("renormalize_logits", "the other way", lambda value: not value),
    read_as("top_k", "at least 2", lambda k: max(k, 2) if k else k),
    read_as("top_p", "0 is off", lambda p: 1.0 if p == 0 else p),
    read_as("min_p", "of top_p", lambda p: min(1.0, p * 2)),
    read_as("forced_eos_token_id", "the first alone", lambda ids: ids[:1] if isinstance(ids, list) else ids),
    read_as("suppress_tokens", "the first alone", lambda ids: ids[:1]),
    read_as("begin_suppress_tokens", "the first alone", lambda ids: ids[:1]),
    read_as("bad_words_ids", "each token", lambda words: [[token] for word in words for token in word]),
)


def planned(what: str, change: Callable[[DecodingPlan], DecodingPlan], *pages: str) -> Defect:
    return Defect(f"plan: {what}", pages or ANY, breaks=with_plan(change))


def in_mode(modes: set[Mode], change: Callable[[DecodingPlan], DecodingPlan]) -> Callable[[DecodingPlan], DecodingPlan]:
    return lambda plan: change(plan) if plan.mode in modes else plan


def operations_left_out(names: set[str]) -> Callable[[DecodingPlan], DecodingPlan]:
    return lambda plan: replace(plan, operations=tuple(one for one in plan.operations if one.name not in names))


FILTERS = {"top_k", "top_p", "min_p", "typical_p", "epsilon_cutoff", "eta_cutoff", "top_h", "temperature"}
PENALTIES = {
    "repetition_penalty",
    "no_repeat_ngram",
    "encoder_repetition_penalty",
    "encoder_no_repeat_ngram",
    "bad_words",
    "sequence_bias",
}
LENGTHS = {"min_length", "min_new_tokens", "forced_eos", "forced_bos", "exponential_decay_length_penalty"}
BANS = {"suppress", "begin_suppress", "prefix_allowed_tokens", "remove_invalid_values", "watermark", "guidance"}
GROUPS = {"filters": FILTERS, "penalties": PENALTIES, "lengths": LENGTHS, "bans": BANS}
PLANS = (
    *(
        planned(f"no {what} in {mode.value}", in_mode({mode}, operations_left_out(names)))
        for what, names in GROUPS.items()
        for mode in (Mode.GREEDY, Mode.SAMPLE, Mode.BEAM_SEARCH, Mode.BEAM_SAMPLE, Mode.ASSISTED)
        if not (what == "filters" and mode in (Mode.GREEDY, Mode.BEAM_SEARCH))
    ),
)

OLDER = tuple(replace(one, profile="hf-4.50") for one in (
    read_as("penalty_alpha", "the other share", lambda alpha: 1 - alpha),
    read_as("diversity_penalty", "none", lambda value: 0.0),
    read_as(
        "dola_layers",
        "low is high",
        lambda named: {"low": "high", "high": "low"}.get(named, named) if isinstance(named, str) else named,
    ),
))
"""Of modes that transformers has moved out: decoders that have them declare an older profile."""

DEFECTS = (*(ignored(name) for name in IGNORED), *CONFIGS, *OLDER, *PLANS)
