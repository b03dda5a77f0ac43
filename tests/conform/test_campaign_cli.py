"""genspec campaign from the command line: what it prints, how it ends, and what it leaves behind."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from support.signals import interruptible

from genspec.cli.app import run

ROOT = Path(__file__).parents[2]
FAST = ("--seed", "3", "--modes", "greedy", "--workers", "1")


def campaign(capsys: Any, *arguments: str) -> tuple[int, str, str]:
    status = run(["campaign", *arguments])
    said = capsys.readouterr()
    return status, said.out, said.err


def test_the_reference_agrees_with_itself(capsys: Any, tmp_path: Path) -> None:
    where = ("--output", str(tmp_path / "o"))
    status, out, err = campaign(capsys, "--decoder", "reference", "--cases", "20", *FAST, *where)
    assert (status, err) == (0, "")
    assert "reference" in out and "20 cases" in out and "seed 3" in out and "conforms" in out, out


def test_json_holds_the_numbers(capsys: Any, tmp_path: Path) -> None:
    where = ("--output", str(tmp_path / "o"))
    status, out, _ = campaign(capsys, "--decoder", "reference", "--cases", "20", *FAST, *where, "--json")
    data = json.loads(out)
    assert (status, data["cases"], data["unexplained"], data["campaign"]["seed"]) == (0, 20, 0, 3)
    assert data == json.loads((tmp_path / "o" / "summary.json").read_text())


def test_findings_end_with_1_and_can_be_replayed(capsys: Any, tmp_path: Path) -> None:
    decoder = ("--decoder", "support.campaigns:Raising")
    status, out, _ = campaign(
        capsys, *decoder, "--cases", "30", *FAST, "--output", str(tmp_path / "o"), "--shrink-limit", "20")
    files = sorted((tmp_path / "o" / "findings").iterdir())
    assert status == 1 and len(files) == 1, out
    assert f"genspec campaign --replay {tmp_path}/o/findings/{files[0].name}" in out and "IndexError" in out
    status, out, _ = campaign(capsys, "--replay", str(files[0]))
    assert status == 1 and out.startswith("errored: IndexError: index"), out
    status, out, _ = campaign(capsys, "--replay", str(files[0]), "--decoder", "reference", "--json")
    assert status == 0 and json.loads(out)["verdict"] == "conforms", "another decoder is right about it"


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        ((), 2, "--decoder is missing"),
        (("--decoder", "trransformers"), 2, "vllm, nor module:factory"),
        (("--decoder", "no_such_module:Decoder"), 2, "no_such_module cannot be imported"),
        (("--decoder", "support.campaigns:Missing"), 2, "support.campaigns has no Missing"),
        (("--decoder", "support.campaigns:NoDecoder"), 2, "which has no `decode` and `info`"),
        (("--decoder", "support.campaigns:broken"), 2, "RuntimeError: no device"),
        (("--decoder", "reference", "--cases", "-1"), 2, "--cases: -1 is not in the range from 0 up"),
        (("--decoder", "reference", "--modes", "greedy,beam"), 2, "'beam' is not one of greedy"),
        (("--decoder", "reference", "--profile", "x"), 2, "--profile: 'x' is not one of"),
        (("--decoder", "reference", "--time-limit", "0"), 2, "--time-limit: 0 is not a number of seconds above 0"),
        (("--decoder", "reference", "--executor", "ray://x"), 2, "'ray://x' is no executor: write dask://host:port"),
        (("--decoder", "reference", "--executor", "dask://x", "--workers", "2"), 2, "give one of them"),
        (("--decoder", "reference", "--cases", "0"), 3, "no case was run"),
        (("--replay", "missing.json"), 2, "missing.json cannot be read"),
        (("--replay", str(ROOT / "pyproject.toml")), 2, "pyproject.toml cannot be read"),
        (("--replay", str(ROOT / "pyproject.toml/x")), 2, "cannot be read"),
    ],
)
def test_what_means_nothing_is_one_line(
    capsys: Any, tmp_path: Path, arguments: tuple[str, ...], status: int, said: str
) -> None:
    output = ("--output", str(tmp_path / "o")) if "--replay" not in arguments else ()
    ended, _, err = campaign(capsys, *arguments, *output)
    assert ended == status and said in err and err.count("\n") == 1, err


def test_a_folder_is_not_written_over(capsys: Any, tmp_path: Path) -> None:
    arguments = ("--decoder", "reference", "--cases", "5", *FAST, "--output", str(tmp_path / "o"))
    assert campaign(capsys, *arguments)[0] == 0
    status, _, err = campaign(capsys, *arguments)
    assert status == 2 and "--resume goes on with it" in err
    assert campaign(capsys, *arguments, "--resume")[0] == 0


def test_a_campaign_that_was_killed_goes_on(tmp_path: Path) -> None:
    """Kill -9 or ^C in the middle: the union is what an uninterrupted run gives. Its decoder's process ends, too."""
    whole = tmp_path / "whole"
    assert command("--output", str(whole)).wait() == 0
    for sent, statuses in ((signal.SIGKILL, {-signal.SIGKILL}), (signal.SIGINT, {130, -signal.SIGINT})):
        broken = tmp_path / sent.name
        process = command("--output", str(broken))
        try:
            until(lambda folder=broken: lines(folder) >= 1)
        finally:
            process.send_signal(sent)
            process.wait()
        done = lines(broken)
        assert 0 < done < lines(whole) and process.returncode in statuses, (sent, done, process.returncode)
        assert command("--output", str(broken), "--resume").wait() == 0
        assert results(broken) == results(whole)


def command(*more: str) -> "subprocess.Popen[bytes]":
    code = (
        "import sys; from functools import partial; from genspec.cli.campaigning import run as verb; "
        "from genspec.conform.campaign import store; "
        "verb.drawn_by = store.drawn_by = dict; "           # the code may change beside a test
        "verb.Campaign = partial(verb.Campaign, chunk=25, strategy='support.campaigns:calls'); "
        "from genspec.cli.app import run; sys.exit(run(sys.argv[1:]))"
    )
    arguments = ("campaign", "--decoder", "support.campaigns:Slow", "--cases", "150", "--workers", "1", *more)
    paths = os.pathsep.join([str(ROOT / "tests"), *filter(None, sys.path)])
    with interruptible():
        return subprocess.Popen([sys.executable, "-c", code, *arguments], env={**os.environ, "PYTHONPATH": paths},
                                stdout=subprocess.DEVNULL)


def lines(folder: Path) -> int:
    file = folder / "chunks.jsonl"
    return file.read_bytes().count(b"\n") if file.exists() else 0


def results(folder: Path) -> list[Any]:
    read = [json.loads(line) for line in (folder / "chunks.jsonl").read_text().splitlines()]
    return sorted(({**one, "seconds": 0} for one in read), key=lambda one: one["number"])


def until(reached: Any) -> None:
    for _ in range(1200):
        if reached():
            return
        time.sleep(0.05)
    raise AssertionError("it took more than a minute")
