"""Calls on an encoder-decoder as a checkpoint holds it: far from rounding, and blind to no source and no cache."""

import re
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
import pytest
from support.strategies import described

from genspec.backends.checkpoints.models import EncoderDecoder
from genspec.backends.decoder import Info
from genspec.backends.reference import ReferenceDecoder
from genspec.config.profiles import PROFILES
from genspec.conform import run
from genspec.conform.capabilities import capabilities_from
from genspec.conform.cases.drawn import chunk
from genspec.conform.cases.placed import sourced
from genspec.conform.cases.placed.sources import CONFIGS
from genspec.conform.json import model_from_json, model_to_json

NEAR = 2.0**-11
"""Logits of such a checkpoint in float32 are off by some millionths; totals of 16 tokens by ten times that."""
CASES = {case.name: case for case in sourced("hf", True)}


class Reading(ReferenceDecoder):
    capabilities: ClassVar[Any] = {"kinds": ["table", "encoder-decoder"], "inputs": ["prompts", "source"],
                                   "levels": ["L3"], "modes": ["greedy", "beam_search"]}
    info = Info("reading", "1", "float32", "hf")


class WithSources(Reading):
    """Reads another source than the one of the row."""

    def sources(self, call):
        raise NotImplementedError

    def decode(self, call):
        return super().decode(replace(call, sources=self.sources(call)) if call.sources else call)


class OneSourceForAll(WithSources):
    def sources(self, call):
        return call.sources[:1] * len(call.sources)


class PaddedSources(WithSources):
    def sources(self, call):
        longest = max(map(len, call.sources))
        return tuple(source + (0,) * (longest - len(source)) for source in call.sources)


class NoSource(WithSources):
    def sources(self, call):
        return ((0,),) * len(call.sources)


class LastTokenAlone(Reading):
    """Reads the last token and the source, as with an empty cache."""

    def decode(self, call):
        if not isinstance(call.model, EncoderDecoder):
            return super().decode(call)
        return super().decode(replace(call, model=Forgetful(call.model)))


class Forgetful:
    def __init__(self, model):
        self.model, self.vocab_size, self.eos = model, model.vocab_size, model.eos

    def __call__(self, tokens, source):
        return self.model(tokens[-1:], source)


@pytest.mark.parametrize("profile", PROFILES)
def test_no_decision_is_near_another_one(profile):
    margins = {}
    for case in sourced(profile, True):
        if isinstance(case.expected, tuple):
            margins[case.name] = min(step.margin for output in case.expected for run in output.runs for step in run)
    assert len(margins) > 60 and min(margins.values()) > NEAR, described(margins=margins)


@pytest.mark.parametrize("name", [name for name, (_, config) in CONFIGS.items() if config])
def test_a_decoder_that_leaves_a_field_out_gives_other_rows(name):
    changed = {}
    for called, case in CASES.items():
        if re.fullmatch(rf"placed/source-{name}(-ending)?-(\d|batch)", called):
            config = {key: value for key, value in case.call.config.items() if key not in CONFIGS[name][1]}
            other = replace(case.call, config={"max_new_tokens": 10, **config})
            changed[called] = rows_of(case.call) != rows_of(other)
    assert sum(changed.values()) >= 5, described(changed=changed)


def rows_of(call):
    return [[row.tokens for row in output.rows] for output in ReferenceDecoder().decode(call)]


def test_a_model_is_written_and_read_again():
    model = CASES["placed/source-greedy-ending-0"].call.model
    assert model_from_json(model_to_json(model)) == model


def test_a_decoder_that_names_the_kind_is_asked_and_others_are_not():
    report = run(Reading(), clauses=["CACHE-1"], infer_seconds=0)
    asked = {one.id for one in report.results if one.id.startswith("placed/source")}
    wanted = {name for name, case in CASES.items() if "CACHE-1" in case.clauses}
    assert asked == wanted and report.status == 0, described(failures=report.failures)
    others = run(ReferenceDecoder(), clauses=["CACHE-1"], max_cases=30, infer_seconds=0)
    assert not any(one.id.startswith("placed/source") for one in others.results)


@pytest.mark.parametrize(("decoder", "name", "least"), [
    (OneSourceForAll, "-batch", 4), (PaddedSources, "-batch", 4), (NoSource, "", 30), (LastTokenAlone, "", 30),
])
def test_a_decoder_that_reads_something_else_is_found(decoder, name, least):
    report = run(decoder(), clauses=["CACHE-1"], infer_seconds=0, shrink_seconds=0)
    wrong = {one.id for one in report.failures}
    assert len(wrong) > least and all(name in one for one in wrong), described(wrong=wrong)


def test_drawn_calls_with_a_source_have_a_model_that_reads_it():
    can = capabilities_from({**Reading.capabilities, "kinds": ["table", "lines", "encoder-decoder"]})
    calls = [call for number in range(2) for call in chunk("hf", can, 0, number)]
    kinds = {(call.sources is not None, call.model.kind) for call in calls}
    assert kinds == {(True, "encoder-decoder"), (False, "table"), (False, "lines")}, kinds
    said = [call.model((0,), call.sources[0]) for call in calls if call.sources]
    assert len(said) > 8 and np.isfinite(np.concatenate(said)).all(), described(said=said)
