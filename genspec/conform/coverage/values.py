"""Which parameters a question has, with which values."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from genspec.config.fields import FIELDS
from genspec.config.mode import BEAMS, SAMPLING
from genspec.conform.coverage.classes import SITUATIONS, UNSET, acts, class_of
from genspec.conform.json import special
from genspec.conform.question import Json

NAMED: Mapping[str, Sequence[tuple[str, str]]] = {
    "bad_words": [("bad_words_ids", "words")],
    "begin_suppress": [("begin_suppress_tokens", "tokens")],
    "diversity": [("diversity_penalty", "penalty")],
    "dry": [("dry_multiplier", "multiplier")],
    "encoder_no_repeat_ngram": [("encoder_no_repeat_ngram_size", "size")],
    "forced_bos": [("forced_bos_token_id", "token")],
    "forced_eos": [("forced_eos_token_id", "tokens")],
    "guidance": [("guidance_scale", "scale")],
    "min_length": [("min_length", "length")],
    "min_new_tokens": [("min_new_tokens", "count")],
    "mirostat": [("mirostat_tau", "tau"), ("mirostat_version", "version")],
    "no_repeat_ngram": [("no_repeat_ngram_size", "size")],
    "suppress": [("suppress_tokens", "tokens")],
    "xtc": [("xtc_threshold", "threshold"), ("xtc_probability", "probability")],
}
"""The parameters of operations, and the arguments that hold their values, where they are not called alike."""
SWITCHES = {"renormalize": "renormalize_logits", "remove_invalid_values": "remove_invalid_values"}
WHOLE = {"watermark": "watermarking_config", "exponential_decay_length_penalty": "exponential_decay_length_penalty",
         "prefix_allowed_tokens": "prefix_allowed_tokens"}
"""Operations with parameters that have several arguments, or none."""


def cells(level: str, given: Json, flags: Sequence[str] = ()) -> set[tuple[str, str]]:
    """Name the parameters of an input with the classes of their values."""
    found = set(of_operations(given))
    if level == "L2":
        drawn = "a race" if "noise" in given else "the highest"
        found.add(("selection", "several draws" if "count" in given else drawn))
    if level == "L0":
        found |= {(parameter, flag) for parameter, _ in set(found) for flag in flags if flag in SITUATIONS}
    config = given.get("config")
    return found | set(of_config(special(config), given)) if isinstance(config, Mapping) else found


def of_operations(given: Json) -> Iterator[tuple[str, str]]:
    """Name the parameters of operations."""
    size = len(given.get("scores") or given.get("logits") or ())
    for one in (given, *given.get("operations", ())):
        name = one.get("operation")
        if name in SWITCHES:
            yield SWITCHES[name], "true"
        elif name in WHOLE:
            yield WHOLE[name], "given"
        elif name is not None:
            for parameter, argument in NAMED.get(name, [(name, argument_of(one["arguments"]))]):
                if argument in one["arguments"]:
                    yield parameter, class_of(parameter, one["arguments"][argument], size)


def argument_of(arguments: Json) -> str:
    """Name the argument that holds the value of an operation: the first one that does not only limit it."""
    return next((name for name in arguments if name != "min_keep"), "")


def of_config(config: Mapping[str, Any], given: Json) -> Iterator[tuple[str, str]]:
    """Name the fields of a config that can change what is returned, and those that apply without being set."""
    size = given.get("model", {}).get("vocab_size", 0)
    for name, value in config.items():
        if name in FIELDS and acts(name) and value is not None:
            yield name, class_of(name, value, size)
    for name, field in FIELDS.items():
        if field.unset is not None and acts(name) and config.get(name) is None and has_place(name, config):
            yield name, UNSET
    if config.get("max_length") is None and config.get("max_new_tokens") is None:
        yield "max_new_tokens", UNSET


def has_place(name: str, config: Mapping[str, Any]) -> bool:
    """Tell whether a field has something to do in the mode of a config, as far as that is seen at once."""
    modes, beams = FIELDS[name].modes, config.get("num_beams") or 1
    if modes <= SAMPLING:
        return config.get("do_sample") is True
    return len(modes) > 4 or (modes <= BEAMS and isinstance(beams, int) and beams > 1)
