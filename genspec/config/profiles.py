"""The profiles of engines and releases. Text, sources and what is not established: docs/spec/profiles.md.

A field that is not named here has the option of `hf`.
"""

from dataclasses import replace

from genspec.config.mode import ANY, BEAMS, Mode
from genspec.config.profile import Profile

HF = Profile("hf", (5, 23))

HF_4_50 = Profile("hf-4.50", (4, 50), modes=ANY)

HF_4_46 = Profile(
    "hf-4.46", (4, 46), modes=ANY, default_length="total length", finishing_rules="eos", stop_bound="candidate",
    drawn_order="score",
)

HF_4_38 = replace(HF_4_46, name="hf-4.38", version=(4, 38), drawn_start="copies")

CTRANSLATE2 = Profile(
    "ctranslate2", (5, 23),
    order=(
        "min_length", "min_new_tokens", "repetition_penalty", "no_repeat_ngram", "suppress", "begin_suppress",
        "bad_words", "top_k", "temperature", "top_p",
    ),
    top_k_ties="exact",
    penalty_scope="output",
    ngram_scope="output",
    beam_input="logits",
    beam_candidates="two",
    default_early_stopping=True,
)

ONNXRUNTIME_GENAI = Profile(
    "onnxruntime-genai", (5, 23),
    order=(
        "min_length", "repetition_penalty", "no_repeat_ngram", "prefix_allowed_tokens", "top_k", "temperature", "top_p",
    ),
    top_k_ties="exact",
    beam_input="logits",
    beam_candidates="two",
    finishing_rules="eos",
    hypothesis_length="row without EOS",
    default_early_stopping=True,
    stop_bound="candidate",
)

OPENVINO_GENAI = Profile(
    "openvino-genai", (5, 23),
    modes=HF.modes | {Mode.GROUP_BEAM_SEARCH},
    order=(
        "min_new_tokens", "prefix_allowed_tokens", "repetition_penalty", "presence_penalty", "frequency_penalty",
        "top_k", "temperature", "min_p", "top_p",
    ),
    beam_order=("no_repeat_ngram",),
    nucleus_boundary="<=",
    top_k_ties="exact",
    beam_candidates="two",
    finishing_rules="eos",
)

LLAMA_CPP = Profile(
    "llama.cpp", (5, 23),
    modes=HF.modes - BEAMS,
    order=(
        "logit_bias", "repetition_penalty", "frequency_penalty", "presence_penalty", "dry", "top_n_sigma", "top_k",
        "typical_p", "top_p", "min_p", "xtc", "temperature", "mirostat",
    ),
    top_k_ties="exact",
    typical_boundary=">",
    typical_ties="exact",
    penalty_window=64,
    count_scope="row",
)

MLX_LM = Profile(
    "mlx-lm", (5, 23),
    modes=HF.modes - BEAMS,
    order=(
        "logit_bias", "repetition_penalty", "presence_penalty", "frequency_penalty", "top_p", "min_p", "xtc", "top_k",
        "temperature",
    ),
    nucleus_ties="kept",
    top_k_ties="exact",
    xtc_boundary=">",
    xtc_ties="kept",
    penalty_window=20,
    count_scope="row",
)

VLLM = Profile(
    "vllm", (5, 23),
    order=(
        "prefix_allowed_tokens", "logit_bias", "min_new_tokens", "repetition_penalty", "frequency_penalty",
        "presence_penalty", "bad_words", "temperature", "min_p", "top_k", "top_p",
    ),
    beam_order=(),
    beam_candidates="two",
    finishing_rank="any",
    finishing_rules="eos",
    default_early_stopping="never",
)

SGLANG = Profile(
    "sglang", (5, 23),
    order=(
        "frequency_penalty", "presence_penalty", "min_new_tokens", "repetition_penalty", "prefix_allowed_tokens",
        "logit_bias", "temperature", "top_k", "top_p", "min_p",
    ),
    beam_order=(),
    nucleus_boundary="<=",
    nucleus_mass="full",
    top_k_ties="exact",
    penalty_scope="output",
    beam_candidates="two",
    default_early_stopping="never",
)

FAIRSEQ = Profile(
    "fairseq", (5, 23),
    order=("temperature", "min_new_tokens", "no_repeat_ngram", "top_k", "top_p"),
    ngram_scope="output",
    beam_candidates="two",
    default_early_stopping=True,
)

T5X = Profile(
    "t5x", (5, 23),
    order=("temperature", "top_k", "top_p"),
    beam_order=(),
    beam_candidates="two",
    finishing_rank="any",
    length_normalisation="gnmt",
    default_early_stopping="never",
)

PROFILES = {profile.name: profile for profile in (
    HF, HF_4_50, HF_4_46, HF_4_38, CTRANSLATE2, ONNXRUNTIME_GENAI, OPENVINO_GENAI, LLAMA_CPP, MLX_LM, VLLM, SGLANG,
    FAIRSEQ, T5X,
)}


def profile_named(name: str) -> Profile:
    """Return a profile by its name.

    Raises ValueError, naming the known ones, for any other name.
    """
    if name not in PROFILES:
        raise ValueError(f"profile {name!r} is not known; known: {', '.join(sorted(PROFILES))}")
    return PROFILES[name]
