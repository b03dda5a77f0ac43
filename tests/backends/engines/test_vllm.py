"""The adapter of the sampler of vLLM, with modules that only look like it."""

import sys
from importlib import metadata
from types import SimpleNamespace

import pytest
from support import fake_vllm

from genspec.backends.call import Call
from genspec.backends.decoder import Unsupported
from genspec.backends.engines import vllm
from genspec.conform import run
from genspec_reference import Scripted


@pytest.fixture
def decoder(monkeypatch):
    for place, fake in fake_vllm.vllm().items():
        monkeypatch.setitem(sys.modules, place, fake)
    known = metadata.version
    monkeypatch.setattr(metadata, "version", lambda name: "0.33.0" if name == "vllm" else known(name))
    return vllm.decoder()


def request(operations, scores=(1.0, 3.0, 2.0, 0.0), tokens=(), prompt_length=0, **context):
    return SimpleNamespace(operations=operations, scores=[*scores], tokens=[*tokens], prompt_length=prompt_length,
                           context=context)


@pytest.mark.parametrize("page", ["TEMPERATURE", "TOP-K", "TOP-P", "MIN-P", "REPETITION-PENALTY", "PRESENCE-PENALTY",
                                  "FREQUENCY-PENALTY", "MIN-NEW-TOKENS", "LOGIT-BIAS", "PREFIX-ALLOWED-TOKENS"])
def test_the_chain_gives_what_the_sampler_leaves(decoder, page):
    report = run(decoder, levels=["L0"], clauses=[page], profile="hf", max_cases=40, infer_seconds=0)
    assert report.status == 0, [(one.id, one.verdict.reason, one.input) for one in report.failures]
    assert report.summary["conforms"], report.summary


def test_the_chain_has_an_order_of_its_own(decoder):
    both = [("top_p", {"p": 0.7}), ("temperature", {"temperature": 2.0})]
    report = run(decoder, levels=["L1"])
    assert report.status == 0 and report.summary["conforms"], report.summary
    assert decoder.process(request(both)) == decoder.process(request(both[::-1]))


def test_rows_are_drawn_by_the_law(decoder):
    report = run(decoder, levels=["L4"], clauses=["TEMPERATURE", "TOP-P", "REPETITION-PENALTY", "SAMPLE"])
    assert report.status == 0, [(one.id, one.verdict.reason) for one in report.failures]
    assert report.summary["conforms"] > 5, report.summary


def test_a_row_ends_at_its_eos_and_after_its_length(decoder):
    drawn = Call({"do_sample": True, "max_new_tokens": 30, "eos_token_id": 2, "num_return_sequences": 4},
                 Scripted("table", 3, 7, (2,)), ((1,),), seed=3)
    rows = [row.new_tokens for row in decoder.decode(drawn)[0].rows]
    assert len(set(rows)) == 4 and all(2 not in row[:-1] for row in rows), rows
    assert all(row[-1] == 2 or len(row) == 30 for row in rows), rows
    assert [row.new_tokens for row in decoder.decode(drawn)[0].rows] == rows


@pytest.mark.parametrize(("operations", "tokens", "said"), [
    ([("top_k", {"k": 2}), ("top_k", {"k": 1})], [1], "once"),
    ([("top_k", {"k": 2, "min_keep": 2})], [1], "other arguments"),
    ([("repetition_penalty", {"penalty": 2.0})], [4], "outside of the vocabulary"),
    ([("logit_bias", {"biases": [[0, 1.0], [0, 2.0]]})], [1], "several"),
    ([("temperature", {"temperature": 4.0})], [1], r"SamplingParams refuses it: temperature must be in \[0, 2\]"),
])
def test_what_the_chain_cannot_be_asked_has_a_reason(decoder, operations, tokens, said):
    with pytest.raises(vllm.Unspoken, match=said):
        vllm.question(request(operations, tokens=tokens))
    assert "unsupported" in decoder.process(request(operations, tokens=tokens))


def test_a_temperature_that_the_dialect_has_no_word_for_is_not_asked(decoder):
    hot = Call({"do_sample": True, "temperature": 4.0, "max_new_tokens": 2}, Scripted("table", 3, 7), ((1,),), seed=1)
    assert isinstance(decoder.decode(hot), Unsupported)


def test_banned_words_are_looked_for_in_new_tokens(decoder):
    banned = [("bad_words", {"words": [[1, 2]]})]
    assert decoder.process(request(banned, tokens=[0, 1], prompt_length=1))["scores"][2] == -float("inf")
    assert decoder.process(request(banned, tokens=[0, 1], prompt_length=2))["scores"][2] == 2.0
