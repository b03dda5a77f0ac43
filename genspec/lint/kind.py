"""What a file called `generation_config.json` turns out to be, and which keys beside the fields are at home in it."""

from enum import StrEnum

from genspec.config.suggest import KEYS, foreign, respelled
from genspec.lint.finding import Pointer

FAMILIES = {
    "whisper": """alignment_heads compression_ratio_threshold condition_on_prev_tokens force_unique_generate_call
        is_multilingual lang_to_id language logprob_threshold max_initial_timestamp_index no_speech_threshold
        no_timestamps_token_id num_frames prev_sot_token_id prompt_condition_type return_segments return_timestamps
        return_token_timestamps task task_to_id""",
    "bark": """coarse_acoustics_config codebook_size fine_acoustics_config sample_rate semantic_config""",
    "seamless_m4t": """char_to_id id_to_text t2u_lang_code_to_id text_decoder_lang_to_code_id
        vocoder_lang_code_to_id""",
    "pop2piano": "composer_to_feature_token",
    "kyutai_speech_to_text": "audio_window_size",
    "higgs_audio_v2": "ras_win_len ras_win_max_num_repeat",
    "unlimited_ocr": "no_repeat_ngram_window_size",
    "pocket_tts": "eos_threshold frames_after_eos min_frames_before_eos num_flow_steps",
    "vibevoice": "monitor_progress noise_scheduler_class noise_scheduler_config num_diffusion_steps",
    "diffusion_gemma": """confidence_threshold max_denoising_steps sampler_config stability_threshold t_max t_min""",
    "Qwen 1": "chat_format max_window_size stop_words_ids",
    "Baichuan": "assistant_token_id user_token_id",
    "TeleChat": "bot_token_id",
    "Dream": "alg alg_temp eps mask_token_id output_history steps",
}
CUSTOM = {key: family for family, keys in FAMILIES.items() for key in keys.split()}
"""Keys that are no fields but that the code of a model family reads from its generation config, by key."""

CUSTOM_PREFIXES = ("depth_decoder_", "codec_")
"""CSM and Kyutai keep the generation fields of an inner model under these."""

COMMENTS = ("_", "$")
"""Keys that start so say something about the file: `_comment`, `$schema`."""

VAGUE = frozenset({"constraints", "max_length", "min_length", "max_time"})
"""Fields whose names are everyday words: alone, they do not make a nested object a generation config."""

METADATA = frozenset({"transformers_version", "_from_model_config"})
"""Keys that transformers itself writes: a file with one of them is a generation config, whatever else it holds."""


class Kind(StrEnum):
    """How far a document is a generation config."""

    GENERATION = "generation"       # a generation config
    MIXED = "mixed"                 # another program's settings, with some generation fields among them
    NESTED = "nested"               # no field at the top, but some one level down, where no engine looks
    FOREIGN = "foreign"             # something else


def classify(value: object) -> Kind:
    """Tell what a JSON value is."""
    if not isinstance(value, dict):
        return Kind.NESTED if buried(value) else Kind.FOREIGN
    if not METADATA.isdisjoint(value):
        return Kind.GENERATION
    known, unknown = counts(value)
    if known:
        return Kind.GENERATION if known >= unknown else Kind.MIXED
    if buried(value):
        return Kind.NESTED
    return Kind.GENERATION if mostly_misspelt(value) else Kind.FOREIGN


def counts(members: dict[str, object]) -> tuple[int, int]:
    """Count the keys that are generation fields and those that are not.

    Keys with an underscore in front are comments, and keys of other engines say nothing either way.
    """
    known = sum(key in KEYS for key in members)
    others = (key for key in members if key not in KEYS and key not in CUSTOM and not key.startswith(COMMENTS))
    return known, sum(foreign(key) is None for key in others)


def mostly_misspelt(members: dict[str, object]) -> bool:
    """Tell whether at least half of the keys are fields in another spelling, as `topP` is."""
    names = [key for key in members if not key.startswith(COMMENTS)]
    return bool(names) and sum(respelled(key) is not None for key in names) * 2 >= len(names)


def is_custom(key: str) -> bool:
    """Tell whether the code of a known model family reads this key."""
    return key in CUSTOM or key.startswith(CUSTOM_PREFIXES)


def buried(value: object) -> list[tuple[Pointer, list[str]]]:
    """Find the objects one level down that hold generation fields, each with the fields in it.

    One level down is: in the list that the document is, under a key, or in a list under a key.
    """
    if isinstance(value, list):
        inner: list[tuple[Pointer, object]] = [((index,), item) for index, item in enumerate(value)]
    elif isinstance(value, dict):
        inner = [place for key, member in value.items() if may_hold_others(key) for place in below(key, member)]
    else:
        return []
    held = ((pointer, fields_of(member)) for pointer, member in inner)
    return [(pointer, fields) for pointer, fields in held if not VAGUE.issuperset(fields)]


def may_hold_others(key: str) -> bool:
    """Tell whether nobody reads an object under this key: comments, fields and known keys have objects of their own."""
    return not key.startswith(COMMENTS) and key not in KEYS and key not in CUSTOM


def below(key: str, member: object) -> list[tuple[Pointer, object]]:
    """Return the objects under one key, whether the key holds one or a list of them."""
    if isinstance(member, list):
        return [((key, index), item) for index, item in enumerate(member)]
    return [((key,), member)]


def fields_of(value: object) -> list[str]:
    """Return the keys of an object that are generation fields, in their order."""
    return [key for key in value if key in KEYS] if isinstance(value, dict) else []
