"""genspec check with several processes, and what happens when one of them is lost."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from genspec.cli import jobs
from genspec.lint import many

FAULTY = '{"temperature": 0.7, "max_new_tokens": 20, "eos_token_id": 2, "pad_token_id": 0}'


@pytest.fixture
def folder(model, tmp_path, monkeypatch):
    """Give a folder of a dozen models, which are many here."""
    monkeypatch.setattr(jobs, "ONE_CHUNK", 2)
    monkeypatch.setattr(jobs, "FEW", 5)
    monkeypatch.setattr(many, "CHUNK", 2)
    monkeypatch.setattr("genspec.executors.cores", lambda: 2)
    for number in range(12):
        model(FAULTY, f"models/{number}")
    return "models"


@pytest.mark.parametrize("options", [(), ("--jobs", "2"), ("--jobs=3",)])
def test_the_report_does_not_tell_how_many_processes_wrote_it(genspec, folder, options):
    alone = genspec("check", folder, "--jobs", "1", "--format", "json")
    assert genspec("check", folder, *options, "--format", "json") == alone
    assert (alone.status, json.loads(alone.out)["summary"]["files"]) == (1, 12)


def test_one_core_takes_one_process(genspec, folder, monkeypatch):
    monkeypatch.setattr("genspec.executors.cores", lambda: 1)
    monkeypatch.setattr("genspec.executors.executor_for", None)
    assert "12 files checked" in genspec("check", folder).out


def test_a_lost_process_is_one_line(genspec, folder, monkeypatch):
    def lost(*_):
        raise many.WorkerDied("a process that checks files was killed")

    monkeypatch.setattr(many, "answers", lost)
    assert genspec("check", folder) == (2, "", "genspec: error: a process that checks files was killed\n")


@pytest.mark.parametrize(("options", "said"), [
    (("--jobs", "0"), "--jobs"),
    (("--jobs", "2", "--executor", "dask://127.0.0.1:1"), "give one of them"),
    (("--executor", "ray://x"), "'ray://x' is no executor: write dask://host:port"),
    (("--jobs", "2", "--fix"), "leave them out with --fix and --diff"),
    (("--executor", "dask://127.0.0.1:1", "--diff"), "leave them out with --fix and --diff"),
])
def test_what_means_nothing_is_one_line(genspec, folder, options, said):
    result = genspec("check", folder, *options)
    assert (result.status, result.out, result.err.count("\n")) == (2, "", 1) and said in result.err


def test_a_scheduler_that_is_not_there_is_one_line(genspec, folder, monkeypatch):
    monkeypatch.setattr("genspec.executors.CONNECT_SECONDS", 1)
    pytest.importorskip("distributed", reason="dask is not installed: pip install 'genspec[dask]'")
    result = genspec("check", folder, "--executor", "dask://127.0.0.1:1")
    assert (result.status, result.out) == (2, "") and "no Dask scheduler answers" in result.err


def workers_of(process):
    """Return the processes that check files for another one."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    return [int(child) for child in children if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()]


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="children are found in /proc")
def test_a_process_that_is_killed_ends_the_run_with_one_line(tmp_path):
    for number in range(800):
        (tmp_path / f"{number:03}").mkdir()
        (tmp_path / f"{number:03}" / "generation_config.json").write_text(FAULTY)
    process = subprocess.Popen(
        [sys.executable, "-m", "genspec", "check", tmp_path, "--jobs", "2", "--format", "json"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 60
    while not (found := workers_of(process)) and time.monotonic() < deadline:
        time.sleep(0.005)
    os.kill(found[0], signal.SIGKILL)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err.count(b"\n")) == (2, b"", 1), err
    assert b"was killed, or ran out of memory, somewhere between" in err and str(tmp_path).encode() in err
