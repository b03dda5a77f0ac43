"""One field at a time, in each mode in which it acts: the tokens are others when it is not read."""

from collections.abc import Iterator, Mapping
from typing import Any

from genspec.backends.call import Call
from genspec.config.fields import FIELDS
from genspec.config.mode import Mode
from genspec.conform.cases.placed.seeds import FIELD_SEEDS
from genspec_reference import Scripted

V, EOS, PROMPT = 12, (3, 7), (5, 2, 9, 5, 2)
PIECES = tuple("abcdefghijkl")
LIKE = ("a", "b", "b", "d", "e", "f", "bk", "h", "i", "bl", "k", "l")
"""Texts of which some begin with others: the last one of the prompt with two more."""

MODES: Mapping[Mode, Mapping[str, Any]] = {
    Mode.GREEDY: {},
    Mode.SAMPLE: {"do_sample": True},
    Mode.BEAM_SEARCH: {"num_beams": 3, "num_return_sequences": 3},
    Mode.BEAM_SAMPLE: {"num_beams": 3, "num_return_sequences": 2, "do_sample": True},
    Mode.ASSISTED: {"prompt_lookup_num_tokens": 3},
}
VALUES: Mapping[str, tuple[Any, ...]] = {
    "temperature": (0.4, 3.0), "top_k": (1, 3), "top_p": (0.0, 0.3, 0.8), "min_p": (0.15, 0.6, 1.0),
    "typical_p": (0.2, 0.7), "epsilon_cutoff": (0.04, 0.12), "eta_cutoff": (0.05, 0.4), "top_h": (0.3, 0.7),
    "repetition_penalty": (3.0, 0.5), "encoder_repetition_penalty": (3.0, 0.4), "no_repeat_ngram_size": (1, 2, 3),
    "encoder_no_repeat_ngram_size": (1, 2), "bad_words_ids": ([[5, 2], [9]], [[5, 2, 9], [2, 4], [1, 6]]),
    "sequence_bias": ([[[5, 2], 4.0], [[9], -3.0]], [[[9, 5, 2, 8], 6.0], [[1], 2.0]]),
    "min_length": (10,), "min_new_tokens": (1, 4), "max_length": (8, 6), "max_new_tokens": (3, 1),
    "forced_bos_token_id": (4,), "forced_eos_token_id": (3, 6), "suppress_tokens": ([2, 9], [3]),
    "begin_suppress_tokens": ([0, 1, 2, 3, 4, 6],), "exponential_decay_length_penalty": ([1, 1.6], [0, 0.3], [3, 3.0]),
    "guidance_scale": (2.5, 0.4), "watermarking_config": ({"bias": 4.0}, {"greenlist_ratio": 0.5, "bias": 3.0}),
    "stop_strings": (["c"], ["bk", "f"], ["ca", "cb", "cd", "ce", "fcg", "fcj", "fck", "fcl"]),
    "eos_token_id": (3, [7, 3], 0), "token_healing": (True,),
    "length_penalty": (0.0, 3.0, -2.0), "early_stopping": (True, "never"), "num_return_sequences": (3,),
}
"""Of each field values far apart, or on both sides of what it is when it is not set."""
SEVERAL = frozenset({Mode.SAMPLE, Mode.BEAM_SEARCH, Mode.BEAM_SAMPLE})
TEXTS = frozenset({"stop_strings", "token_healing"})


def call_of(name: str, value: Any, mode: Mode, seed: int) -> Call:
    """Give a call in which a field is set. `seed`: of the model and of the noise."""
    config = {"max_new_tokens": 8, "eos_token_id": list(EOS), **MODES[mode], name: value}
    if name == "max_length":
        del config["max_new_tokens"]
    pieces = LIKE if name == "token_healing" else PIECES
    return Call(
        config, Scripted("history", seed, V, EOS), (PROMPT[:1] if name == "forced_bos_token_id" else PROMPT,),
        seeds=(seed,) if config.get("do_sample") else None, pieces=pieces if name in TEXTS else None,
    )


def named(name: str, place: int, mode: Mode) -> str:
    """Name a call: a field, the place of its value, a mode."""
    return f"{name.replace('_', '-')}-{place}-{mode.value.replace('_', '-')}"


def every() -> Iterator[tuple[str, str, Any, Mode]]:
    """List names, fields, values and modes, where the field acts."""
    for name, values in VALUES.items():
        for place, value in enumerate(values):
            for mode in MODES:
                if mode in FIELDS[name].modes and (name != "num_return_sequences" or mode in SEVERAL):
                    yield named(name, place, mode), name, value, mode


FIELD_CALLS: Mapping[str, tuple[tuple[str, ...], Call]] = {
    called: ((FIELDS[name].clause,), call_of(name, value, mode, FIELD_SEEDS[called]))
    for called, name, value, mode in every() if called in FIELD_SEEDS
}
