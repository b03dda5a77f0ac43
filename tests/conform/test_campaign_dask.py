"""A campaign on a Dask cluster gives what it gives on this machine."""

from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from support.campaigns import small

from genspec.backends.decoder import Info
from genspec.conform.campaign.run import run_campaign
from genspec.conform.campaign.store import Store
from genspec.executors import NoExecutor, executor_for, local

distributed = pytest.importorskip("distributed", reason="dask is not installed: pip install 'genspec[dask]'")
INFO = Info("faulty", "1.0", "float64", "hf")


@pytest.fixture
def address() -> Any:
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
    ) as cluster:
        yield cluster.scheduler_address.replace("tcp://", "dask://")


def test_a_dask_cluster_runs_a_campaign(address: str, tmp_path: Path) -> None:
    campaign = small("Forgetful")
    here = run_campaign(campaign, INFO, Store(tmp_path / "here"), partial(local, 1))
    there = run_campaign(campaign, INFO, Store(tmp_path / "there"), partial(executor_for, address, None))
    assert (here.verdicts, here.modes, here.findings) == (there.verdicts, there.modes, there.findings)
    assert here.cases == there.cases == 60 and here.findings


def test_a_scheduler_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("genspec.executors.CONNECT_SECONDS", 1)
    with pytest.raises(NoExecutor, match="no Dask scheduler answers"), opened("dask://127.0.0.1:1"):
        pass


@contextmanager
def opened(address: str) -> Any:
    with executor_for(address, None) as pool:
        yield pool
