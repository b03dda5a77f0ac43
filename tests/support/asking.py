"""What transformers answers to a call, beside the reference."""

import pytest

from genspec.backends.call import Call
from genspec.backends.decoder import Answer
from genspec.backends.reference import ReferenceDecoder
from genspec.conform.deviations import Seen
from genspec.conform.oracle import judge


def asked(call: Call) -> tuple[Seen, Answer]:
    """Ask transformers, and judge its answer; skip where it is not installed."""
    pytest.importorskip("transformers", reason="the deviations are those of transformers, not installed")
    from genspec.backends.transformers.decoder import TransformersDecoder

    decoder = TransformersDecoder()
    expected, answer = ReferenceDecoder().decode(call), decoder.decode(call)
    return Seen(call, expected, answer, judge(call, expected, answer, decoder.info), decoder.info), answer
