"""The folder of OpenVINO, made by the exporter of optimum-intel."""

from pathlib import Path

from genspec.backends.checkpoints.checkpoint import Checkpoint
from genspec.backends.checkpoints.formats.convert import convert


def write(checkpoint: Checkpoint, folder: Path) -> None:
    """Write a checkpoint into an empty folder."""
    convert(checkpoint, lambda source: (
        "-m", "optimum.commands.optimum_cli", "export", "openvino", "--model", source,
        "--task", "text-generation-with-past", "--weight-format", "fp32", str(folder),
    ))
