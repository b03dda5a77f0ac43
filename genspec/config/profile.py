"""Where engines and versions choose differently on purpose. Text: docs/spec/README.md."""

from dataclasses import dataclass
from typing import Literal

HF_ORDER = (
    "guidance",
    "sequence_bias",
    "encoder_repetition_penalty",
    "repetition_penalty",
    "no_repeat_ngram",
    "encoder_no_repeat_ngram",
    "bad_words",
    "min_length",
    "min_new_tokens",
    "prefix_allowed_tokens",
    "forced_bos",
    "forced_eos",
    "remove_invalid_values",
    "exponential_decay_length_penalty",
    "suppress",
    "begin_suppress",
    "temperature",
    "top_h",
    "top_k",
    "top_p",
    "min_p",
    "typical_p",
    "epsilon_cutoff",
    "eta_cutoff",
    "watermark",
    "renormalize",
)
"""The operations of transformers 5.23 in their order. PIPELINE-1."""


@dataclass(frozen=True, slots=True)
class Profile:
    """One option for each choice point. A decoder is held to the profile that it declares."""

    name: str
    version: tuple[int, ...]            # the transformers release whose fields the profile knows
    default_length: Literal["new tokens", "total length"] = "new tokens"     # LENGTH-4
    moved_modes: bool = False           # CONFIG-10  decoding modes that 4.57 moved out still run
    order: tuple[str, ...] = HF_ORDER   # PIPELINE-1


HF = Profile("hf", (5, 23))
HF_4_50 = Profile("hf-4.50", (4, 50), moved_modes=True)
HF_4_46 = Profile("hf-4.46", (4, 46), default_length="total length", moved_modes=True)
PROFILES = {profile.name: profile for profile in (HF, HF_4_50, HF_4_46)}


def profile_named(name: str) -> Profile:
    """Return a profile by its name.

    Raises ValueError, naming the known ones, for any other name.
    """
    if name not in PROFILES:
        raise ValueError(f"profile {name!r} is not known; known: {', '.join(sorted(PROFILES))}")
    return PROFILES[name]
