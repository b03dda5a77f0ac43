"""Which fields act on one another: where decoders err. The simplest first."""

from functools import cache

from genspec.config.fields import FIELDS
from genspec.config.mode import BEAMS, Mode
from genspec.conform.strategies.setting import Facts
from genspec.conform.strategies.values import LEFT_OUT

Fields = tuple[str, ...]

EVERYWHERE: tuple[Fields, ...] = (
    ("min_new_tokens", "forced_eos_token_id"),
    ("min_length", "max_length"),
    ("min_length", "min_new_tokens"),
    ("max_length", "max_new_tokens"),
    ("forced_bos_token_id", "begin_suppress_tokens"),
    ("forced_bos_token_id", "min_new_tokens"),
    ("forced_eos_token_id", "suppress_tokens"),
    ("forced_eos_token_id", "exponential_decay_length_penalty"),
    ("repetition_penalty", "no_repeat_ngram_size"),
    ("repetition_penalty", "encoder_repetition_penalty"),
    ("encoder_repetition_penalty", "encoder_no_repeat_ngram_size"),
    ("no_repeat_ngram_size", "bad_words_ids"),
    ("no_repeat_ngram_size", "min_new_tokens"),
    ("bad_words_ids", "sequence_bias"),
    ("sequence_bias", "repetition_penalty"),
    ("exponential_decay_length_penalty", "min_new_tokens"),
    ("exponential_decay_length_penalty", "sequence_bias"),
    ("guidance_scale", "repetition_penalty"),
    ("guidance_scale", "begin_suppress_tokens"),
    ("suppress_tokens", "renormalize_logits"),
    ("watermarking_config", "suppress_tokens"),
    ("remove_invalid_values", "suppress_tokens"),
    ("stop_strings", "min_new_tokens"),
    ("stop_strings", "no_repeat_ngram_size"),
)
SAMPLED: tuple[Fields, ...] = (
    ("temperature", "top_p"),
    ("temperature", "top_k"),
    ("top_k", "top_p"),
    ("top_p", "min_p"),
    ("min_p", "temperature"),
    ("typical_p", "top_k"),
    ("epsilon_cutoff", "eta_cutoff"),
    ("top_h", "temperature"),
    ("top_h", "top_p"),
    ("top_p", "renormalize_logits"),
    ("top_k", "watermarking_config"),
    ("top_k", "repetition_penalty"),
    ("top_p", "suppress_tokens"),
    ("num_return_sequences", "top_k"),
)
BEAMED: tuple[Fields, ...] = (
    ("early_stopping", "length_penalty"),
    ("early_stopping", "num_return_sequences"),
    ("length_penalty", "num_return_sequences"),
    ("length_penalty", "min_new_tokens"),
    *(("early_stopping", "length_penalty", "num_return_sequences"),) * 4,     # what is returned hangs on all three
    ("length_penalty", "no_repeat_ngram_size"),
    ("num_return_sequences", "no_repeat_ngram_size"),
    ("renormalize_logits", "repetition_penalty"),
    ("early_stopping", "stop_strings"),
    ("early_stopping", "forced_eos_token_id"),
)
ASSISTED: tuple[Fields, ...] = (
    ("num_assistant_tokens", "num_assistant_tokens_schedule"),
    ("num_assistant_tokens", "assistant_confidence_threshold"),
    ("max_matching_ngram_size", "num_assistant_tokens"),
    ("assistant_ensemble_weight",),
)
RARE: tuple[Fields, ...] = (("*",),) * 4
"""Any field at all, whether the mode lets it act or not."""

DECIDING = frozenset({
    "do_sample", "num_beams", "num_beam_groups", "diversity_penalty", "force_words_ids", "penalty_alpha",
    "dola_layers", "prompt_lookup_num_tokens", "eos_token_id", "pad_token_id", "bos_token_id",
    "decoder_start_token_id", *LEFT_OUT,
})
"""Fields that the mode and the setting decide."""

OTHERS = tuple(name for name in FIELDS if name not in DECIDING)
"""Every field that can be added to any config."""


@cache
def groups(mode: Mode, draws: bool) -> tuple[Fields, ...]:
    """List the groups of fields from which a config of a mode is made: each alone, and those that interact.

    Those that act in this mode only make up half of the list.
    """
    special = (*(SAMPLED if draws else ()), *(BEAMED if mode in BEAMS else ()),
               *(ASSISTED if mode is Mode.ASSISTED else ()))
    everywhere = (*alone(EVERYWHERE), *EVERYWHERE, *RARE)
    special = (*alone(special), *special)
    return everywhere + special * (len(everywhere) // len(special) if special else 0)


def alone(together: tuple[Fields, ...]) -> tuple[Fields, ...]:
    """Give every field of some groups as a group of its own."""
    return tuple(dict.fromkeys((name,) for group in together for name in group))


def fits(name: str, facts: Facts) -> bool:
    """Tell whether a field can be set at all, so that the config stays valid."""
    if name == "exponential_decay_length_penalty":
        return facts.ends
    if name in ("stop_strings", "token_healing"):
        return bool(facts.pieces)
    if name == "num_return_sequences":
        return facts.several
    if name == "assistant_ensemble_weight":
        return facts.mode is not Mode.ASSISTED or facts.assistant
    return name not in LEFT_OUT
