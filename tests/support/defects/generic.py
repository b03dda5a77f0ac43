"""Every operation left out, done twice, inverted, of other tokens of the row."""

from typing import Any

import numpy as np

from support.defects.computed import Wrong, operation


def dropped(right: Wrong, scores: Any, **named: Any) -> Any:
    return scores.copy()


def twice(right: Wrong, scores: Any, **named: Any) -> Any:
    return right(right(scores, **named), **named)


def inverted(right: Wrong, scores: Any, **named: Any) -> Any:
    """Keep what is to be banned, and ban what is to be kept."""
    kept = right(scores, **named)
    return np.where(np.isneginf(kept), scores, -np.inf) if np.isneginf(kept).any() else kept


def finite(right: Wrong, scores: Any, **named: Any) -> Any:
    """Write a large negative number for minus infinity."""
    found = right(scores, **named)
    return np.where(np.isneginf(found), -1e9, found)


def resurrected(right: Wrong, scores: Any, **named: Any) -> Any:
    """Lose what was banned before."""
    banned = np.isneginf(scores)
    found = right(np.where(banned, -50.0, scores), **named)
    return np.where(banned & np.isneginf(found), -50.0, found)


def rounded(right: Wrong, scores: Any, **named: Any) -> Any:
    """Compute in fewer digits than the decoder says."""
    return np.asarray(right(scores, **named), dtype=np.float32).astype(np.float64)


def difference_of(factor: float) -> Wrong:
    """Do so much of what the operation does."""

    def wrong(right: Wrong, scores: Any, **named: Any) -> Any:
        found = right(scores, **named)
        known = np.isfinite(found) & np.isfinite(scores)
        return np.where(known, scores + factor * (found - scores), found)

    return wrong


def late(right: Wrong, scores: Any, *, tokens: Any, **named: Any) -> Any:
    """Read a row without its newest token."""
    return right(scores, tokens=tokens[:-1], **named)


def forgetful(right: Wrong, scores: Any, *, tokens: Any, **named: Any) -> Any:
    """Read a row without its first token."""
    if "prompt_length" in named:
        named["prompt_length"] = max(0, named["prompt_length"] - 1)
    return right(scores, tokens=tokens[1:], **named)


def windowed(size: int) -> Wrong:
    """Read the newest tokens of a row."""

    def wrong(right: Wrong, scores: Any, *, tokens: Any, **named: Any) -> Any:
        if "prompt_length" in named:
            named["prompt_length"] = max(0, named["prompt_length"] - max(0, len(tokens) - size))
        return right(scores, tokens=tokens[-size:], **named)

    return wrong


def of_output(right: Wrong, scores: Any, *, tokens: Any, prompt_length: int, **named: Any) -> Any:
    return right(scores, tokens=tokens[prompt_length:], prompt_length=0, **named)


def of_prompt(right: Wrong, scores: Any, *, tokens: Any, prompt_length: int, **named: Any) -> Any:
    return right(scores, tokens=tokens[:prompt_length], prompt_length=prompt_length, **named)


EVERY = (
    "bad_words",
    "begin_suppress",
    "diversity",
    "dry",
    "encoder_no_repeat_ngram",
    "encoder_repetition_penalty",
    "epsilon_cutoff",
    "eta_cutoff",
    "exponential_decay_length_penalty",
    "forced_bos",
    "forced_eos",
    "frequency_penalty",
    "guidance",
    "logit_bias",
    "min_length",
    "min_new_tokens",
    "min_p",
    "mirostat",
    "no_repeat_ngram",
    "prefix_allowed_tokens",
    "presence_penalty",
    "remove_invalid_values",
    "renormalize",
    "repetition_penalty",
    "sequence_bias",
    "suppress",
    "temperature",
    "top_h",
    "top_k",
    "top_n_sigma",
    "top_p",
    "typical_p",
    "watermark",
    "xtc",
)
TWICE_OTHER = (
    "diversity",
    "dry",
    "encoder_repetition_penalty",
    "eta_cutoff",
    "exponential_decay_length_penalty",
    "frequency_penalty",
    "guidance",
    "logit_bias",
    "presence_penalty",
    "repetition_penalty",
    "sequence_bias",
    "temperature",
    "top_h",
    "top_n_sigma",
    "top_p",
    "typical_p",
    "watermark",
    "xtc",
)
"""Operations that do more when they are done twice."""
BANNING = (
    "bad_words",
    "begin_suppress",
    "encoder_no_repeat_ngram",
    "epsilon_cutoff",
    "eta_cutoff",
    "forced_bos",
    "forced_eos",
    "min_length",
    "min_new_tokens",
    "min_p",
    "no_repeat_ngram",
    "prefix_allowed_tokens",
    "suppress",
    "top_h",
    "top_k",
    "top_n_sigma",
    "top_p",
    "typical_p",
    "xtc",
)
ADDING = (
    "diversity",
    "dry",
    "encoder_repetition_penalty",
    "exponential_decay_length_penalty",
    "frequency_penalty",
    "logit_bias",
    "presence_penalty",
    "repetition_penalty",
    "sequence_bias",
    "temperature",
    "watermark",
    "guidance",
)
WITH_ROW = (
    "bad_words",
    "dry",
    "encoder_no_repeat_ngram",
    "exponential_decay_length_penalty",
    "forced_bos",
    "frequency_penalty",
    "min_length",
    "min_new_tokens",
    "no_repeat_ngram",
    "prefix_allowed_tokens",
    "presence_penalty",
    "repetition_penalty",
    "sequence_bias",
    "watermark",
)
NEWEST = ("prefix_allowed_tokens", "watermark", "exponential_decay_length_penalty", "min_new_tokens")
"""Operations that a first token that is lost does not touch: they read the end of the row, or count new tokens."""
SCOPED = ("dry", "frequency_penalty", "no_repeat_ngram", "presence_penalty", "repetition_penalty")
"""Operations that read of the row what happened before."""

DEFECTS = (
    *(operation(name, "left out", dropped, "PIPELINE", "SCORES") for name in EVERY),
    *(operation(name, "done twice", twice) for name in TWICE_OTHER),
    *(operation(name, "inverted", inverted, "SCORES") for name in BANNING),
    *(operation(name, "a large number for minus infinity", finite, "SCORES") for name in BANNING),
    *(operation(name, "what was banned comes back", resurrected, "SCORES") for name in ADDING),
    *(operation(name, "in the other direction", difference_of(-1.0)) for name in ADDING),
    *(operation(name, "a hundredth more", difference_of(1.01)) for name in ADDING),
    *(operation(name, "a thousandth less", difference_of(0.999)) for name in ADDING),
    *(
        operation(name, "in float32", rounded)
        for name in ("guidance", "renormalize", "repetition_penalty", "temperature", "exponential_decay_length_penalty")
    ),
    *(operation(name, "without the newest token", late) for name in WITH_ROW),
    *(
        operation(name, "without the first token", forgetful)
        for name in WITH_ROW
        if name not in NEWEST
    ),
    *(operation(name, "of the last 4 tokens", windowed(4)) for name in SCOPED),
    *(operation(name, "of the last 16 tokens", windowed(16)) for name in SCOPED),
    *(operation(name, "of the last 64 tokens", windowed(64)) for name in SCOPED),
    *(operation(name, "of the prompt alone", of_prompt) for name in SCOPED if name != "dry"),
)
