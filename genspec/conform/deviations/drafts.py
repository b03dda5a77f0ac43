"""Deviations of transformers in the drafts of assisted decoding, found by campaigns."""

from genspec.conform.deviations.deviation import Deviation, Versions
from genspec.conform.deviations.made.rounds import lengths_are_scheduled

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
)
