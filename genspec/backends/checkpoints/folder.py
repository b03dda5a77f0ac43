"""The folder of a checkpoint: what genspec.json in it says."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from genspec import __version__
from genspec.backends.checkpoints.checkpoint import Checkpoint, checkpoint_from
from genspec.backends.checkpoints.models import EncoderDecoder, History
from genspec_reference import Scripted, Table

NAME = "genspec.json"
VERSION = 1


def model_of(folder: str | Path) -> Scripted | Table | History | EncoderDecoder:
    """Give the model of a checkpoint as the reference runs it: tokens (and a source) -> float64[V].

    Raises ValueError for a folder that holds no checkpoint of genspec.
    """
    return checkpoint_of(folder).model


def checkpoint_of(folder: str | Path) -> Checkpoint:
    """Say which model a folder holds. Raises ValueError for a folder that holds no checkpoint of genspec."""
    path = Path(folder) / NAME
    try:
        data = json.loads(path.read_text("utf-8"))
        if data["version"] != VERSION:
            raise ValueError(f"its version is {data['version']!r}, and this genspec reads {VERSION}")
        return checkpoint_from(data)
    except (OSError, ValueError, KeyError, TypeError) as error:
        said = f"{type(error).__name__}: {error}"
        raise ValueError(f"{folder} is no checkpoint of genspec: {path}: {said}") from error


def save_json(path: Path, data: Mapping[str, Any]) -> None:
    """Write a JSON file."""
    path.write_text(json.dumps(data, indent=2) + "\n", "utf-8")


def describe(checkpoint: Checkpoint, form: str, folder: Path) -> None:
    """Leave word of which model a folder holds."""
    save_json(folder / NAME, {"version": VERSION, "genspec": __version__, "format": form, **checkpoint.data})
