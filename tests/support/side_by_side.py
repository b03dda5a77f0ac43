"""Calls on small models, and the assertion that our `generate` and that of transformers answer them alike."""

from typing import Any

import torch

from support.generated import EVERYTHING, FLOAT32, Bounds, Meant, differences, live_steps, of_genspec, of_transformers
from support.small_models import ENCODER_DECODER, EOS, OTHER_EOS, PAD, START, padded, ragged, small_model

STEPS = 12
MODES: dict[str, dict[str, Any]] = {
    "greedy": {},
    "sample": {"do_sample": True, "temperature": 0.8, "top_k": 20, "top_p": 0.9},
    "sample 3": {"do_sample": True, "top_k": 0, "num_return_sequences": 3},
    "beams": {"num_beams": 4},
    "beams 3": {"num_beams": 4, "num_return_sequences": 3, "length_penalty": 0.6, "early_stopping": True},
    "beams never": {"num_beams": 3, "num_return_sequences": 3, "length_penalty": 2.0, "early_stopping": "never"},
    "beam sample": {"num_beams": 3, "do_sample": True, "top_k": 0},
    "beam sample 2": {"num_beams": 3, "do_sample": True, "top_k": 10, "temperature": 0.7, "num_return_sequences": 2},
}
OPERATIONS: dict[str, dict[str, Any]] = {
    "several": {"repetition_penalty": 1.3, "no_repeat_ngram_size": 2, "min_new_tokens": 3},
    "bias": {"sequence_bias": [[[7], 2.0], [[8, 9], -4.0]], "bad_words_ids": [[10], [11, 12]]},
    "suppress": {"suppress_tokens": [13, 14, 15], "begin_suppress_tokens": [EOS, OTHER_EOS]},
    "forced_eos": {"forced_eos_token_id": EOS},
    "decay": {"exponential_decay_length_penalty": [3, 1.5]},
    "renormalize": {"renormalize_logits": True, "repetition_penalty": 0.8},
    "min_length": {"min_length": 8},
}
# These look at the row's tokens or count them, and in transformers the padding of a ragged batch is among them.
PADDING_COUNTS = {"several", "bias", "suppress", "min_length"}      # DEV-29


def call(kind: str, **fields: Any) -> dict[str, Any]:
    """Complete a config: two EOS ids, a pad that is neither 0 nor EOS, and all outputs."""
    start = {"decoder_start_token_id": START} if kind in ENCODER_DECODER else {}
    tokens = {"eos_token_id": [EOS, OTHER_EOS], "pad_token_id": PAD, **start}
    return {"max_new_tokens": STEPS, **tokens, **EVERYTHING} | fields


def batch(kind: str, count: int, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Draw ragged prompts, padded on the left; the sources of an encoder-decoder model on the right."""
    return padded(ragged(count, seed=seed), "right" if kind in ENCODER_DECODER else "left")


def prompt_length(kind: str, ids: torch.Tensor) -> int:
    """Return how many tokens of a returned row are no new ones."""
    return 1 if kind in ENCODER_DECODER else ids.shape[1]


def compare(
    kind: str, ids: torch.Tensor, mask: torch.Tensor, config: dict[str, Any], seed: int = 3, *,
    dtype: torch.dtype = torch.float32, bounds: Bounds = FLOAT32, of_lines: bool = True,
) -> None:
    """Assert that both sides give the same. `of_lines`: what each line of a step gave counts too."""
    model = small_model(kind, dtype)
    theirs = of_transformers(model, ids, mask, config, seed)
    ours = of_genspec(model, ids, mask, config, seed)
    live = live_steps(theirs, prompt_length(kind, ids), len(ids), config)
    meant = Meant(live if of_lines else [0] * len(live), mask)
    assert not (found := differences(ours, theirs, meant, bounds)), "\n".join((f"{kind} {config}", *found))
