"""Keys beside the fields that are at home in a generation config: the code of some models reads them from it."""

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
