"""Time `genspec conform`: cases a second of the kit, three ways to reach a decoder, and a default run.

python tests/benchmarks/conform_cases.py [--runs 3] [--cases 600]
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from genspec.conform import load_decoder, run
from genspec.conform.adapted import adapted
from genspec.conform.cases.placed import placed
from genspec.conform.cases.published import published
from genspec.conform.vectors.reference import Reference

C_SOURCE = Path(__file__).resolve().parents[2] / "docs/examples/decoders/c/decoder.c"
LEVELS = ("L0", "L3")
DEFAULT = [sys.executable, "-m", "genspec", "conform"]


def main() -> None:
    """Time the kit on each way to reach a decoder, in turns, and whole runs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="timed runs of each, after one that warms up")
    parser.add_argument("--cases", type=int, default=600, help="cases of a run at one level")
    options = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    with tempfile.TemporaryDirectory() as scratch:
        program = compiled(Path(scratch))
        for level in LEVELS:
            in_turns(f"{level}, cases a second", contenders(level, options.cases, program), options.runs)
        whole_runs(program, options.runs)


def compiled(folder: Path) -> str | None:
    """Build the decoder in C, where there is a compiler."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        print("no C compiler: the program in C is left out")
        return None
    subprocess.run([compiler, "-O2", "-o", folder / "decoder", C_SOURCE, "-lm"], check=True)
    return f"cmd:{folder / 'decoder'}"


def contenders(level: str, cases: int, program: str | None) -> dict[str, Callable[[], float]]:
    """Give what is timed, by name; each returns cases a second."""
    found: dict[str, Callable[[], float]] = {
        "asked without the kit": partial(asked_alone, level, cases),
        "an object": partial(rate, Reference(), level, cases),
        "in its own process": partial(rate_of_name, "reference", level, cases),
    }
    if program is not None:
        found["a program in C"] = partial(rate_of_name, program, level, cases)
    return found


def asked_alone(level: str, cases: int) -> float:
    """Ask the reference the first questions of a level, and compare nothing."""
    decoder = adapted(Reference())
    every = [*published("hf"), *placed("hf")]
    questions = [case.question for case in every if case.question.level == level][:cases]
    started = time.perf_counter()
    for question in questions:
        decoder.reply(question)
    return len(questions) / (time.perf_counter() - started)


def rate_of_name(name: str, level: str, cases: int) -> float:
    """Run the kit on a decoder of a name, started before the clock."""
    decoder = load_decoder(name)
    try:
        return rate(decoder, level, cases)
    finally:
        decoder.stop()


def rate(decoder: object, level: str, cases: int) -> float:
    """Run the kit and count: cases asked and judged a second, drawing included."""
    started = time.perf_counter()
    report = run(decoder, levels=[level], max_cases=cases, shrink_seconds=0.0)
    assert report.status == 0, report.summary
    return report.run.asked / (time.perf_counter() - started)


def in_turns(title: str, timed: dict[str, Callable[[], float]], runs: int) -> None:
    """Measure in turns, and print the median and the spread."""
    found: dict[str, list[float]] = {name: [] for name in timed}
    for turn in range(runs + 1):
        for name, measure in timed.items():
            value = measure()
            if turn:
                found[name].append(value)
    print(f"{title}, {runs} runs each\n  {'':24}{'min':>9}{'median':>9}{'max':>9}")
    for name, values in found.items():
        print(f"  {name:24}{min(values):9,.0f}{statistics.median(values):9,.0f}{max(values):9,.0f}")


def whole_runs(program: str | None, runs: int) -> None:
    """Time the command line with nothing but its defaults."""
    print(f"a default run, seconds, {runs} runs each")
    for target in filter(None, ("reference", "torch", program)):
        times = []
        for _ in range(runs):
            started = time.perf_counter()
            done = subprocess.run([*DEFAULT, target], capture_output=True, text=True, check=False)
            times.append(time.perf_counter() - started)
        asked = next(line for line in done.stdout.splitlines() if " cases in " in line).split(" cases")[0]
        name = "a program in C" if target.startswith("cmd:") else target
        print(f"  {name:24}{min(times):9.1f}{statistics.median(times):9.1f}{max(times):9.1f}   {asked} cases")


if __name__ == "__main__":
    main()
