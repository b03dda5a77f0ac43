"""Prompts of several lengths together: no row shows its padding, its place or its batch mates. OUTPUTS-15."""

from collections.abc import Mapping
from typing import Any

from genspec.backends.call import Call
from genspec.conform.cases.placed.edges import EAGER
from genspec.conform.cases.placed.long import CHAIN, RICH, SYLLABLES, ZEROS
from genspec_reference import Scripted, Table

RAGGED = ((5, 2, 9, 5, 2), (1,), (4, 4))
FEW = ((5, 2, 4, 5, 2), (1,), (4, 4))
SEEDS = (1, 2, 3)
ENDS: Mapping[str, Any] = {"eos_token_id": [3, 7], "pad_token_id": 0}


def batch(
    config: Mapping[str, Any], model: Scripted | Table = RICH, prompts: tuple[tuple[int, ...], ...] = RAGGED,
        **rest: Any
) -> tuple[tuple[str, ...], Call]:
    """Give a call of several prompts and the clause that it shows."""
    given = {"max_new_tokens": 8, **ENDS, **config}
    return ("OUTPUTS-15",), Call(given, model, prompts, seeds=SEEDS[:len(prompts)] if "do_sample" in config else None,
                                 **rest)


BATCHES: Mapping[str, tuple[tuple[str, ...], Call]] = {
    "batch": batch({}),
    "batch-of-beams": batch({"num_beams": 3, "num_return_sequences": 2}),
    "batch-of-draws": batch({"do_sample": True, "num_return_sequences": 2}),
    "batch-of-drawn-beams": batch({"do_sample": True, "num_beams": 2}),
    "batch-with-scores": batch({"return_dict_in_generate": True, "output_scores": True, "output_logits": True}),
    "batch-whose-pad-is-an-eos": batch({"eos_token_id": 3, "pad_token_id": 3}, prompts=((3, 3, 5, 3), (3,), (5, 3))),
    "batch-of-beams-whose-pad-is-an-eos": batch(
        {"eos_token_id": 3, "pad_token_id": 3, "num_beams": 2}, prompts=((3, 3, 5, 3), (3,), (5, 3))),
    "batch-of-pads": batch({"eos_token_id": 2, "max_new_tokens": 4}, ZEROS, ((0, 0, 3), (0,), (3,))),
    "batch-without-ids": batch({"eos_token_id": None, "pad_token_id": None}),
    "batch-with-a-penalty": batch({"repetition_penalty": 5.0, "eos_token_id": 20}, CHAIN, ((1, 2, 3), (22,), (22, 23))),
    "batch-without-repetitions": batch({"no_repeat_ngram_size": 2, "eos_token_id": 20}, CHAIN, ((1, 2, 3), (0,), (0,
        0))),
    "batch-of-a-length": batch({"max_length": 7, "max_new_tokens": None}),
    **{f"batch-up-to-a-length{name}": batch(
        {"max_length": 7, "max_new_tokens": None, "eos_token_id": None, **more}, EAGER, FEW) for name, more in (
            ("", {}), ("-in-beams", {"num_beams": 2}), ("-drawn", {"do_sample": True}),
            ("-and-its-end", {"forced_eos_token_id": 5}))},
    **{f"batch-down-to-a-length{name}": batch(
        {"min_length": 8, "eos_token_id": 3, "max_new_tokens": 12, **more}, EAGER, FEW) for name, more in (
            ("", {}), ("-in-beams", {"num_beams": 2}))},
    "batch-of-a-least-length": batch({"min_length": 8, "max_new_tokens": 10}),
    "batch-of-least-new-tokens": batch({"min_new_tokens": 6, "max_new_tokens": 10}),
    "batch-with-a-begin": batch({"forced_bos_token_id": 4, "begin_suppress_tokens": [1, 2, 5, 6, 8]}),
    "batch-with-an-end": batch({"forced_eos_token_id": 7, "exponential_decay_length_penalty": [2, 1.5]}),
    "batch-with-bad-words": batch({"bad_words_ids": [[0, 1], [2], [4, 5]], "sequence_bias": [[[0, 2], 5.0]]}),
    "batch-of-texts": batch({"stop_strings": ["ca", "bc", "d"]}, Scripted("history", 2, 12), pieces=SYLLABLES),
    "batch-of-sources": batch(
        {"decoder_start_token_id": 0, "encoder_repetition_penalty": 2.0}, prompts=((), (), ()), sources=RAGGED),
    "batch-with-guidance": batch({"guidance_scale": 2.0}, negative_prompts=((3,), (1, 2, 3), (9, 9))),
    "batch-of-a-watermark": batch({"watermarking_config": {"bias": 4.0}}),
}
"""Of each name the clauses and the call, for decoders that take several prompts together."""
