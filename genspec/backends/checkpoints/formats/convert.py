"""Conversion by an engine's own converter, a command that reads the folder of transformers."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from genspec.backends.checkpoints.checkpoint import Checkpoint
from genspec.backends.checkpoints.formats import NotWritten, hf

Command = Callable[[str], tuple[str, ...]]
"""Arguments of Python, for the folder to read."""


def convert(checkpoint: Checkpoint, command: Command) -> None:
    """Run a converter on a checkpoint. Raises `NotWritten` with the end of what it said when it fails."""
    with TemporaryDirectory() as scratch:
        hf.write(checkpoint, Path(scratch))
        arguments = command(scratch)
        done = subprocess.run(
            [sys.executable, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env=os.environ | {"HF_HUB_OFFLINE": "1"}, check=False,
        )
    if done.returncode:
        said = done.stdout.decode(errors="replace").strip().rpartition("\n")[2]
        raise NotWritten(f"the converter failed with status {done.returncode}: {said} "
                         f"(it was python {' '.join(arguments)})")
