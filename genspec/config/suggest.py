"""What was meant by a key that is no generation field: another spelling, another engine's word, another file's."""

from collections.abc import Iterable
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from genspec.config.fields import FIELDS

KEYS = frozenset(field.key for field in FIELDS.values())
"""Every field as files spell it."""

CLOSE = 0.86
"""How much of two names must agree, of 1, for one to be a misspelling of the other."""


class Cause(StrEnum):
    """Why a key is not a field."""

    SPELLING = "spelling"           # the field is meant, and misspelt
    ENGINE = "engine"               # another engine reads this key
    ELSEWHERE = "elsewhere"         # it belongs in another file of the model
    CALL = "call"                   # it is an argument of the call


class Suggestion(NamedTuple):
    """What to do with a key that transformers does not read in a generation config."""

    cause: Cause
    field: str | None               # the field of transformers that is meant; None: it has none
    origin: str = ""                # who spells it so, or the file it belongs in
    note: str = ""                  # what else one must know, a sentence


def suggestion(key: str) -> Suggestion | None:
    """Say what a key stands for. None when it is a field or nothing known is close."""
    if key in KEYS:
        return None
    return CALLS.get(key) or foreign(key) or misspelling(key) or FILES.get(key)


def foreign(key: str) -> Suggestion | None:
    """Say which engine a key belongs to."""
    return ENGINES.get(key) or ENGINE_SPELLINGS.get(squashed(key))


def misspelling(key: str) -> Suggestion | None:
    """Say which field a key misspells."""
    if key in FILES or key in CALLS:
        return None
    name = respelled(key) or ALIASES.get(key.lower()) or nearest(key.lower())
    return Suggestion(Cause.SPELLING, name, note=NOTES.get(key.lower(), "")) if name else None


def respelled(key: str) -> str | None:
    """Return the field that a key names in other letters: `topP`, `TOP_P`, `top-p`."""
    name = SPELLINGS.get(squashed(key))
    return name if name != key else None


def squashed(key: str) -> str:
    """Strip a key of everything but its letters and digits, in lower case."""
    return key.replace("_", "").lower() if key.isidentifier() else "".join(filter(str.isalnum, key)).lower()


@lru_cache(maxsize=4096)
def nearest(key: str) -> str | None:
    """Return the field whose name is closest to a key, if it is close."""
    if not 5 < len(key) < 48:
        return None
    from difflib import get_close_matches  # most files have no unknown key

    return next(filter(lambda name: plausible(key, name), get_close_matches(key, LONG_NAMES, 1, CLOSE)), None)


def plausible(key: str, name: str) -> bool:
    """Refuse one token for another: `boi_token_id` is no misspelling of `bos_token_id`."""
    return not name.endswith("token_id") or key.partition("_")[0] == name.partition("_")[0]


def spellings(names: Iterable[str]) -> dict[str, str]:
    """Index names by their squashed form."""
    return {squashed(name): name for name in names}


SPELLINGS = spellings(sorted(KEYS))
LONG_NAMES = sorted(name for name in KEYS if len(name) > 5 and not name.startswith("_"))

MEANT = {
    "bos_token_id": "bos_id",
    "cache_implementation": "cache_impl",
    "do_sample": "do_sampling enable_sampling use_sampling",
    "early_stopping": "early_stop",
    "eos_token_id": "decoder_end_token_id decoder_eos_token_id end_token_id eos eos_id eos_ids eos_token_ids",
    "guidance_scale": "cfg_scale",
    "length_penalty": "len_penalty",
    "max_length": "max_len max_seq_len max_seq_length max_sequence_length maximum_length",
    "max_new_tokens": "max_gen_length max_gen_tokens max_generated_tokens max_generation_length max_output_length",
    "no_repeat_ngram_size": "ngram_size no_repeat_ngram no_repeat_ngrams repeat_ngram_size",
    "num_beams": "beams n_beams nbeams num_beam",
    "num_return_sequences": "n_return_sequences num_sequences",
    "pad_token_id": "pad_id",
    "repetition_penalty": "rep_pen rep_penalty",
    "suppress_tokens": "suppress_token_ids suppressed_tokens",
    "temperature": "temp",
    "use_cache": "use_kv_cache",
}
ALIASES = {alias: name for name, aliases in MEANT.items() for alias in aliases.split()}
"""Spellings too far from the field for a comparison of letters."""

NOTES = {
    "decoder_end_token_id": "No version of transformers from 4.38 to 5.23 has a field of this name.",
    "decoder_eos_token_id": "No version of transformers from 4.38 to 5.23 has a field of this name.",
    "max_seq_len": "It counts the prompt too; to bound the new tokens alone, use `max_new_tokens`.",
    "max_seq_length": "It counts the prompt too; to bound the new tokens alone, use `max_new_tokens`.",
}

ADDITIVE = "It subtracts from the score of a repeated token; `repetition_penalty` divides, and counts the prompt too."
LLAMA = "llama.cpp and Ollama"
OPENAI = "the OpenAI API and vLLM"
SEEDED = "Call `transformers.set_seed` before `generate`."
COUNTS = "`max_length` counts the prompt, and for an encoder-decoder model the start token, too."

WORDS: tuple[tuple[str, str | None, str, str], ...] = (
    # key or keys, the field of transformers, who reads the key, what differs
    ("max_tokens max_completion_tokens", "max_new_tokens", OPENAI, ""),
    ("max_output_tokens", "max_new_tokens", "the OpenAI and Gemini APIs", ""),
    ("max_tokens_to_sample", "max_new_tokens", "the Anthropic API", ""),
    ("max_gen_len", "max_new_tokens", "fairseq2 and Llama's own code", ""),
    ("max_decode_steps", "max_new_tokens", "T5X", ""),
    ("max_decode_len max_decode_length", "max_length", "T5X", COUNTS),
    ("max_decoding_length", "max_length", "CTranslate2", COUNTS),
    ("tokens_to_generate", "max_new_tokens", "NeMo", ""),
    ("n_predict", "max_new_tokens", "llama.cpp", "Its -1, no limit, has no counterpart."),
    ("num_predict", "max_new_tokens", "Ollama", "Its -1, no limit, has no counterpart."),
    ("min_tokens", "min_new_tokens", "vLLM", ""),
    ("min_decoding_length", "min_length", "CTranslate2", "`min_length` counts the prompt too."),
    ("min_len", "min_length", "fairseq", ""),
    ("repeat_penalty", "repetition_penalty", LLAMA, "There it looks at the last 64 tokens, here at all."),
    ("frequency_penalty presence_penalty", None, f"{OPENAI}, {LLAMA}", ADDITIVE),
    ("repeat_last_n penalty_last_n", None, LLAMA, "`repetition_penalty` looks at all tokens."),
    ("stop", "stop_strings", f"{OPENAI}, {LLAMA}", "`generate` then needs the tokenizer."),
    ("stop_sequences", "stop_strings", "the Anthropic and Gemini APIs", "`generate` then needs the tokenizer."),
    ("stop_token_ids", "eos_token_id", "vLLM and SGLang", ""),
    ("stop_regex", None, "SGLang", ""),
    ("ignore_eos", None, "vLLM, SGLang and llama.cpp", "To ban EOS, list its ids in `suppress_tokens`."),
    ("n", "num_return_sequences", OPENAI, ""),
    ("nbest", "num_return_sequences", "fairseq", ""),
    ("candidate_count", "num_return_sequences", "the Gemini API", ""),
    ("num_hypotheses", "num_return_sequences", "CTranslate2", ""),
    ("best_of", None, "the OpenAI API and older vLLM", ""),
    ("seed random_seed rng_seed", None, "vLLM, llama.cpp and others", SEEDED),
    ("logit_bias", "sequence_bias", f"{OPENAI} and llama.cpp", "It is a list of `[[ids], bias]` pairs here."),
    ("logprobs top_logprobs prompt_logprobs", "output_scores", OPENAI, "It needs `return_dict_in_generate`."),
    ("n_probs", "output_scores", "llama.cpp", "It needs `return_dict_in_generate`."),
    ("echo", None, "the OpenAI API", "`generate` of a decoder-only model always returns the prompt."),
    ("stream", None, "serving APIs", "Pass a `streamer` to `generate`."),
    ("top_n", None, "reranking APIs", "`top_k` bounds the tokens to draw from."),
    ("top_n_tokens decoder_input_details return_full_text", None, "TGI", ""),
    ("mirostat mirostat_tau mirostat_eta", None, LLAMA, ""),
    ("tfs_z", None, f"older {LLAMA}", ""),
    ("typ_p", "typical_p", "llama.cpp", ""),
    ("top_n_sigma xtc_probability xtc_threshold", None, "llama.cpp", ""),
    ("dry_multiplier dry_base dry_allowed_length dry_penalty_last_n", None, "llama.cpp", ""),
    ("dynatemp_range dynatemp_exponent", None, "llama.cpp", ""),
    ("top_a", None, "KoboldAI and text-generation-webui", ""),
    ("num_ctx", None, "Ollama", "The context length belongs to the model."),
    ("num_keep n_keep", None, LLAMA, ""),
    ("beam beam_size", "num_beams", "CTranslate2 and fairseq", ""),
    ("beam_width", "num_beams", "TensorRT-LLM and vLLM", ""),
    ("use_beam_search", "num_beams", "older vLLM", "Give the number of beams."),
    ("sampling_temperature", "temperature", "CTranslate2", ""),
    ("sampling_topk", "top_k", "CTranslate2", ""),
    ("sampling_topp", "top_p", "CTranslate2", ""),
    ("lenpen", "length_penalty", "fairseq", ""),
    ("max_len_a max_len_b", None, "fairseq", "`max_length` is a number of tokens, not a share of the source."),
    ("patience", None, "CTranslate2 and the first Whisper code", ""),
    ("allowed_token_ids", None, "vLLM", "Pass `prefix_allowed_tokens_fn` to `generate`."),
    ("bad_words", "bad_words_ids", "vLLM", "It takes token ids, not text."),
    ("include_stop_str_in_output spaces_between_special_tokens", None, "vLLM", ""),
    ("skip_special_tokens", None, "vLLM", "It is an argument of the tokenizer's `decode`."),
    ("truncate_prompt_tokens", None, "vLLM", "Truncate with the tokenizer."),
    ("reasoning_effort thinking_budget", None, "serving APIs", ""),
    ("enable_thinking", None, "serving APIs", "It is an argument of the chat template."),
)
ENGINES = {
    key: Suggestion(Cause.ENGINE, name, origin, note) for keys, name, origin, note in WORDS for key in keys.split()
}
ENGINE_SPELLINGS = {squashed(key): found for key, found in ENGINES.items()}

HOMES = {
    "config.json": """_attn_implementation add_cross_attention architectures attention_bias attention_dropout
        attn_implementation auto_map cross_attention_hidden_size d_model dtype finetuning_task head_dim
        hidden_act hidden_dropout hidden_size id2label initializer_range intermediate_size is_decoder
        is_encoder_decoder label2id layer_norm_eps max_position_embeddings model_type n_ctx n_embd n_head n_layer
        n_positions num_attention_heads num_hidden_layers num_key_value_heads num_labels problem_type
        quantization_config return_dict rms_norm_eps rope_parameters rope_scaling rope_theta sep_token_id
        sliding_window task_specific_params tie_encoder_decoder tie_word_embeddings tokenizer_class torch_dtype
        torchscript type_vocab_size vocab_size""",
    "tokenizer_config.json": """add_bos_token add_eos_token additional_special_tokens bos_token chat_template
        clean_up_tokenization_spaces cls_token eos_token mask_token model_max_length pad_token padding_side sep_token
        truncation_side unk_token""",
}
TOKENS = {"bos_token": "bos_token_id", "eos_token": "eos_token_id", "pad_token": "pad_token_id"}
FILES = {
    key: Suggestion(Cause.ELSEWHERE, TOKENS.get(key), home) for home, keys in HOMES.items() for key in keys.split()
}
FILES["task_specific_params"] = Suggestion(
    Cause.ELSEWHERE, None, "config.json", "Only pipelines of transformers 4 looked into it, and only there."
)

ARGUMENTS = {
    "refused": """assistant_model logits_processor negative_prompt_attention_mask negative_prompt_ids
        prefix_allowed_tokens_fn stopping_criteria streamer synced_gpus""",
    "ignored": """assistant_tokenizer attention_mask custom_generate decoder_attention_mask decoder_input_ids
        encoder_outputs generation_config input_ids inputs inputs_embeds past_key_values tokenizer trust_remote_code
        use_model_defaults""",
}
REFUSED = frozenset(ARGUMENTS["refused"].split())
"""Arguments of `generate` whose mere presence makes transformers refuse a config, null included."""

IGNORED = frozenset(ARGUMENTS["ignored"].split())
"""Arguments of `generate` that transformers keeps in a config as attributes and never looks at."""

CALLS = {key: Suggestion(Cause.CALL, None, "the call of `generate`") for key in sorted(REFUSED | IGNORED)}
