"""A campaign finds what is planted, whoever runs it, and goes on after whatever happens."""

from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
from support.campaigns import small
from support.strategies import described

from genspec.backends.decoder import Info
from genspec.conform.campaign.campaign import Campaign
from genspec.conform.campaign.cases import calls_of
from genspec.conform.campaign.chunk import run_chunk
from genspec.conform.campaign.run import run_campaign
from genspec.conform.campaign.store import Store, StoreError
from genspec.conform.campaign.summary import Summary
from genspec.executors import local

INFO = Info("faulty", "1.0", "float64", "hf")
ALONE = partial(local, 1)


def ran(campaign: Campaign, folder: Path, opened: Any = ALONE, **more: Any) -> Summary:
    return run_campaign(campaign, INFO, Store(folder), opened, **more)


def told(summary: Summary) -> tuple[Any, ...]:
    """Give what does not hang on the clock."""
    return summary.cases, summary.verdicts, summary.modes, summary.features, summary.deviations, summary.findings


def test_a_right_decoder_conforms(tmp_path: Path) -> None:
    summary = ran(small("Right"), tmp_path)
    assert (summary.cases, summary.unexplained, summary.findings, summary.missing) == (60, 0, (), 0), described(
        verdicts=summary.verdicts)


def test_planted_bugs_are_found_told_apart_and_shrunk(tmp_path: Path) -> None:
    """Two bugs, whose minimal cases need one field of the config each, beside a bound and the EOS that all have."""
    summary = ran(small("Forgetful", cases=200), tmp_path)
    assert sum(finding.occurrences for finding in summary.findings) == summary.unexplained > 20
    clauses = {finding.signature.clauses for finding in summary.findings}
    assert {("NO-REPEAT-NGRAM-1",), ("SUPPRESS-1",)} <= clauses, described(clauses=clauses)
    for finding in summary.findings:
        extra = set(finding.call.config) - {"max_new_tokens", "eos_token_id"}
        assert finding.shrunk and len(extra) == len(finding.call.prompts) == 1, described(finding=finding)
        assert len(finding.call.prompts[0]) <= 2, described(call=finding)


@pytest.mark.parametrize(
    ("decoder", "difference"),
    [
        ("Raising", "IndexError: index N is out of range"),
        ("Crashing", "SIGABRT: the process of the decoder ended by SIGABRT"),
        ("Leaving", "SystemExit: N"),
        ("Hungry", "MemoryError: "),
        ("Strange", "TypeError: the decoder answered with str, which is no Answer"),
    ],
)
def test_a_decoder_that_breaks_is_a_verdict_and_the_run_goes_on(tmp_path: Path, decoder: str, difference: str) -> None:
    result = run_chunk(small(decoder, cases=8, memory_mib=1024), 0)
    kinds = result.modes["greedy"]
    assert set(kinds) == {"conforms", "errored"} and sum(kinds.values()) == 8, described(kinds=kinds)
    assert {one.signature.difference for one in result.occurrences} == {difference}, described(
        seen=result.occurrences)
    assert {one.call.model.kind for one in result.occurrences} == {"history"}


def test_a_decoder_that_hangs_is_timed_out() -> None:
    result = run_chunk(small("Hanging", cases=6, case_seconds=1.0), 0)
    kinds = result.modes["greedy"]
    assert set(kinds) == {"conforms", "timed out"} and sum(kinds.values()) == 6, described(kinds=kinds)


def test_what_a_decoder_prints_and_reads_does_not_matter() -> None:
    assert run_chunk(small("Noisy", cases=5), 0).modes == {"greedy": {"conforms": 5}}


def test_a_chunk_is_a_function_of_campaign_and_number() -> None:
    campaign = small("Right")
    first, again, other = calls_of(campaign, 0), calls_of(campaign, 0), calls_of(campaign, 1)
    assert first == again != other and len(first) == len(other) == 20
    assert calls_of(replace(campaign, seed=1), 0) != first


def test_constants_of_imported_modules_are_not_drawn() -> None:
    """Hypothesis would take them from whatever the process has imported."""
    before = calls_of(small("Right"), 0)
    import support.drawn  # noqa: F401  a module with constants of its own

    assert calls_of(small("Right"), 0) == before


def test_the_number_of_workers_changes_nothing(tmp_path: Path) -> None:
    campaign = small("Forgetful", cases=120)
    alone = ran(campaign, tmp_path / "1")
    pooled = ran(campaign, tmp_path / "2", partial(local, 2))
    assert told(alone) == told(pooled)
    assert names(tmp_path / "1" / "findings") == names(tmp_path / "2" / "findings") != []


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_campaign_goes_on_where_it_was_interrupted(tmp_path: Path) -> None:
    """After any number of whole chunks and a half written line; what is there is not run again."""
    campaign = small("Forgetful")
    whole = ran(campaign, tmp_path / "whole")
    lines = (tmp_path / "whole" / "chunks.jsonl").read_text().splitlines(keepends=True)
    for kept in range(len(lines) + 1):
        folder = tmp_path / str(kept)
        ran(replace(campaign, cases=0), folder)
        torn = lines[kept][:40] if kept < len(lines) else '{"num'
        (folder / "chunks.jsonl").write_text("".join(lines[:kept]) + torn)
        counted: list[int] = []
        summary = ran(campaign, folder, resume=True, progress=counted.append)
        assert told(summary) == told(whole)
        assert counted[0] == kept * 20 and len(counted) == 1 + len(lines) - kept


def test_a_longer_campaign_keeps_the_chunks_of_a_shorter_one(tmp_path: Path) -> None:
    ran(small("Right", cases=50), tmp_path)
    counted: list[int] = []
    summary = ran(small("Right", cases=100), tmp_path, resume=True, progress=counted.append)
    assert counted[0] == 40, "the third chunk had ten cases and is run again"
    assert told(summary) == told(ran(small("Right", cases=100), tmp_path / "new"))


@pytest.mark.parametrize("change", [{"seed": 1}, {"chunk": 30}, {"decoder": "other"}, {"profile": "vllm"}])
def test_another_campaign_does_not_go_on_in_its_folder(tmp_path: Path, change: dict[str, Any]) -> None:
    ran(small("Right", cases=0), tmp_path)
    with pytest.raises(StoreError, match=next(iter(change))):
        ran(replace(small("Right", cases=0), **change), tmp_path, resume=True)
    with pytest.raises(StoreError, match="--resume"):
        ran(small("Right", cases=0), tmp_path)


def test_other_code_or_another_decoder_does_not_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    campaign = small("Right", cases=0)
    ran(campaign, tmp_path)
    with pytest.raises(StoreError, match=r"version '1\.0', not '2\.0'"):
        run_campaign(campaign, replace(INFO, version="2.0"), Store(tmp_path), ALONE, resume=True)
    monkeypatch.setattr("genspec.conform.campaign.store.drawn_by", lambda: {"code": "another"})
    with pytest.raises(StoreError, match="code"):
        ran(campaign, tmp_path, resume=True)


def test_a_folder_with_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(StoreError, match="not empty"):
        ran(small("Right"), tmp_path, resume=True)


def test_a_time_limit_leaves_the_rest_for_later(tmp_path: Path) -> None:
    campaign = small("Right")
    summary = ran(campaign, tmp_path, deadline=0.0)
    assert (summary.cases, summary.missing) == (0, 60)
    assert ran(campaign, tmp_path, resume=True).missing == 0


def test_workers_that_die_are_replaced(tmp_path: Path) -> None:
    """The first pool breaks at once; the chunks are run by the next one."""
    pools: list[Any] = []

    @contextmanager
    def opened() -> Any:
        pool: Any = ProcessPoolExecutor(1, get_context("spawn")) if not pools else ThreadPoolExecutor(1)
        pools.append(pool)
        with pool:
            if len(pools) == 1:
                pool.submit(die)
            yield pool, 1

    assert ran(small("Right"), tmp_path, opened).cases == 60
    assert len(pools) == 2


def die() -> None:
    import os

    os._exit(1)


def test_a_strategy_with_nothing_runs_nothing(tmp_path: Path) -> None:
    summary = ran(small("Right", strategy="support.campaigns:no_calls"), tmp_path)
    assert (summary.cases, summary.missing) == (0, 0)
