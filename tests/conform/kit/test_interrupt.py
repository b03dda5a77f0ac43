"""genspec conform, interrupted in the middle: status 130, no traceback, and --resume goes on with what there is."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import pytest
from support.signals import interruptible

from genspec.cli.app import run as main

ROOT = Path(__file__).resolve().parents[3]
GUIDE = (ROOT / "docs/guide/conform.md").read_text(encoding="utf-8")
ADAPTER = re.findall(r"^```python\n(.*?)^```$", GUIDE, re.M | re.S)[0]
ASKED, ANSWERED, DONE = 80, 70, 20
"""Cases of a run, the answers after which the decoder waits, and the results that are kept by then: a chunk of them
is done, however two processes share the answers, and one is not."""
INTERRUPTED = {130, -signal.SIGINT}
"""130, or ended by the signal itself, which a shell calls 130 too."""


def conform(*more: str) -> "subprocess.Popen[str]":
    """Start a run, in a session of its own, as a terminal starts it."""
    words = ("conform", "slow:Slow", "--level", "L0", "--max-cases", str(ASKED), "--format", "json",
             "--output", "report.json", *more)
    with interruptible():
        return subprocess.Popen([sys.executable, "-m", "genspec", *words], start_new_session=True, text=True,
                                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [".", *sys.path]))},
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def kept() -> list[str]:
    """Name the cases whose results are kept beside the report."""
    lines = Path("report.json.partial").read_text().splitlines() if Path("report.json.partial").exists() else []
    return [json.loads(line)["id"] for line in lines[1:]]


@pytest.mark.parametrize("workers", ["1", "2"])
def test_an_interrupted_run_goes_on(
    workers: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The decoder waits in the middle until it may go on, and the signal comes when results are kept."""
    monkeypatch.chdir(tmp_path)
    Path("slow.py").write_text(f"""{ADAPTER}
import os, time

class Slow(Simple):
    def process(self, request):
        while os.path.getsize("answered") >= {ANSWERED} and not os.path.exists("go"):
            time.sleep(0.05)
        with open("answered", "ab") as file:
            file.write(b".")
        return super().process(request)
""")
    Path("answered").touch()
    process = conform("--workers", workers)
    ends = time.monotonic() + 60
    while len(kept()) < DONE and time.monotonic() < ends and process.poll() is None:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode in INTERRUPTED and not out and "Traceback" not in err, (process.returncode, err)
    assert "the same command with --resume goes on" in err and not Path("report.json").exists(), err
    before = kept()
    assert DONE <= len(before) < ASKED, before
    Path("go").touch()
    process = conform("--workers", workers, "--resume")
    assert process.wait(60) == 0, process.communicate()
    report = json.loads(Path("report.json").read_text())
    ids = [one["id"] for one in report["verdicts"] if one["asked"]]
    assert report["run"]["complete"] and len(ids) == ASKED and {*before} <= {*ids}, (before, ids)
    assert main(["conform", "slow:Slow", "--level", "L0", "--max-cases", str(ASKED), "--format", "json"]) == 0
    assert ids == [one["id"] for one in json.loads(capsys.readouterr().out)["verdicts"] if one["asked"]], ids


def test_a_process_that_is_ended_from_outside_is_no_internal_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise BrokenProcessPool("A process in the process pool was terminated abruptly")

    monkeypatch.setattr("genspec.conform.kit.run.run", broken)
    assert main(["conform", "reference", "--workers", "2"]) == 2
    assert "ended from outside" in (err := capsys.readouterr().err) and "--output FILE can go on" in err, err
