"""Findings that are explained later are judged again, and the rest of a campaign stays what it was."""

import json
from functools import partial
from pathlib import Path

import pytest
from support.campaigns import small
from support.strategies import described

from genspec.backends.decoder import Info
from genspec.cli.app import run
from genspec.conform.campaign.case import Examined
from genspec.conform.campaign.chunk import run_chunk
from genspec.conform.campaign.rejudge import rejudge_campaign, rejudged
from genspec.conform.campaign.run import run_campaign
from genspec.conform.campaign.store import Store
from genspec.conform.verdict import Kind, Verdict
from genspec.executors import local

INFO = Info("faulty", "1.0", "float64", "hf")
ALONE = partial(local, 1)


def test_a_finding_that_is_explained_now_is_counted_so() -> None:
    result = run_chunk(small("Raising", cases=8), 0)
    found, before = len(result.occurrences), result.modes["greedy"]
    explained = Verdict(Kind.KNOWN_DEVIATION, deviation="DEV-1, DEV-2")
    again = rejudged(result, lambda call: Examined(call, (), (), explained))
    assert again.occurrences == () and found > 0
    assert again.modes["greedy"] == {"conforms": before["conforms"], "known deviation": found}, described(again=again)
    assert again.deviations == {"DEV-1": found, "DEV-2": found}
    assert sum(sum(kinds.values()) for kinds in again.features.values()) == sum(
        sum(kinds.values()) for kinds in result.features.values())
    assert not any("errored" in kinds for kinds in again.features.values())


def test_what_is_still_unexplained_stays_a_finding(tmp_path: Path) -> None:
    campaign, store = small("Raising", cases=20), Store(tmp_path)
    first = run_campaign(campaign, INFO, store, ALONE, shrink_seconds=0)
    again = rejudge_campaign(campaign, INFO, store, ALONE, shrink_seconds=0)
    assert (again.verdicts, again.modes, again.findings) == (first.verdicts, first.modes, first.findings)
    assert store.results(dict(campaign.chunks())).keys() == dict(campaign.chunks()).keys()


def test_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    where = str(tmp_path / "o")
    common = ("--decoder", "support.campaigns:Raising", "--cases", "10", "--seed", "3", "--modes", "greedy")
    assert run(["campaign", *common, "--workers", "1", "--output", where, "--shrink-limit", "0"]) == 1
    before = json.loads((tmp_path / "o" / "summary.json").read_text())
    capsys.readouterr()
    assert run(["campaign", "--rejudge", where, "--workers", "1", "--shrink-limit", "0", "--json"]) == 1
    again = json.loads(capsys.readouterr().out)
    assert {**again, "seconds": 0} == {**before, "seconds": 0}
    assert run(["campaign", "--rejudge", str(tmp_path / "none")]) == 2
    assert "campaign.json cannot be read" in capsys.readouterr().err
