"""Deviations of transformers in contrastive search and DoLa, and in fields of modes that have left it with 4.57.

`last` is the last release that is known to have it from its source.
"""

from genspec.conform.deviations.accepting import Accepts
from genspec.conform.deviations.deviation import Deviation, Versions
from genspec.conform.deviations.made.accepted import is_below_1, is_negative
from genspec.conform.deviations.made.contrasts import padding_is_compared
from genspec.conform.deviations.made.layers_of_batch import returns_one_row

OF_OLD = ("conform/test_older_deviations.py::test_an_old_release_shows_a_deviation_and_a_new_one_does_not",)
SHOWN = ("conform/test_deviations.py::test_transformers_shows_a_deviation_and_nothing_else",)

LAYERED = (
    Deviation(
        id="DEV-110",
        when="contrastive search, a shorter row of a batch",
        does="the hidden states of the padding count as earlier positions",
        specified="no row depends on another one",
        clauses=("CONTRASTIVE-SEARCH-5",),
        versions=Versions(("4.38.2",), last="4.44.2", note="; source: until 4.44"),
        example="prompts 0 and 0 0, `penalty_alpha=1.0, top_k=2`; the likelier token is like the padding",
        shows="the first row takes the other one",
        tests=OF_OLD,
        changes=(padding_is_compared,),
    ),
    Deviation(
        id="DEV-111",
        when="`num_beam_groups` below 1",
        does="takes it for unset",
        specified="refuses",
        clauses=("BEAMS-4",),
        versions=Versions(("4.38.2", "4.46.3", "4.57.6", "5.23.0")),
        example="`num_beam_groups=0`",
        shows="greedy",
        tests=SHOWN,
        accepts=(Accepts(("BEAMS-4",), ("num_beam_groups",), is_below_1),),
    ),
    Deviation(
        id="DEV-112",
        when="`penalty_alpha` below 0",
        does="takes it for off",
        specified="refuses",
        clauses=("CONTRASTIVE-SEARCH-1",),
        versions=Versions(("4.38.2", "4.46.3", "4.57.6", "5.23.0")),
        example="`penalty_alpha=-0.5`",
        shows="greedy",
        tests=SHOWN,
        accepts=(Accepts(("CONTRASTIVE-SEARCH-1",), ("penalty_alpha",), is_negative),),
    ),
    Deviation(
        id="DEV-113",
        when="DoLa that draws, with `num_return_sequences` above 1",
        does="one row is returned for a prompt",
        specified="as many as are asked for",
        clauses=("DOLA-8", "OUTPUTS-6"),
        versions=Versions(("4.46.3",), last="4.56.2", note="; source: until 4.56"),
        example="`dola_layers=[0, 1], do_sample=True, num_return_sequences=2`",
        shows="one row",
        tests=OF_OLD,
        changes=(returns_one_row,),
    ),
)
