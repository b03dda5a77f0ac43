"""Deviations of transformers in calls that it refuses, found by campaigns."""

from genspec.conform.deviations.deviation import Deviation, Versions
from genspec.conform.deviations.made.assistance import free_behind_the_rounds
from genspec.conform.deviations.made.behind import reads_behind_its_cache
from genspec.conform.deviations.made.chunked import source_is_cut
from genspec.conform.deviations.made.endings import ended_row_has_nothing_left
from genspec.conform.deviations.made.overflow import overflows_behind_the_lowest
from genspec.conform.deviations.made.refusals import (
    assists_with_a_named_cache,
    assists_with_a_static_cache,
    assists_with_stop_strings,
    assists_without_a_cache,
    chunks_without_a_cache,
    either,
    guides_an_encoder_decoder,
    has_a_compile_config,
    refuses,
)
from genspec.conform.deviations.made.rounds import draws_for_dropped_drafts, pads_are_not_read

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
    Deviation(
        id="DEV-62",
        when="`prefill_chunk_size` with an encoder-decoder model",
        does="in the first pass the mask of the source has as many positions as the decoder's prompt",
        specified="changes no token",
        clauses=("PERFORMANCE-1",),
        versions=Versions(("5.23.0",)),
        example="source 1 2 3, `decoder_start_token_id=0, prefill_chunk_size=1`, one new token",
        shows="the token after the source 1",
        tests=("conform/test_deviations.py::test_dev_62_chunks_cut_the_source",),
        changes=(source_is_cut,),
    ),
    Deviation(
        id="DEV-63",
        when="`prefill_chunk_size` with `use_cache` false",
        does="ValueError",
        specified="changes no token",
        clauses=("PERFORMANCE-1", "CACHE-1"),
        versions=Versions(("5.23.0",)),
        example="`prefill_chunk_size=1, use_cache=False`",
        shows="ValueError: Cannot use prefill chunking without a cache",
        tests=("conform/test_deviations.py::test_dev_63_chunks_need_a_cache",),
        explains=refuses("ValueError", "prefill chunking without a cache", chunks_without_a_cache),
    ),
    Deviation(
        id="DEV-64",
        when="assisted decoding that draws, or mixes, with an assistant, and the pad id stands in the row",
        does=(
            "the assistant gets positions and no mask, infers one, and does not read tokens that are the pad; those "
            "behind them are at wrong positions"
        ),
        specified="the assistant reads the row; the law of the rows is the same, and what is drawn is not",
        clauses=("ASSISTED-11", "ASSISTED-16"),
        versions=Versions(("5.23.0",), first="5.0.0", note="(4.57.6 and 4.46.3 give it one)"),
        example="an assistant, `do_sample=True, pad_token_id=0`, prompt 0 1 2",
        shows="drafts as after the row 1 2",
        tests=("conform/test_deviations.py::test_dev_64_an_assistant_does_not_read_the_pad",),
        changes=(pads_are_not_read,),
    ),
    Deviation(
        id="DEV-65",
        when="assisted decoding that draws, or mixes, with an assistant that is an encoder-decoder",
        does="behind the first round of drafts the assistant reads the whole row behind what its cache holds of it",
        specified="the assistant reads the row; the law of the rows is the same, and what is drawn is not",
        clauses=("ASSISTED-11", "ASSISTED-16"),
        versions=Versions(("5.23.0",)),
        example="a source and an assistant, `do_sample=True`, six new tokens",
        shows="the row 3 25 24 26 is read as 3 25 3 25 24 26",
        tests=(
            "conform/test_deviations.py::test_dev_65_an_assistant_reads_the_row_behind_its_cache",
            "conform/test_cached_assistants.py::test_dev_65_what_is_drafted_behind_a_cache_is_told_token_by_token",
        ),
        changes=(reads_behind_its_cache, free_behind_the_rounds),
    ),
    Deviation(
        id="DEV-66",
        when="assisted decoding that draws, and no token is left at a position of a draft that the row does not reach",
        does=(
            "RuntimeError or ValueError: an assistant draws there, `eta_cutoff` and `top_h` raise there, and the "
            "model draws for every position of a draft that is looked up and for the one behind a draft that ends the "
            "row"
        ),
        specified="the draft ends before it, or is dropped",
        clauses=("ASSISTED-9", "ASSISTED-11", "SCORES-6"),
        versions=Versions(("5.23.0",)),
        example="V 2, `prompt_lookup_num_tokens=2, do_sample=True, no_repeat_ngram_size=3`, prompt 0 0 0 0",
        shows="RuntimeError: probability tensor contains either `inf`, `nan` or element < 0",
        tests=("conform/test_deviations.py::test_transformers_shows_a_deviation_and_nothing_else",),
        changes=(draws_for_dropped_drafts,),
    ),
    Deviation(
        id="DEV-67",
        when="sampling in a batch, a row has ended, and no token is left behind its padding",
        does="RuntimeError or ValueError: it draws for rows that have ended",
        specified="the row has ended",
        clauses=("OUTPUTS-2", "SCORES-6"),
        versions=Versions(("5.23.0",)),
        example="prompts 0 and 1, `do_sample=True, no_repeat_ngram_size=1`, EOS 2, V 4: the first row ends first",
        shows="RuntimeError: probability tensor contains either `inf`, `nan` or element < 0",
        tests=("conform/test_deviations.py::test_transformers_shows_a_deviation_and_nothing_else",),
        explains=ended_row_has_nothing_left,
    ),
    Deviation(
        id="DEV-68",
        when=(
            "assisted decoding with `cache_implementation` \"static\", or \"dynamic\" with an assistant that drafts "
            "twice"
        ),
        does="ValueError; an assistant is given the field, and from its second draft on its cache besides",
        specified="the cache changes no token",
        clauses=("CACHE-1", "ASSISTED-9"),
        versions=Versions(("5.23.0",)),
        example="`prompt_lookup_num_tokens=2, cache_implementation=\"static\"`",
        shows="ValueError: assisted generate is not supported with Static cache classes",
        tests=("conform/test_deviations.py::test_transformers_shows_a_deviation_and_nothing_else",),
        explains=either(
            refuses("ValueError", "not supported with Static cache", assists_with_a_static_cache),
            refuses("ValueError", "Passing both `cache_implementation`", assists_with_a_named_cache),
        ),
    ),
    Deviation(
        id="DEV-69",
        when=(
            "`remove_invalid_values` has made every score the lowest number, and an operation behind it, or the total "
            "of a hypothesis, lowers them"
        ),
        does="minus infinity: RuntimeError or ValueError in a draw",
        specified="the numbers are real numbers, and stay",
        clauses=("REMOVE-INVALID-VALUES-2", "TEMPERATURE-1"),
        versions=Versions(("5.23.0",)),
        example=(
            "all tokens in the prompt, `do_sample=True, no_repeat_ngram_size=1, remove_invalid_values=True, "
            "temperature=0.5`"
        ),
        shows="RuntimeError: probability tensor contains either `inf`, `nan` or element < 0",
        tests=("conform/test_deviations.py::test_transformers_shows_a_deviation_and_nothing_else",),
        changes=(overflows_behind_the_lowest,),
    ),
)
