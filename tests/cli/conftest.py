"""Two ways to run a command line: in this process, fast, and in one of its own, as users do."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from genspec.cli.app import run

FAULTY = '{\n  "max_new_tokens": 20,\n  "temperature": 0.7,\n  "transformers_version": "5.23.0"\n}\n'


class Result(NamedTuple):
    """What a command line left."""

    status: int
    out: str
    err: str


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """Work in an empty folder, with a plain environment."""
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "GENSPEC_TRACEBACK", "TERM"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def model(tmp_path):
    """Return a function that writes a generation_config.json into a folder of this name."""

    def write(text=FAULTY, folder="model"):
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        path = Path(folder) / "generation_config.json"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


@pytest.fixture
def genspec(capsys):
    """Return a function that runs a command line in this process."""

    def call(*arguments):
        status = run([str(argument) for argument in arguments])
        return Result(status, *capsys.readouterr())

    return call


def started(*arguments, given=b"", **environment):
    """Run a command line in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "genspec", *map(str, arguments)],
        input=given, capture_output=True, env=os.environ | environment, timeout=60, check=False,
    )
    return Result(done.returncode, done.stdout.decode(), done.stderr.decode())


@pytest.fixture
def process():
    """Return a function that runs a command line in a process of its own."""
    return started


@pytest.fixture
def trace(genspec):
    """Return a function that traces a config on the model table:7, or another one."""

    def call(config, *options, model="table:7", prompt="1,2,1"):
        text = config if isinstance(config, str) else json.dumps(config)
        return genspec("trace", text, "--model", model, "--prompt", prompt, *options)

    return call
