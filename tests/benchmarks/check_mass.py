"""Time `genspec check` on a folder of 100,000 files as a whole process, with its peak memory, beside other tools.

python tests/benchmarks/check_mass.py [--files 100000] [--runs 3] [--at FOLDER]

A few percent of the files have a fault. ruff reads the Python files among them and parses each; check-jsonschema holds
the generation configs against the schema of genspec. Neither looks for what genspec finds: they are yardsticks of
walking and reading.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sysconfig
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from mass_files import write_files

from genspec.executors import cores
from genspec.lint.judge import check_found
from genspec.lint.settings import Settings
from genspec.lint.sources.python.quick import TRIGGERS, parse_python
from genspec.lint.sources.reading import read_bytes
from genspec.lint.sources.walk import find_configs

SCRIPTS = Path(sysconfig.get_path("scripts"))
AT_ONCE = 5000
"""Paths that a tool gets which walks no folders itself: a command line holds no more."""


class Ran(NamedTuple):
    """What a run took."""

    seconds: float
    cpu: float                  # seconds of all its processes
    kilobytes: int              # at most, of the process that was started


def main() -> None:
    """Write the files, time every contender in turns and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=100_000, help="files that are checked")
    parser.add_argument("--runs", type=int, default=3, help="timed runs of each command, after one that warms up")
    parser.add_argument("--at", help="write them below this folder")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.at) as scratch:
        folder, schema = Path(scratch, "files"), Path(scratch, "schema.json")
        write_files(folder, options.files)
        schema.write_bytes(subprocess.run([SCRIPTS / "genspec", "schema"], capture_output=True, check=True).stdout)
        report(options.files, contenders(folder, schema), options.runs)
        report_plain(folder, options.runs)


def contenders(folder: Path, schema: Path) -> dict[str, list[list[str]]]:
    """Return the commands of each contender by name, genspec with one process first."""
    genspec = [str(SCRIPTS / "genspec"), "check", str(folder), "--format", "json", "--jobs"]
    configs = sorted(map(str, folder.rglob("generation_config.json")))
    validate = [str(SCRIPTS / "check-jsonschema"), "--schemafile", str(schema)]
    return {
        "genspec check, 1 process": [[*genspec, "1"]],
        f"genspec check, {cores()} processes": [[*genspec, str(cores())]],
        "ruff check, the .py files": [[str(SCRIPTS / "ruff"), "check", "--isolated", "--no-cache", "-q", str(folder)]],
        "check-jsonschema, the configs": [
            [*validate, *configs[start:start + AT_ONCE]] for start in range(0, len(configs), AT_ONCE)],
    }


def report(files: int, commands: dict[str, list[list[str]]], runs: int) -> None:
    """Time the commands in turns and print seconds, the ratio to the first, and the memory of the largest process."""
    ran: dict[str, list[Ran]] = {name: [] for name in commands}
    for turn in range(runs + 1):
        for name, parts in commands.items():
            measured = run(parts)
            if turn:
                ran[name].append(measured)
    first = statistics.median(one.seconds for one in next(iter(ran.values())))
    print(f"{files:,} files, {runs} runs each, seconds\n"
          f"  {'':32}{'min':>8}{'median':>8}{'max':>8}   ratio{'CPU':>8}   peak MB")
    for name, all_of in ran.items():
        times, cpu = [one.seconds for one in all_of], statistics.median(one.cpu for one in all_of)
        median, peak = statistics.median(times), max(one.kilobytes for one in all_of) / 1024
        print(f"  {name:32}{min(times):8.2f}{median:8.2f}{max(times):8.2f}{median / first:8.2f}{cpu:8.2f}{peak:10.0f}")


def run(parts: list[list[str]]) -> Ran:
    """Run commands one after the other."""
    before, start, peak = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter(), 0
    for command in parts:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        usage = os.wait4(process.pid, 0)[2]
        process.returncode = 0              # it was waited for
        peak = max(peak, usage.ru_maxrss)
    seconds, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return Ran(seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, peak)


def report_plain(folder: Path, runs: int) -> None:
    """Print what a Python file costs that generates nothing, besides reading it."""
    found = [file for file in find_configs([folder]) if file.path.endswith(".py")][:5000]
    plain = [file for file in found if not any(word in contents(file.path) for word in TRIGGERS)]
    data = [contents(file.path) for file in plain]
    each = sum(map(len, data)) / len(data) / 1024
    reading = least(lambda: [read_bytes(file.path) for file in plain], runs) / len(plain)
    looking = least(lambda: [parse_python(file.path, text) for file, text in zip(plain, data, strict=True)], runs)
    checking = least(lambda: check_found(plain, Settings()), runs) / len(plain) - reading
    print(f"a Python file that generates nothing, {each:.1f} KB: read {reading * 1e6:.1f} us, checked "
          f"{checking * 1e6:.1f} us, of which the look for words takes {looking / len(plain) * 1e6:.1f} us")


def contents(path: str) -> bytes:
    """Return what is in a file."""
    data = read_bytes(path)
    assert isinstance(data, bytes), path
    return data


def least(action: Callable[[], object], runs: int) -> float:
    """Return the least processor time that an action takes."""
    times = []
    for _ in range(max(runs, 3)):
        before = resource.getrusage(resource.RUSAGE_SELF)
        action()
        after = resource.getrusage(resource.RUSAGE_SELF)
        times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(times)


if __name__ == "__main__":
    main()
