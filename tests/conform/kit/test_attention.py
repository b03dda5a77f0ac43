"""Calls on a model that reads its whole row: for decoders that name it, far from rounding, and not blind to a cache."""

from dataclasses import replace
from typing import Any, ClassVar

import pytest
from support.strategies import described

from genspec.backends.decoder import Info
from genspec.backends.reference import ReferenceDecoder
from genspec.config.profiles import PROFILES
from genspec.conform import run
from genspec.conform.cases.placed import attentive
from genspec.conform.json import model_from_json, model_to_json
from genspec_reference import Table

NEAR = 2.0**-11
"""Logits of such a checkpoint in float32 are off by some millionths; totals of 16 tokens by ten times that."""
CASES = {case.name: case for case in attentive("hf", True)}


class Attentive(ReferenceDecoder):
    capabilities: ClassVar[Any] = {"kinds": ["table", "lines", "attention"], "inputs": ["prompts"], "levels": ["L3"],
                    "modes": ["greedy", "beam_search"]}
    info = Info("attentive", "1", "float32", "hf")


class LastTokenAlone(Attentive):
    """Reads the line of the last token, as with an empty cache."""

    def decode(self, call):
        if call.model.kind != "attention":
            return super().decode(call)
        lines = tuple(tuple(call.model((token,)).astype("float32").tolist()) for token in range(call.model.vocab_size))
        return super().decode(replace(call, model=Table(lines, call.model.eos)))


@pytest.mark.parametrize("profile", PROFILES)
def test_no_decision_is_near_another_one(profile):
    margins = {}
    for case in attentive(profile, True):
        if isinstance(case.expected, tuple):
            margins[case.name] = min(step.margin for output in case.expected for run in output.runs for step in run)
    assert len(margins) > 20 and min(margins.values()) > NEAR, described(margins=margins)


def test_a_model_is_written_and_read_again():
    model = CASES["placed/attention-greedy-0-ending"].call.model
    assert model_from_json(model_to_json(model)) == model


def test_a_decoder_that_names_the_kind_is_asked_and_others_are_not():
    report = run(Attentive(), clauses=["CACHE-1"], infer_seconds=0)
    asked = {one.id for one in report.results if one.id.startswith("placed/attention")}
    assert asked == CASES.keys() and report.status == 0, described(failures=report.failures)
    others = run(ReferenceDecoder(), clauses=["CACHE-1"], max_cases=30, infer_seconds=0)
    assert not any(one.id.startswith("placed/attention") for one in others.results)


def test_a_decoder_that_loses_what_it_has_read_is_found():
    report = run(LastTokenAlone(), clauses=["CACHE-1"], infer_seconds=0, shrink_seconds=0)
    wrong = {one.id for one in report.failures}
    assert len(wrong) > 40, described(right=CASES.keys() - wrong)
