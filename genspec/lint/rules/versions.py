"""Family 7: what a version of transformers does not know, or no longer. Settings given twice (704) need the call."""

from collections.abc import Iterator
from functools import cache

from genspec.config.custom_keys import CUSTOM
from genspec.config.fields import FIELDS
from genspec.config.suggest import IGNORED, REFUSED
from genspec.lint.draft import Draft
from genspec.lint.finding import Severity
from genspec.lint.node import ConfigNode, safe, unsafe
from genspec.lint.rule import rule
from genspec.lint.rules.where import EVERYWHERE
from genspec.lint.target import Target, compare

MOVED_IN = {
    "constraints": "4.57", "force_words_ids": "4.57", "num_beam_groups": "4.57", "penalty_alpha": "4.56",
    "dola_layers": "4.56",
}
MODES = {
    "constraints": ("constrained beam search", "constrained-beam-search"),
    "force_words_ids": ("constrained beam search", "constrained-beam-search"),
    "num_beam_groups": ("group beam search", "group-beam-search"),
    "penalty_alpha": ("contrastive search", "contrastive-search"),
    "dola_layers": ("DoLa decoding", "dola"),
}
"""The field that selects each mode that moved: the mode, and its repository under transformers-community."""

OWN_RULES = frozenset(MODES) | {"diversity_penalty", "low_memory", "forced_decoder_ids"}
"""Removed fields of which GS701, GS702 and GS703 speak."""

DEFAULT_TOP_K = 50


@rule(
    "GS701", "moved-decoding-mode", severity=Severity.ERROR, clauses=["MODE-1", "CONFIG-10"],
    targets="transformers>=4.56",
    rationale="""transformers moved group beam search, constrained beam search, contrastive search and DoLa out of the
    library: DoLa and contrastive search with 4.56, the others with 4.57. The file still selects the mode, and every
    call of `generate` raises ValueError unless it passes `trust_remote_code=True`, which downloads and runs the
    mode's code from the Hub. Only in 4.56 does contrastive search go on with a warning. Values that select nothing,
    such as `num_beam_groups: 1`, are not reported.""",
    help="""Remove the field and decode with beams or sampling, or pass custom_generate and trust_remote_code in the
    call.""",
    bad={"num_beams": 4, "num_beam_groups": 2, "diversity_penalty": 0.5}, good={"num_beams": 4, "num_beam_groups": 1},
    evidence=["huggingface/transformers#42472"],
    sources=EVERYWHERE,
)
def moved_decoding_mode(config: ConfigNode) -> Iterator[Draft]:
    field = selector(config)
    if field is None or compare(config.target.version, "<", MOVED_IN[field]):
        return
    mode, repository = MODES[field]
    downloads = field == "penalty_alpha" and compare(config.target.version, "<", "4.57")
    message = f"`{field}` selects {mode}, which lives in transformers-community/{repository} since {MOVED_IN[field]}"
    yield config.finding(field, message, severity=Severity.WARNING if downloads else None)


@rule(
    "GS702", "low-memory-removed", severity=Severity.ERROR, clauses=["CONFIG-10", "PERFORMANCE-1"],
    targets="transformers>=4.50",
    rationale="""Beam search was rewritten in transformers 4.50 and raises ValueError when low_memory is true. Without
    beams nothing reads the field, and the finding is a warning: a call with num_beams set would fail.""",
    help="Remove low_memory; use fewer beams or a smaller batch when memory is short.",
    bad={"num_beams": 4, "low_memory": True}, good={"num_beams": 4},
    evidence=["huggingface/transformers#35802"],
    sources=EVERYWHERE,
)
def low_memory_removed(config: ConfigNode) -> Iterator[Draft]:
    if config.value("low_memory") is not True:
        return
    if contrasts(config) and beams_of(config) == 1 and compare(config.target.version, "<", MOVED_IN["penalty_alpha"]):
        return      # contrastive search read it as long as it was built in
    fix = safe("Remove `low_memory`", config.remove("low_memory"))
    if (config.number("num_beams") or 1) > 1:
        yield config.finding("low_memory", "`low_memory` is true: beam search refuses it since 4.50", fix=fix)
    else:
        message = "`low_memory` is true: it has no effect, and beam search refuses it since 4.50"
        yield config.finding("low_memory", message, fix=fix, severity=Severity.WARNING)


@rule(
    "GS703", "forced-decoder-ids", severity=Severity.WARNING, clauses=["FORCED-DECODER-IDS-1", "CONFIG-10"],
    targets="transformers>=4.45",
    rationale="""`generate` no longer forces tokens by position: transformers 4.45 to 4.52 raise ValueError at every
    call, which is an error here, and since 4.53 the field is ignored, so the decoder starts without the tokens.
    Whisper's own code still reads it where neither language nor task is set, so Whisper files are not reported.""",
    help="Pass decoder_input_ids in the call, or set forced_bos_token_id when one token is enough.",
    bad={"decoder_start_token_id": 2, "eos_token_id": 2, "pad_token_id": 1, "forced_decoder_ids": [[1, 250004]]},
    good={"decoder_start_token_id": 2, "eos_token_id": 2, "pad_token_id": 1, "forced_bos_token_id": 250004},
    evidence=["huggingface/transformers#28687", "huggingface/transformers#38232"],
    sources=EVERYWHERE,
)
def forced_decoder_ids(config: ConfigNode) -> Iterator[Draft]:
    given = config.value("forced_decoder_ids")
    if given is None or is_whisper(config):
        return
    fix = unsafe("Remove `forced_decoder_ids`", config.remove("forced_decoder_ids"))
    if compare(config.target.version, "<", "4.53"):
        message, severity = "`forced_decoder_ids` is refused by `generate` since 4.45", Severity.ERROR
    else:
        message, severity = "`forced_decoder_ids` is ignored since 4.53: no token is forced", Severity.WARNING
    if given or severity is Severity.ERROR:
        yield config.finding("forced_decoder_ids", message, fix=fix, severity=severity)


@rule(
    "GS705", "continuous-batching-in-config", severity=Severity.WARNING, clauses=["PERFORMANCE-1", "CONFIG-10"],
    targets="transformers>=5.15",
    rationale="""The settings of continuous batching moved out of the generation config: since transformers 5.15
    loading one with them warns that they will be removed from it, and they go to the call instead.""",
    help="Pass continuous_batching_config to generate_batch and remove it from the file.",
    bad={"max_new_tokens": 64, "continuous_batching_config": {"block_size": 32}}, good={"max_new_tokens": 64},
    evidence=["huggingface/transformers#47291"],
)
def continuous_batching_in_config(config: ConfigNode) -> Iterator[Draft]:
    if config.value("continuous_batching_config") is not None:
        message = "`continuous_batching_config` is deprecated in a generation config since 5.15"
        yield config.finding("continuous_batching_config", message)


@rule(
    "GS706", "generate-only-arg-in-config", severity=Severity.ERROR, clauses=["CONFIG-9"],
    rationale="""These are arguments of the call of `generate`. Eight of them, `streamer` and `logits_processor` among
    them, make transformers refuse the file with ValueError on loading, even when they are null. The others, like
    `attention_mask` and `tokenizer`, are kept as attributes that nothing reads, which is a warning; so are all of
    them while `_from_model_config` is true, because they are dropped.""",
    help="Remove the key and pass the argument to generate.",
    bad={"max_new_tokens": 64, "streamer": None}, good={"max_new_tokens": 64},
)
def generate_only_arg_in_config(config: ConfigNode) -> Iterator[Draft]:
    dropped = config.value("_from_model_config") is True
    for key, value in config.values.items():
        fix = safe(f"Remove `{key}`", config.remove(key)) if key in REFUSED or key in IGNORED else None
        if key in REFUSED and not dropped:
            message = f"`{key}` is an argument of `generate`: transformers refuses a config that holds it"
            yield config.finding(key, message, fix=fix)
        elif value is not None and fix is not None:
            message = f"`{key}` is an argument of `generate`: nothing reads it here"
            yield config.finding(key, message, fix=fix, severity=Severity.WARNING)


@rule(
    "GS707", "field-not-in-target", severity=Severity.WARNING, clauses=["CONFIG-10"],
    rationale="""The field came with a later version of transformers than the target, or an earlier one removed it.
    The target keeps the key as an attribute that nothing reads, and decodes as if it were not there. Values that do
    nothing anyway, such as null, are not reported.""",
    help="Check for the version that is in use (--target), or remove the field.",
    bad={"max_new_tokens": 64, "return_legacy_cache": True}, good={"max_new_tokens": 64},
    sources=EVERYWHERE,
)
def field_not_in_target(config: ConfigNode) -> Iterator[Draft]:
    unknown = unknown_to(config.target)
    for name in config.given:
        if name in unknown and sets_something(config, name):
            yield config.finding(name, f"`{name}` {unknown[name]}: nothing reads it in {config.target}")


@rule(
    "GS708", "compile-config-in-file", severity=Severity.ERROR, clauses=["PERFORMANCE-1"],
    targets="transformers>=4.47",
    rationale="""transformers wants an object of its class CompileConfig here, which no JSON file can hold: it raises
    ValueError on loading, whatever the members are. Its own saving leaves the field out for that reason.""",
    help="Remove the field and pass a CompileConfig to generate.",
    bad={"max_new_tokens": 64, "compile_config": {"mode": "reduce-overhead"}}, good={"max_new_tokens": 64},
)
def compile_config_in_file(config: ConfigNode) -> Iterator[Draft]:
    if config.value("compile_config") is not None:
        fix = safe("Remove `compile_config`", config.remove("compile_config"))
        message = "`compile_config` cannot come from a file: transformers refuses the object"
        yield config.finding("compile_config", message, fix=fix)


def selector(config: ConfigNode) -> str | None:
    """Return the field that selects a mode that has moved, if one does. The order is that of MODE-1."""
    for field in ("constraints", "force_words_ids"):
        if config.value(field) is not None:
            return field
    if beams_of(config) > 1:
        return "num_beam_groups" if (config.number("num_beam_groups") or 1) > 1 else None
    if contrasts(config):
        return "penalty_alpha"
    return "dola_layers" if config.value("dola_layers") is not None else None


def beams_of(config: ConfigNode) -> float:
    """Return the number of beams, 1 when it is unset or no number."""
    beams = config.number("num_beams")
    return 1 if beams is None else beams


def contrasts(config: ConfigNode) -> bool:
    """Tell whether contrastive search is selected: penalty_alpha and top_k set for it, and no drawing."""
    alpha, top_k = config.number("penalty_alpha"), config.number("top_k")
    candidates = DEFAULT_TOP_K if top_k is None else top_k
    return alpha is not None and alpha > 0 and candidates > 1 and config.value("do_sample") is not True


def is_whisper(config: ConfigNode) -> bool:
    """Tell whether Whisper's code will read this file."""
    return any(CUSTOM.get(key) == "whisper" for key in config.values) or (
        config.value("begin_suppress_tokens") is not None and config.value("suppress_tokens") is not None
    )


@cache
def unknown_to(target: Target) -> dict[str, str]:
    """Return the fields that a version does not know, each with why."""
    found = {}
    for name, field in FIELDS.items():
        if name in OWN_RULES and not (field.since and compare(target.version, "<", field.since)):
            continue
        if field.since and compare(target.version, "<", field.since):
            found[name] = f"came with transformers {field.since}"
        elif field.removed and compare(target.version, ">=", field.removed):
            found[name] = f"is gone since transformers {field.removed}"
    return found


def sets_something(config: ConfigNode, name: str) -> bool:
    """Tell whether a value differs from unset. Janus keeps a dictionary of its own under generation_kwargs."""
    value = config.value(name)
    if name == "generation_kwargs" and isinstance(value, dict):
        return bool(value) and "boi_token_id" not in value
    return value not in (FIELDS[name].unset, False, [], {})
