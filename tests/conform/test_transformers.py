"""transformers is held to the reference by random calls; what differs is a known deviation."""

import pytest
from support.differential import held, share, with_deviations

from genspec.config.mode import Mode
from genspec.conform import run
from genspec.conform.strategies import calls
from genspec.conform.verdict import Kind

pytest.importorskip("transformers")

MODES = (Mode.GREEDY, Mode.SAMPLE, Mode.BEAM_SEARCH, Mode.BEAM_SAMPLE, Mode.ASSISTED)


@pytest.fixture(scope="module")
def decoder():
    from genspec.backends.transformers.decoder import TransformersDecoder

    return TransformersDecoder()


@pytest.mark.parametrize("mode", MODES)
def test_transformers_conforms_but_for_known_deviations(decoder, mode):
    counts = held(decoder, calls(decoder_modes=[mode], noise="seed"), 80, with_deviations)
    print(f"{mode}: {dict(counts)}, {share(counts, 'ambiguous'):.2%} ambiguous, {share(counts, 'tied'):.2%} tied")
    assert share(counts, "ambiguous") < 0.01, counts
    assert counts["conforms"] > 20, counts


@pytest.mark.parametrize(("clause", "id"), [("CONFIG-2", "DEV-14"), ("TOKENS-1", "DEV-3"), ("SCORES-6", "DEV-22")])
def test_the_kit_names_what_transformers_accepts(decoder, clause, id):
    """Published cases that are to be refused: nobody tells how long the prompt of an answer to them is."""
    report = run(decoder, levels=["L3"], clauses=[clause], max_cases=60)
    wrong = [result for result in report.results if result.verdict.kind is Kind.VIOLATES]
    assert not wrong, wrong
    assert id in {result.verdict.deviation for result in report.results}
