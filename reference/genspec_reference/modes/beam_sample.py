"""Beam sampling: candidates drawn from the softmax of all totals. Text: docs/spec/beam_sample.md."""

from genspec_reference.beams.candidates import by_race
from genspec_reference.beams.search import output_of, search
from genspec_reference.output import GenerateOutput
from genspec_reference.request import Request


def beam_sample(request: Request) -> GenerateOutput:
    """Draw the candidates of every step without replacement; the rest is beam search. BEAM-SAMPLE-1 to BEAM-SAMPLE-4.

    Source of the draw: Kool et al., Stochastic Beams and Where to Find Them, ICML 2019.
    """
    return output_of(request, *search(request, by_race))
