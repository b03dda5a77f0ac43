"""transformers is held to the reference by random calls; what differs is a known deviation."""

import pytest
from support.differential import held, share, with_deviations

from genspec.config.mode import Mode
from genspec.conform.strategies import calls

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
