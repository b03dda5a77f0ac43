"""Deviations of releases of transformers before 5.x that 5.23.0 does not have, found by campaigns on those releases.

`last` is the last release that was run with it, or that is known to have it from its source.
"""

from genspec.conform.deviations.deviation import Deviation, Versions
from genspec.conform.deviations.made.before_4_50 import draws_several_eos, logits_are_lost
from genspec.conform.deviations.made.before_5 import (
    biases_token_0,
    fails_without_eos,
    has_forced_decoder_ids,
    longer_than_the_row,
    nothing_behind_an_end,
)
from genspec.conform.deviations.made.decays_to_nan import banned_eos_becomes_nan
from genspec.conform.deviations.made.first_lines import first_lines_alone
from genspec.conform.deviations.made.refusals import refuses

OF_OLD = "conform/test_older_deviations.py::test_an_old_release_shows_a_deviation_and_a_new_one_does_not"

OLDER = (
    Deviation(
        id="DEV-80",
        when="assisted decoding behind a prompt that ends with an EOS or a stop string, and no draft",
        does="produces nothing",
        specified="a prompt ends no row",
        clauses=("ASSISTED-9", "STOPPING-2"),
        versions=Versions(("4.38.2", "4.46.3", "4.57.6"), last="4.57.6"),
        example="prompt 0, EOS 0, `prompt_lookup_num_tokens=1`, one new token",
        shows="the prompt alone",
        tests=(OF_OLD,),
        changes=(nothing_behind_an_end,),
    ),
    Deviation(
        id="DEV-81",
        when="`prompt_lookup_num_tokens` without an EOS, and a draft; before 4.39 any assisted decoding without an EOS",
        does="TypeError; before 4.39 AttributeError",
        specified="there is no EOS",
        clauses=("ASSISTED-9", "TOKENS-2"),
        versions=Versions(("4.38.2", "4.46.3", "4.57.6"), last="4.57.6"),
        example="prompt 1 1 1, `prompt_lookup_num_tokens=1`, three new tokens",
        shows="TypeError: isin() received an invalid combination of arguments",
        tests=(OF_OLD,),
        explains=fails_without_eos,
    ),
    Deviation(
        id="DEV-82",
        when="token 0 in `sequence_bias`, as a list",
        does="ValueError: it has to be positive",
        specified="0 is a token",
        clauses=("SEQUENCE-BIAS-1",),
        versions=Versions(("4.46.3", "4.57.6"), first="4.40.0", last="4.57.6"),
        example="`sequence_bias=[[[0], 2.0]]`",
        shows="ValueError: Each element in `sequence_bias` has to be a non-empty list of lists of positive integers",
        tests=(OF_OLD,),
        explains=refuses("ValueError", "Each element in `sequence_bias`", biases_token_0),
    ),
    Deviation(
        id="DEV-83",
        when="a sequence of `sequence_bias` or `bad_words_ids` that has a token more than the row",
        does="ignores it",
        specified="the next token may complete it",
        clauses=("SEQUENCE-BIAS-2", "BAD-WORDS-2"),
        versions=Versions(("4.38.2", "4.46.3", "4.57.6"), last="5.17.0", note="; source: until 5.17"),
        example="prompt 1, `bad_words_ids=[[1, 2]]`, logits that prefer 2",
        shows="token 2",
        tests=(OF_OLD,),
        changes=(longer_than_the_row,),
    ),
    Deviation(
        id="DEV-84",
        when="`forced_decoder_ids`",
        does="ValueError",
        specified="a field that no longer does anything",
        clauses=("CONFIG-10",),
        versions=Versions(("4.46.3",), first="4.39.0", last="4.52.4", note="; source: 4.39 to 4.52"),
        example="`forced_decoder_ids=[[2, 0]]`",
        shows="ValueError: You have explicitly specified `forced_decoder_ids`",
        tests=(OF_OLD,),
        explains=refuses("ValueError", "specified `forced_decoder_ids`", has_forced_decoder_ids),
    ),
    Deviation(
        id="DEV-85",
        when="`encoder_repetition_penalty` in a beam mode, or with several rows a prompt",
        does="acts on as many lines of the batch as there are prompts, each with another prompt's source or its own",
        specified="acts on all, each with its source",
        clauses=("ENCODER-REPETITION-PENALTY-2", "ENCODER-REPETITION-PENALTY-3"),
        versions=Versions(("4.38.2", "4.46.3", "4.57.6"), last="5.19.0", note="; source: until 5.19"),
        example="`num_beams=2, encoder_repetition_penalty=1.5`, a source, two new tokens",
        shows="the second hypothesis has its scores as they were",
        tests=(OF_OLD,),
        changes=(first_lines_alone,),
    ),
    Deviation(
        id="DEV-86",
        when="`exponential_decay_length_penalty`, and the EOS is banned already",
        does="its score becomes NaN, which greedy takes, a draw refuses, and a search ranks anywhere",
        specified="it stays minus infinity",
        clauses=("EXPONENTIAL-DECAY-LENGTH-PENALTY-4",),
        versions=Versions(("4.38.2", "4.46.3", "4.57.6"), last="5.19.0", note="; source: until 5.19"),
        example="`min_new_tokens=2, exponential_decay_length_penalty=[0, 1.5]`, EOS 0, two new tokens",
        shows="the second token is EOS",
        tests=(OF_OLD,),
        changes=(banned_eos_becomes_nan,),
    ),
    Deviation(
        id="DEV-87",
        when="beam sample with several EOS ids",
        does="ValueError, where more than B of what is drawn is an EOS",
        specified="decodes",
        clauses=("BEAM-SAMPLE-1", "TOKENS-2"),
        versions=Versions(("4.38.2",), last="4.38.2"),
        example="`do_sample=True, num_beams=2`, EOS 0 and 1, one new token",
        shows="ValueError: At most 2 tokens in tensor([..]) can be equal to `eos_token_id`",
        tests=(OF_OLD,),
        explains=refuses("ValueError", "At most .* tokens in", draws_several_eos),
    ),
    Deviation(
        id="DEV-88",
        when="`output_logits` with an operation, without beams, or in assisted decoding",
        does="operations write into the logits; in assisted decoding they are those of a whole draft",
        specified="the model's",
        clauses=("OUTPUTS-3",),
        versions=Versions(("4.38.2",), last="4.39.3", note="; source: until 4.39"),
        example="`output_logits=True, forced_eos_token_id=0`, one new token",
        shows="logits 0 and minus infinity",
        tests=(OF_OLD,),
        changes=(logits_are_lost,),
    ),
)
