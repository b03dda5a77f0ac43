"""Deviations of transformers in calls that it refuses, found by campaigns."""

from genspec.conform.deviations.deviation import Deviation, Versions
from genspec.conform.deviations.made.refusals import (
    assists_with_stop_strings,
    assists_without_a_cache,
    guides_an_encoder_decoder,
    has_a_compile_config,
    refuses,
)

CALLS = (
    Deviation(
        id="DEV-58",
        when="guidance with an encoder-decoder model",
        does="asks the model for u without its encoder's source: ValueError, where the model makes no decoder's prompt",
        specified="both passes read the same source",
        clauses=("GUIDANCE-2",),
        versions=Versions(("5.23.0",)),
        example="source 1, `decoder_start_token_id=0, guidance_scale=2.0`, one new token",
        shows="ValueError: You have to specify decoder_input_ids",
        tests=("conform/test_deviations.py::test_dev_58_guidance_asks_an_encoder_decoder_without_its_source",),
        explains=refuses("ValueError", "specify .*decoder_input_ids", guides_an_encoder_decoder),
    ),
    Deviation(
        id="DEV-59",
        when="assisted decoding with `use_cache` false",
        does="ValueError",
        specified="the cache changes no token",
        clauses=("CACHE-1", "ASSISTED-9"),
        versions=Versions(("5.23.0",)),
        example="`prompt_lookup_num_tokens=2, use_cache=False`",
        shows="ValueError: assisted generate requires `use_cache=True`",
        tests=("conform/test_deviations.py::test_dev_59_assistance_refuses_to_go_without_a_cache",),
        explains=refuses("ValueError", "requires `use_cache=True`", assists_without_a_cache),
    ),
    Deviation(
        id="DEV-60",
        when="assisted decoding with an assistant and `stop_strings`",
        does="ValueError: the assistant's own `generate` is given the strings and no tokenizer",
        specified="decodes",
        clauses=("ASSISTED-9", "STOPPING-3"),
        versions=Versions(("5.23.0",)),
        example='an assistant, `stop_strings=["a"]`',
        shows="ValueError: There are one or more stop strings, but we could not locate a tokenizer",
        tests=("conform/test_deviations.py::test_dev_60_an_assistant_gets_stop_strings_without_a_tokenizer",),
        explains=refuses("ValueError", "could not locate a tokenizer", assists_with_stop_strings),
    ),
    Deviation(
        id="DEV-61",
        when="`compile_config`, as a file can hold it",
        does="ValueError: it wants an object of its own class",
        specified="changes no token",
        clauses=("PERFORMANCE-1",),
        versions=Versions(("5.23.0",)),
        example="`do_sample=True, compile_config={}`",
        shows="ValueError: You provided `compile_config` as an instance of <class 'dict'>",
        tests=("conform/test_deviations.py::test_dev_61_a_compile_config_of_a_file_is_refused",),
        explains=refuses("ValueError", "`compile_config` as an instance of", has_a_compile_config),
    ),
)
