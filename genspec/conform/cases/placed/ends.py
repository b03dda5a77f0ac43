"""Values at the ends of what a field may be: those that switch it off, and extreme ones."""

from collections.abc import Mapping
from typing import Any

from genspec.backends.call import Call
from genspec.conform.cases.placed.fields import EOS, PROMPT, V
from genspec_reference import Scripted

DRAWN: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "top-p-off": ("TOP-P-1", {"top_p": 1.0}), "typical-p-off": ("TYPICAL-P-1", {"typical_p": 1.0}),
    "min-p-off": ("MIN-P-1", {"min_p": 0.0}), "epsilon-cutoff-off": ("EPSILON-CUTOFF-1", {"epsilon_cutoff": 0.0}),
    "eta-cutoff-off": ("ETA-CUTOFF-1", {"eta_cutoff": 0.0}), "top-h-off": ("TOP-H-1", {"top_h": 1.0}),
    "temperature-high": ("TEMPERATURE-1", {"temperature": 128.0}),
    "temperature-low": ("TEMPERATURE-1", {"temperature": 0.0078125}),
}
CHOSEN: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "min-length-off": ("MIN-LENGTH-1", {"min_length": 0}),
    "repetition-penalty-high": ("REPETITION-PENALTY-1", {"repetition_penalty": 128.0}),
    "repetition-penalty-low": ("REPETITION-PENALTY-1", {"repetition_penalty": 0.0078125}),
    "encoder-repetition-penalty-high": ("ENCODER-REPETITION-PENALTY-1", {"encoder_repetition_penalty": 128.0}),
    "encoder-repetition-penalty-low": ("ENCODER-REPETITION-PENALTY-1", {"encoder_repetition_penalty": 0.0078125}),
    "guidance-scale-high": ("GUIDANCE-1", {"guidance_scale": 128.0}),
    "sequence-bias-of-single-tokens": ("SEQUENCE-BIAS-1", {"sequence_bias": [[[1], -6.0], [[4], 2.0], [[9], 3.0]]}),
    "length-penalty-high": ("BEAM-SEARCH-4", {"num_beams": 3, "length_penalty": 16.0}),
    "length-penalty-low": ("BEAM-SEARCH-4", {"num_beams": 3, "length_penalty": -16.0}),
}


def call_of(config: Mapping[str, Any], seed: int) -> Call:
    """Give a call with the config."""
    config = {"max_new_tokens": 8, "eos_token_id": list(EOS), **config}
    seeds = (seed,) if config.get("do_sample") else None
    return Call(config, Scripted("history", seed, V, EOS), (PROMPT,), seeds=seeds)


ENDS: Mapping[str, tuple[tuple[str, ...], Call]] = {
    **{name: ((clause,), call_of({"do_sample": True, "top_k": 0, **config}, 3))
       for name, (clause, config) in DRAWN.items()},
    **{name: ((clause,), call_of(config, 2)) for name, (clause, config) in CHOSEN.items()},
}
"""Of each name the clauses and the call."""
