"""The torch backend is held to the reference by random calls."""

import pytest
from support.differential import held, share

from genspec.config.mode import Mode
from genspec.conform.strategies import calls, rejected_calls

pytest.importorskip("torch")

MODES = (Mode.GREEDY, Mode.SAMPLE, Mode.BEAM_SEARCH, Mode.BEAM_SAMPLE)


@pytest.fixture(scope="module")
def decoder():
    from genspec.backends.torch.decoder import TorchDecoder

    return TorchDecoder()


@pytest.mark.parametrize("mode", MODES)
def test_torch_conforms(decoder, mode):
    counts = held(decoder, calls(decoder_modes=[mode]), 150)
    print(f"{mode}: {dict(counts)}, {share(counts, 'ambiguous'):.2%} ambiguous, {share(counts, 'tied'):.2%} tied")
    assert share(counts, "ambiguous") < 0.01, counts
    assert counts["conforms"] > 75, counts


def test_torch_refuses_what_is_refused(decoder):
    counts = held(decoder, rejected_calls(), 100)
    assert counts["rejected as specified"] == sum(counts.values()), counts
