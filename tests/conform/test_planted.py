"""Ten bugs are planted: the strategies find each, and shrink it to a case that a person sees through."""

import pytest
from hypothesis import HealthCheck, find, settings
from support.planted import PLANTED
from support.strategies import described

from genspec.backends.reference import ReferenceDecoder
from genspec.conform.oracle import judge
from genspec.conform.strategies import calls

CLAUSES = {
    "an EOS one token before the minimum": {"MIN-NEW-TOKENS-1"},
    "top_k keeps one more": {"TOP-K-1"},
    "the length penalty counts the prompt": {"BEAM-SEARCH-4", "OUTPUTS-8"},
    "ties go to the highest id": {"GREEDY-2"},
    "n-grams are one longer": {"NO-REPEAT-NGRAM-1", "SCORES-6"},
    "the second EOS is ignored": {"STOPPING-1", "STOPPING-5"},
    "never is taken for false": {"BEAM-SEARCH-6"},
    "rows come last first": {"BEAM-SEARCH-9"},
    "an EOS in the prompt is taken for padding": {"OUTPUTS-7"},
    "the cache is not reordered with the beams": {"BEAM-SEARCH-1", "BEAM-SEARCH-2"},
}
FIELDS, PROMPT, VOCABULARY = 7, 3, 13


def verdict_on(decoder, call):
    return judge(call, ReferenceDecoder().decode(call), decoder.decode(call), decoder.info)


@pytest.mark.parametrize("decoder", PLANTED, ids=lambda decoder: decoder.name)
def test_a_planted_bug_is_found_and_is_small(decoder):
    call = find(
        calls(noise="seeds", decoder_modes=[decoder.mode]), lambda drawn: verdict_on(decoder, drawn).kind == "violates",
        settings=settings(max_examples=800, database=None, derandomize=True, deadline=None,
                          suppress_health_check=list(HealthCheck)),
    )
    verdict = verdict_on(decoder, call)
    shown = described(call=call, verdict=verdict)
    assert len(call.config) <= FIELDS, shown
    assert len(call.prompts) == 1, shown
    assert len(call.prompts[0]) <= PROMPT, shown
    assert call.model.vocab_size <= VOCABULARY, shown
    assert call.sources is None, shown
    assert set(verdict.clauses) & CLAUSES[decoder.name], shown
