"""Known deviations that a decoder has no more fail its run, where that can be decided."""

from dataclasses import replace

import pytest
from support.strategies import described

from genspec.backends.decoder import Info
from genspec.backends.reference import ReferenceDecoder
from genspec.conform import run
from genspec.conform.cases.case import Who
from genspec.conform.deviations.shown import SHOWN
from genspec.conform.kit.report import AGREED, FOUND
from genspec.conform.kit.stale import stale_deviations
from genspec.conform.report import text
from genspec.conform.targets import Inside


class Mended(ReferenceDecoder):
    """Says that it is transformers, and answers as specified."""

    info = Info("transformers", "5.23.0", "float32", "hf")


class Older(ReferenceDecoder):
    info = Info("transformers", "5.22.1", "float32", "hf")


def stale(decoder: object, shown: tuple[str, ...] = ()) -> list[str]:
    target = Inside(decoder)
    return list(stale_deviations(target.ask, Who(target.info, target.capabilities), shown, "hf"))


def test_a_decoder_without_its_deviations_has_all_of_them_stale_but_those_that_showed() -> None:
    found = stale(Mended())
    assert set(found) == SHOWN.keys(), described(without=SHOWN.keys() - set(found))
    assert set(stale(Mended(), ("DEV-1", "DEV-22"))) == SHOWN.keys() - {"DEV-1", "DEV-22"}


def test_a_release_that_was_not_run_is_not_decided() -> None:
    assert stale(Older()) == [] and stale(ReferenceDecoder()) == []


@pytest.mark.parametrize("gone", [(), ("DEV-1",)])
def test_a_stale_deviation_fails_a_run(gone: tuple[str, ...]) -> None:
    report = run(ReferenceDecoder(), levels=["L3"], max_cases=3, infer_seconds=0)
    report = replace(report, run=replace(report.run, stale_deviations=gone))
    assert report.status == (FOUND if gone else AGREED)
    assert ("Stale deviations" in "".join(text.lines(report))) is bool(gone)
