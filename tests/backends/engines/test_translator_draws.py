"""The Translator of CTranslate2 draws from the law of the specification, with a source: where it is installed."""

from collections import Counter

import pytest
from support.strategies import described

from genspec.backends.call import Call
from genspec.backends.checkpoints.models import EncoderDecoder
from genspec.backends.engines.installed import is_installed
from genspec.conform.oracle.requests import requests_of
from genspec.dialects.ctranslate2 import DIALECT
from genspec_reference import Scripted
from genspec_reference.scores import softmax
from genspec_reference.step import score_row

MODEL, START = EncoderDecoder(Scripted("table", 5, 8)), 0
CALLS, ROWS = 20, 100
APART = 0.06
"""Frequencies of 2,000 draws of two tokens are about 0.04 from their law (half the sum of the differences).

Another temperature, top_k or source is 0.1 or more away.
"""


@pytest.fixture(scope="module")
def decoder():
    if not is_installed(DIALECT):
        pytest.skip(f"ctranslate2 is not installed: {DIALECT.install}")
    from genspec.backends.engines.ctranslate2 import decoder

    return decoder()


def law_of(call):
    """Give the probability of each pair of new tokens."""
    (request,) = requests_of(call)
    first = softmax(score_row(request, (START,)).scores)
    return {(one, other): first[one] * chance for one in range(8) if first[one] > 0
            for other, chance in enumerate(softmax(score_row(request, (START, one)).scores)) if chance > 0}


def distance(one, other):
    return sum(abs(one.get(pair, 0) - other.get(pair, 0)) for pair in {*one, *other}) / 2


def call_with(config, source=(2, 5, 5, 7), seed=0):
    config = {"do_sample": True, "max_new_tokens": 2, "decoder_start_token_id": START, "num_return_sequences": ROWS,
              "top_k": 0, **config}
    return Call(config, MODEL, ((),), (source,), "ctranslate2", seed=seed)


@pytest.mark.parametrize("config", [
    {}, {"top_k": 3}, {"top_p": 0.7}, {"temperature": 0.5}, {"temperature": 2.0, "top_k": 4, "top_p": 0.7},
], ids=str)
def test_draws_have_the_law_of_the_specification(decoder, config):
    rows = [row for seed in range(CALLS) for row in decoder.decode(call_with(config, seed=seed))[0].rows]
    drawn = {pair: count / len(rows) for pair, count in Counter(row.new_tokens for row in rows).items()}
    law = law_of(call_with(config))
    assert len(rows) == CALLS * ROWS and drawn.keys() <= law.keys()
    assert distance(drawn, law) < APART, described(drawn=drawn, law=law)


@pytest.mark.parametrize(("config", "source"), [
    ({}, (1,)), ({"temperature": 1.3}, (2, 5, 5, 7)), ({"top_k": 3}, (2, 5, 5, 7)), ({}, (7, 5, 2)),
], ids=str)
def test_what_would_be_another_law_is_far_enough_away_to_be_seen(config, source):
    assert distance(law_of(call_with({})), law_of(call_with(config, source))) > 2 * APART
