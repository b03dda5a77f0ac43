"""transformers against the reference, on calls of every kind: what differs is a known deviation."""

import pytest
from hypothesis import HealthCheck, given, settings
from support.strategies import described

from genspec.backends.reference import ReferenceDecoder
from genspec.backends.transformers.decoder import TransformersDecoder
from genspec.config.mode import Mode
from genspec.conform.deviations import Seen, explaining
from genspec.conform.oracle import judge
from genspec.conform.strategies import calls
from genspec.conform.verdict import Kind

MODES = (Mode.GREEDY, Mode.SAMPLE, Mode.BEAM_SEARCH, Mode.BEAM_SAMPLE, Mode.ASSISTED)
SLOW = settings(suppress_health_check=[HealthCheck.too_slow], max_examples=40)


@SLOW
@given(call=calls(decoder_modes=MODES))
@pytest.mark.parametrize("batched", [True, False])
def test_what_differs_from_the_reference_is_a_known_deviation(call, batched):
    decoder = TransformersDecoder(batched)
    expected, answer = ReferenceDecoder().decode(call), decoder.decode(call)
    verdict = judge(call, expected, answer, decoder.info)
    if verdict.kind is Kind.VIOLATES:
        names = [one.id for one in explaining(Seen(call, expected, answer, verdict, decoder.info))]
        assert names, described(call=call, verdict=verdict, expected=expected, answer=answer)
