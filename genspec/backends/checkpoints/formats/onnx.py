"""The folder of onnxruntime-genai, made by its own builder."""

from pathlib import Path
from tempfile import TemporaryDirectory

from genspec.backends.checkpoints.checkpoint import Checkpoint
from genspec.backends.checkpoints.formats.convert import convert


def write(checkpoint: Checkpoint, folder: Path) -> None:
    """Write a checkpoint into an empty folder."""
    with TemporaryDirectory() as cache:
        convert(checkpoint, lambda source: (
            "-m", "onnxruntime_genai.models.builder", "--model_name", source, "--input", source,
            "--output", str(folder), "--precision", "fp32", "--execution_provider", "cpu", "--cache_dir", cache,
        ))
