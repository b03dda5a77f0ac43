"""Deviations of transformers in rows, assistance and outputs."""

from genspec.conform.deviations.deviation import Deviation, Versions
from genspec.conform.deviations.made.assistance import closing_acts_twice
from genspec.conform.deviations.made.contrasts import banned_are_candidates, has_too_few_tokens
from genspec.conform.deviations.made.endings import goes_on_with_the_batch
from genspec.conform.deviations.made.layers_of_batch import batch_chooses_a_layer
from genspec.conform.deviations.made.refusals import refuses
from genspec.conform.deviations.made.rounds import goes_past_a_string, reads_dropped_drafts
from genspec.conform.deviations.made.texts import no_text_hides_strings, no_token_ends_a_string

OF_OLD = "conform/test_older_deviations.py::test_an_old_release_shows_a_deviation_and_a_new_one_does_not"

ROWS = (
    Deviation(
        id="DEV-47",
        when="contrastive search with banned tokens",
        does=(
            "they are candidates and are produced; a hidden state of length 0 gives NaN; `top_k` above V raises "
            "RuntimeError"
        ),
        specified="they are no candidates",
        clauses=("CONTRASTIVE-SEARCH-2", "CONTRASTIVE-SEARCH-6"),
        versions=Versions(("4.38.2", "4.46.3"), last="4.56.2", note="; source: until 4.56"),
        example="`penalty_alpha=0.6, top_k=4`, three of five tokens banned",
        shows="a banned token",
        tests=("reference/test_contrastive_search.py::test_the_recording_holds_the_deviations", OF_OLD),
        explains=refuses("RuntimeError", "selected index k out of range", has_too_few_tokens),
        changes=(banned_are_candidates,),
    ),
    Deviation(
        id="DEV-48",
        when="DoLa in a batch",
        does="one earlier layer is chosen for all rows",
        specified="one for each row",
        clauses=("DOLA-5",),
        versions=Versions(("4.46.3",), last="4.56.2", note="; source: until 4.56"),
        example="two prompts, `dola_layers=\"low\"`",
        shows="the second row has the scores of another layer",
        tests=("reference/test_dola.py::test_the_recording_holds_the_deviation_of_batches", OF_OLD),
        changes=(batch_chooses_a_layer,),
    ),
    Deviation(
        id="DEV-49",
        when="assisted decoding with `stop_strings`",
        does="goes past a string that a draft completes, often without end",
        specified="the row ends",
        clauses=("ASSISTED-9", "ASSISTED-14"),
        versions=Versions(("5.23.0",)),
        example="`prompt_lookup_num_tokens=2, stop_strings=[\"ab\"]`; a draft holds a b c",
        shows="ends after c or later",
        tests=("assisted/test_transformers.py::test_transformers_goes_past_a_stop_string_that_a_draft_completes",),
        changes=(goes_past_a_string,),
    ),
    Deviation(
        id="DEV-50",
        when="assisted decoding with `guidance_scale`",
        does=(
            "the row without the prompt takes a token each time that guidance is asked, for drafts that are dropped "
            "and for those that an assistant makes"
        ),
        specified="the row of greedy",
        clauses=("ASSISTED-9",),
        versions=Versions(("5.23.0",)),
        example="`prompt_lookup_num_tokens=3, guidance_scale=1.7`, prompt 1 2 3 4 1 2 3 4",
        shows="another row than without drafts",
        tests=(
            "assisted/test_transformers.py::test_transformers_keeps_dropped_drafts_in_the_row_without_the_prompt",
            "conform/test_deviations.py::test_dev_50_an_assistant_is_guided_by_the_row_of_the_model",
            "conform/test_deviations.py::test_dev_50_float32_decides_what_an_assistant_drafts",
        ),
        changes=(reads_dropped_drafts,),
    ),
    Deviation(
        id="DEV-51",
        when="`assistant_ensemble_weight`, or a draft that is drawn",
        does="temperature, truncations and what follows them act twice on the assistant's scores",
        specified="once",
        clauses=("ASSISTED-15",),
        versions=Versions(("5.23.0",)),
        example="`temperature=0.5` with an assistant and a weight",
        shows="the assistant's logits are divided by 0.25",
        tests=("assisted/test_transformers.py::test_transformers_applies_the_operations_twice_to_an_assistant",),
        changes=(closing_acts_twice,),
    ),
    Deviation(
        id="DEV-52",
        when="`token_healing`",
        does="a token outside the set can win; BOS is lost",
        specified="only a token of the set",
        clauses=("TOKEN-HEALING-3", "TOKEN-HEALING-4"),
        versions=Versions(("5.23.0",)),
        example="`token_healing=True`, prompt 2 3",
        shows="prompt 2 1",
        tests=("reference/test_token_healing.py::test_transformers_takes_other_tokens_and_loses_bos",),
    ),
    Deviation(
        id="DEV-53",
        when="`stop_strings`, and a token without text, or a string that no token ends",
        does="does not see a string across more tokens than the longest string has letters; refuses the call",
        specified="the text decides",
        clauses=("STOPPING-3", "STOPPING-6"),
        versions=Versions(("5.23.0",)),
        example="texts a, b and none; `stop_strings=[\"ab\"]`, row a, none, b",
        shows="goes on",
        tests=(
            "reference/test_stopping.py::test_deviation_a_token_without_text_hides_a_stop_string_from_transformers",
            "reference/test_stopping.py::test_deviation_transformers_refuses_a_string_that_no_token_ends",
        ),
        explains=refuses("ValueError", "No match|stop string|no token", no_token_ends_a_string),
        changes=(no_text_hides_strings,),
    ),
    Deviation(
        id="DEV-54",
        when="a row of a batch has ended, and there is no EOS",
        does="goes on with it",
        specified="it has ended",
        clauses=("STOPPING-3",),
        versions=Versions(("5.23.0",)),
        example="two prompts, `stop_strings`, no EOS; the first row has ended",
        shows="the first row gets further tokens",
        tests=("reference/test_stopping.py::test_deviation_transformers_goes_on_with_an_ended_row_of_a_batch_without_eos",),
        changes=(goes_on_with_the_batch,),
    ),
    Deviation(
        id="DEV-55",
        when="scores of a row of a batch that has ended",
        does="goes on scoring it; `compute_transition_scores` gives those of the pad",
        specified="has no further scores",
        clauses=("OUTPUTS-2",),
        versions=Versions(("5.23.0",)),
        example="two prompts, EOS 2; the first row ends first",
        shows="scores of the first row at every step of the second",
        tests=(
            "reference/test_outputs_of_transformers.py::test_deviation_transformers_goes_on_scoring_a_row_that_has_ended",
        ),
    ),
    Deviation(
        id="DEV-56",
        when="`sequences_scores`",
        does="only with `output_scores`",
        specified="always in a beam mode",
        clauses=("OUTPUTS-8",),
        versions=Versions(("5.23.0",)),
        example="`num_beams=2, return_dict_in_generate=True`",
        shows="`sequences_scores` None, `beam_indices` given",
        tests=(
            "reference/test_outputs_of_transformers.py::test_deviation_transformers_gives_scores_of_sequences_only_with_scores",
        ),
    ),
    Deviation(
        id="DEV-57",
        when="attentions and hidden states without a cache",
        does="cover the whole row at every step",
        specified="the newest position",
        clauses=("OUTPUTS-4", "OUTPUTS-5"),
        versions=Versions(("5.23.0",)),
        example="`use_cache=False, output_attentions=True, return_dict_in_generate=True`",
        shows="step 2 has the attentions of all positions",
        tests=(
            "reference/test_outputs_of_transformers.py::test_deviation_transformers_without_a_cache_covers_the_whole_row",
        ),
    ),
)
