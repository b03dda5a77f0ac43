"""Deviations of transformers in the drafts of assisted decoding, found by campaigns."""

from genspec.conform.deviations.deviation import Deviation, Versions
from genspec.conform.deviations.made.rounds import lengths_are_scheduled, what_is_handed_on_comes_last

DRAFTS = (
    Deviation(
        id="DEV-78",
        when=(
            "assisted decoding that draws, or mixes, with an assistant and `num_assistant_tokens_schedule` "
            "\"heuristic\" or \"heuristic_transient\""
        ),
        does="a draft has two tokens more than the last one when that was kept whole, and else one less",
        specified="the schedule is constant",
        clauses=("ASSISTED-2", "ASSISTED-11"),
        versions=Versions(("5.23.0",)),
        example="an assistant, `assistant_ensemble_weight=0.01, num_assistant_tokens=1`, schedule \"heuristic\"",
        shows="three drafted tokens in the second round",
        tests=("conform/test_deviations.py::test_dev_78_drafts_grow_and_shrink",),
        changes=(lengths_are_scheduled,),
    ),
    Deviation(
        id="DEV-79",
        when=(
            "`assistant_ensemble_weight`, or a draft that is drawn, with allowed tokens, or with a source and "
            "operations on it"
        ),
        does=(
            "`prefix_allowed_tokens`, `encoder_repetition_penalty` and `encoder_no_repeat_ngram_size` act on the "
            "assistant's scores behind the other operations"
        ),
        specified="in the order of the pipeline; the law of the rows is the same, and what is drawn is not",
        clauses=("ASSISTED-15", "PIPELINE-1"),
        versions=Versions(("5.23.0",)),
        example="the source 0, `forced_bos_token_id=0, encoder_no_repeat_ngram_size=1`, drawn with an assistant",
        shows="RuntimeError: no token is left",
        tests=(
            "conform/test_deviations.py::test_transformers_shows_a_deviation_and_nothing_else",
            "conform/test_deviations.py::test_dev_79_allowed_tokens_are_the_last_of_an_assistant",
        ),
        changes=(what_is_handed_on_comes_last,),
    ),
)
