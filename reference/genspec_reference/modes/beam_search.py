"""Beam search: the candidates with the highest totals. Text: docs/spec/beam_search.md."""

from genspec_reference.beams.candidates import by_total
from genspec_reference.beams.search import output_of, search
from genspec_reference.output import GenerateOutput
from genspec_reference.request import Request


def beam_search(request: Request) -> GenerateOutput:
    """Keep the best `num_beams` hypotheses at every step. BEAM-SEARCH-1 to BEAM-SEARCH-11.

    Source: Lowerre, The HARPY Speech Recognition System, 1976; Graves, Sequence Transduction with Recurrent Neural
    Networks, 2012.
    """
    return output_of(request, *search(request, by_total))
