"""Deviations of transformers in beams and groups."""

from genspec.conform.deviations.deviation import Deviation, Versions
from genspec.conform.deviations.made.before_4_50 import first_eos_is_written
from genspec.conform.deviations.made.fills import fills_beams_otherwise
from genspec.conform.deviations.made.moved import forces_words, with_quirk
from genspec.conform.deviations.made.moved_search import Quirk
from genspec.conform.deviations.made.placeholders import placeholders_count
from genspec.conform.deviations.made.refusals import refuses, too_few_candidates

BEAMS = (
    Deviation(
        id="DEV-39",
        when="beam search with fewer candidates than places",
        does=(
            "placeholders of total -1e9 count as finished and are returned; a search that has ended goes on with them "
            "until the others of its batch have"
        ),
        specified="there are fewer",
        clauses=("BEAM-SEARCH-7", "BEAM-SEARCH-9"),
        versions=Versions(("4.38.2", "4.46.3", "4.57.6", "5.23.0")),
        example="all mass on EOS 2, `num_beams=2, num_return_sequences=2`",
        shows="2 rows, `sequences_scores` 0 and -1e9",
        tests=(
            "reference/test_beam_search_transformers.py::test_fewer_hypotheses_than_rows_and_the_placeholders_of_transformers",
        ),
        changes=(placeholders_count, with_quirk(Quirk.PLACEHOLDERS)),
    ),
    Deviation(
        id="DEV-40",
        when="beam search with more candidates asked for than B · V",
        does="RuntimeError",
        specified="decodes",
        clauses=("BEAM-SEARCH-2",),
        versions=Versions(("5.23.0",)),
        example="V 2, EOS 0 and 1, `num_beams=2`",
        shows="RuntimeError: selected index k out of range",
        tests=(
            "reference/test_beam_search_transformers.py::test_more_candidates_than_continuations_and_the_error_of_transformers",
        ),
        explains=refuses("RuntimeError", "selected index k out of range|cannot sample n_sample", too_few_candidates),
    ),
    Deviation(
        id="DEV-41",
        when="beam search with the pad id 0, or without an EOS",
        does="pads with the EOS, or with -1; `beam_indices` are returned always",
        specified="pads with the pad id",
        clauses=("TOKENS-3",),
        versions=Versions(("5.23.0",)),
        example="prompts 0 and 1, `num_beams=2`, EOS 2, pad id 0; the first row ends",
        shows="0 2 2 2",
        tests=(
            "reference/test_beam_search_transformers.py::test_how_transformers_pads_and_reports",
            "reference/test_outputs_of_transformers.py::test_deviation_transformers_fills_beams_with_eos_where_the_pad_id_is_0",
            "reference/test_outputs_of_transformers.py::test_deviation_transformers_fills_beams_with_minus_1_where_there_is_no_eos",
        ),
        explains=fills_beams_otherwise,
    ),
    Deviation(
        id="DEV-42",
        when="beam search with several EOS ids",
        does="writes the first one for any",
        specified="keeps the one that ended the row",
        clauses=("STOPPING-1", "BEAM-SEARCH-3"),
        versions=Versions(("4.38.2", "4.46.3"), last="4.49.0"),
        example="`num_beams=2`, EOS 3 and 5; a row ends with 5",
        shows="ends with 3",
        tests=("reference/test_beam_search_transformers.py::test_transformers_4_46_wrote_the_first_eos_for_any",),
        changes=(first_eos_is_written,),
    ),
    Deviation(
        id="DEV-43",
        when="group beam search, one group has ended",
        does=(
            "it goes on taking the pad, which later groups then avoid; in a batch it goes on behind the first prompt, "
            "whose padding and source its model then reads"
        ),
        specified="it takes nothing",
        clauses=("GROUP-BEAM-SEARCH-3",),
        versions=Versions(("4.38.2", "4.46.3"), last="4.49.0"),
        example="`num_beams=2, num_beam_groups=2`, pad id = EOS; the first group has ended",
        shows="the second group avoids EOS",
        tests=("reference/test_group_beam_search.py::test_a_group_that_ended_takes_the_pad_in_transformers_4_46",),
        changes=(with_quirk(Quirk.PADS),),
    ),
    Deviation(
        id="DEV-44",
        when="the beam indices of group beam search",
        does=(
            "are numbered within a group; a finished row of a later group has those of the first group and one more; "
            "in a batch those of another group or prompt"
        ),
        specified="within the row",
        clauses=("GROUP-BEAM-SEARCH-7",),
        versions=Versions(("4.38.2", "4.46.3"), last="4.49.0"),
        example="`num_beams=2, num_beam_groups=2`",
        shows="the indices of the second group begin with 0",
        tests=("reference/test_group_beam_search.py::test_transformers_4_46_numbers_the_beams_within_a_group",),
        changes=(with_quirk(Quirk.NUMBERS),),
    ),
    Deviation(
        id="DEV-45",
        when="constrained beam search, a row without its words",
        does=(
            "may come before rows that have theirs, and has no beam indices: RuntimeError where the first row has some"
        ),
        specified="comes after all of them",
        clauses=("CONSTRAINED-BEAM-SEARCH-8",),
        versions=Versions(("4.38.2", "4.46.3"), last="4.49.0"),
        example="`num_beams=3, num_return_sequences=3`, a word; one row is without it",
        shows="the row without it comes second",
        tests=(
            "reference/test_constrained_beam_search.py::test_transformers_4_46_lets_rows_without_their_words_come_first",
        ),
        explains=refuses("RuntimeError|TypeError", "dtype of NoneType|'NoneType' has no len", forces_words),
        changes=(with_quirk(Quirk.MIXED),),
    ),
    Deviation(
        id="DEV-46",
        when="constrained beam search with words that begin alike",
        does="loses progress; refuses a condition in which one word begins another",
        specified="keeps it",
        clauses=("CONSTRAINED-BEAM-SEARCH-2", "CONSTRAINED-BEAM-SEARCH-3"),
        versions=Versions(("4.38.2", "4.46.3"), last="4.49.0"),
        example="words 1 2 and 1 3",
        shows="the progress of one is lost when the other begins",
        tests=("reference/test_constrained_beam_search.py::test_transformers_4_46_loses_words_that_begin_alike",),
        explains=refuses("ValueError", "can't be a complete subset of another", forces_words),
        changes=(with_quirk(Quirk.ALIKE),),
    ),
)
