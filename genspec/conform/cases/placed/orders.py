"""Two operations at a time: the tokens are others when they change places."""

from collections.abc import Mapping
from typing import Any

from genspec.backends.call import Call
from genspec.config.mode import Mode
from genspec.conform.cases.placed.fields import EOS, MODES, PROMPT, V
from genspec.conform.cases.placed.seeds import ORDER_SEEDS
from genspec_reference import Scripted, Table

SET: Mapping[str, Mapping[str, Any]] = {
    "guidance": {"guidance_scale": 2.5},
    "sequence_bias": {"sequence_bias": [[[5, 2], 4.0], [[9], -3.0], [[2], 2.0], [[7], 2.0]]},
    "encoder_repetition_penalty": {"encoder_repetition_penalty": 3.0},
    "repetition_penalty": {"repetition_penalty": 3.0},
    "no_repeat_ngram": {"no_repeat_ngram_size": 2}, "encoder_no_repeat_ngram": {"encoder_no_repeat_ngram_size": 2},
    "bad_words": {"bad_words_ids": [[4], [5, 2]]}, "min_length": {"min_length": 20},
    "min_new_tokens": {"min_new_tokens": 9},
    "forced_eos": {"forced_eos_token_id": 3},
    "exponential_decay_length_penalty": {"exponential_decay_length_penalty": [1, 1.6]},
    "suppress": {"suppress_tokens": [4, 3]},
    "temperature": {"temperature": 2.0}, "top_h": {"top_h": 0.5}, "top_k": {"top_k": 4}, "top_p": {"top_p": 0.6},
    "min_p": {"min_p": 0.3}, "typical_p": {"typical_p": 0.5}, "epsilon_cutoff": {"epsilon_cutoff": 0.15},
    "eta_cutoff": {"eta_cutoff": 0.4}, "watermark": {"watermarking_config": {"bias": 3.0, "greenlist_ratio": 0.5}},
    "renormalize": {"renormalize_logits": True},
}
"""Of each operation what sets it."""
SAMPLING = ("temperature", "top_h", "top_k", "top_p", "min_p", "typical_p", "epsilon_cutoff", "eta_cutoff")
PAIRS = (
    ("guidance", "sequence_bias"), ("guidance", "repetition_penalty"), ("guidance", "encoder_repetition_penalty"),
    ("guidance", "temperature"), ("guidance", "exponential_decay_length_penalty"),
    ("sequence_bias", "repetition_penalty"), ("sequence_bias", "encoder_repetition_penalty"),
    ("sequence_bias", "exponential_decay_length_penalty"), ("sequence_bias", "temperature"),
    ("repetition_penalty", "top_k"), ("repetition_penalty", "top_p"), ("no_repeat_ngram", "top_k"),
    ("no_repeat_ngram", "top_p"), ("bad_words", "top_p"), ("min_length", "top_p"), ("min_new_tokens", "top_k"),
    ("min_new_tokens", "top_p"), ("suppress", "top_p"), ("suppress", "top_k"),
    ("no_repeat_ngram", "forced_eos"), ("bad_words", "forced_eos"), ("min_length", "forced_eos"),
    ("min_new_tokens", "forced_eos"),
    ("exponential_decay_length_penalty", "top_p"),
    ("temperature", "top_h"), ("temperature", "top_p"), ("temperature", "min_p"), ("temperature", "typical_p"),
    ("temperature", "epsilon_cutoff"), ("temperature", "eta_cutoff"), ("temperature", "watermark"), ("top_h", "top_k"),
    ("top_h", "top_p"), ("top_k", "top_p"), ("top_k", "typical_p"), ("top_k", "epsilon_cutoff"),
    ("top_k", "eta_cutoff"), ("top_p", "min_p"), ("top_p", "typical_p"), ("top_p", "epsilon_cutoff"),
    ("top_p", "eta_cutoff"), ("min_p", "typical_p"), ("min_p", "epsilon_cutoff"), ("min_p", "eta_cutoff"),
    ("typical_p", "epsilon_cutoff"), ("typical_p", "eta_cutoff"), ("epsilon_cutoff", "eta_cutoff"),
    ("top_k", "watermark"), ("top_p", "watermark"), ("min_p", "watermark"), ("repetition_penalty", "watermark"),
    ("watermark", "renormalize"), ("temperature", "renormalize"),
    ("top_p", "renormalize"), ("repetition_penalty", "renormalize"),
)
"""Pairs in their order, of which the other order makes another result."""
FORBIDS: Mapping[str, Mapping[str, Any]] = {
    "no_repeat_ngram": {"no_repeat_ngram_size": 1, "forced_eos_token_id": 9},
    "bad_words": {"bad_words_ids": [[4]], "forced_eos_token_id": 4},
}
"""What bans the token that is forced at the end."""


def order_call(one: str, other: str, mode: Mode, seed: int) -> Call:
    """Give a call with two operations. `seed`: of the model and of the noise."""
    filters = {} if mode not in (Mode.SAMPLE, Mode.BEAM_SAMPLE) or "top_k" in (one, other) else {"top_k": 0}
    new_tokens = 5 if mode is Mode.BEAM_SAMPLE else 8       # more decisions are hardly all clear
    config = {"max_new_tokens": new_tokens, "eos_token_id": list(EOS), **filters, **MODES[mode]}
    config |= {**SET[one], **SET[other]}
    if other == "forced_eos" and one in FORBIDS:            # in the other order no token is left
        config |= FORBIDS[one]
    seeds = (seed,) if config.get("do_sample") else None
    return Call(config, Scripted("history", seed, V, EOS), (PROMPT,), seeds=seeds)


def clause_of(name: str) -> str:
    """Give the first clause of an operation's page."""
    return f"{name.upper().replace('_', '-')}-1"


def modes_of(one: str, other: str) -> tuple[Mode, ...]:
    """Give the modes in which two operations meet: a simple one, and one with beams."""
    if "renormalize" in (one, other):       # what is added to all scores alike changes no other token
        return (Mode.BEAM_SAMPLE,) if one in SAMPLING else (Mode.BEAM_SEARCH,)
    if one in SAMPLING and other in SAMPLING:
        return (Mode.SAMPLE,)
    if one in SAMPLING or other in SAMPLING:
        return (Mode.SAMPLE, Mode.BEAM_SAMPLE)
    return (Mode.GREEDY, Mode.BEAM_SEARCH)


def every() -> tuple[tuple[str, str, str, Mode], ...]:
    """List names, both operations and modes."""
    return tuple(
        (f"{one}-then-{other}-{mode.value}".replace("_", "-"), one, other, mode)
        for one, other in PAIRS for mode in modes_of(one, other)
    )


def repaired(banned: Mapping[str, Any]) -> Call:
    """Give a call whose scores are repaired, of a model that bans tokens, with tokens banned before or after."""
    model = Table(((1.0, float("-inf"), 0.5, 2.0, -1.0),), ())
    return Call({"max_new_tokens": 3, "remove_invalid_values": True, "return_dict_in_generate": True,
                 "output_scores": True, **banned}, model, ((0,),))


REPAIRS: Mapping[str, tuple[tuple[str, ...], Call]] = {
    f"{name}-{'before' if before else 'after'}-a-repair": (
        ("PIPELINE-1", "REMOVE-INVALID-VALUES-3"), repaired(config)) for name, before, config in (
            ("bad-words", True, {"bad_words_ids": [[3]]}), ("forced-eos", True, {"forced_eos_token_id": 2}),
            ("no-repeat-ngram", True, {"no_repeat_ngram_size": 1}), ("suppress", False, {"suppress_tokens": [3, 2]}),
            ("begin-suppress", False, {"begin_suppress_tokens": [3]}),
        )
}

ORDER_CALLS: Mapping[str, tuple[tuple[str, ...], Call]] = {
    **{called: ((clause_of(one), clause_of(other), "PIPELINE-1"), order_call(one, other, mode, ORDER_SEEDS[called]))
       for called, one, other, mode in every() if called in ORDER_SEEDS},
    **REPAIRS,
}
