"""Time `genspec check` as a whole process, in turns with what a user would run instead.

python tests/benchmarks/check_files.py [--runs 9] [--files 2000]
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

SCRIPTS = Path(sysconfig.get_path("scripts"))
SILENT = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}

ONE_FOLDER = "from transformers import GenerationConfig; GenerationConfig.from_pretrained({folder!r})"
MANY_FOLDERS = """
import json, pathlib
from transformers import GenerationConfig
for file in sorted(pathlib.Path({folder!r}).rglob("generation_config.json")):
    GenerationConfig.from_dict(json.loads(file.read_text())).validate()
"""


def main() -> None:
    """Build the files, time every contender in turns and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=9, help="timed runs of each command, after one that warms up")
    parser.add_argument("--files", type=int, default=2000, help="files of the mass check")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        one, many, schema = Path(scratch, "one"), Path(scratch, "many"), Path(scratch, "schema.json")
        write_config(one, 0)
        for number in range(options.files):
            write_config(many / f"model-{number:05}", number)
        schema.write_bytes(subprocess.run([SCRIPTS / "genspec", "schema"], capture_output=True, check=True).stdout)
        report("one folder, cold", contenders(one, schema, ONE_FOLDER), options.runs)
        report(f"{options.files} files of 0.3 KB in one run", contenders(many, schema, MANY_FOLDERS), options.runs)


def contenders(folder: Path, schema: Path, script: str) -> dict[str, list[str]]:
    """Return the commands to time by name, genspec first."""
    files = sorted(map(str, folder.rglob("generation_config.json")))
    return {
        "genspec check": [str(SCRIPTS / "genspec"), "check", str(folder)],
        "transformers": [sys.executable, "-c", script.format(folder=str(folder))],
        "check-jsonschema": [str(SCRIPTS / "check-jsonschema"), "--schemafile", str(schema), *files],
    }


def write_config(folder: Path, number: int) -> None:
    """Write a valid config of about 0.3 KB, no two alike."""
    folder.mkdir(parents=True)
    config = {
        "bos_token_id": 151643, "do_sample": True, "eos_token_id": [151645, 151643], "max_new_tokens": 512 + number,
        "pad_token_id": 151643, "repetition_penalty": 1.05, "temperature": 0.7, "top_k": 20, "top_p": 0.8,
        "transformers_version": "5.2.0",
    }
    (folder / "generation_config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


def report(title: str, commands: dict[str, list[str]], runs: int) -> None:
    """Time the commands in turns and print seconds, and the ratio to the first."""
    times: dict[str, list[float]] = {name: [] for name in commands}
    for turn in range(runs + 1):
        for name, command in commands.items():
            seconds = timed(lambda command=command: subprocess.run(command, check=False, env=os.environ, **SILENT))
            if turn:
                times[name].append(seconds)
    first = statistics.median(next(iter(times.values())))
    print(f"{title}, {runs} runs each\n  {'':18}{'min':>9}{'median':>9}{'max':>9}   median / genspec")
    for name, measured in times.items():
        median = statistics.median(measured)
        print(f"  {name:18}{min(measured):9.3f}{median:9.3f}{max(measured):9.3f}   {median / first:.1f}")


def timed(action: Callable[[], object]) -> float:
    """Return the seconds that an action takes."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
