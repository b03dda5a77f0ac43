"""The stored runs of engines: one file a run, named by engine, version and label."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genspec.dialects import NAMES, Dialect, dialect_named

Json = Mapping[str, Any]
LABELS: Mapping[str, tuple[str, str]] = {
    "": ("Held to its own profile", "As its dialect calls it."),
    "as-hf": ("Held to transformers",
              "The same engine under the profile `hf`. What differs here and not above is semantics, and no fault."),
    "with-prompt": ("With the prompt in the result", "As CTranslate2 has it by default, one prompt at a time."),
}
"""The title of the runs of a label, and what they are."""


@dataclass(frozen=True, slots=True)
class Runs:
    """The runs of one engine, the newest version of it."""

    dialect: Dialect
    version: str
    by_label: Mapping[str, Json]


def runs_in(folder: Path) -> list[Runs]:
    """Read the runs of every engine that has one, in the order of the dialects."""
    found = [runs_of(folder, name) for name in NAMES]
    return [runs for runs in found if runs is not None]


def runs_of(folder: Path, name: str) -> Runs | None:
    """Read the runs of an engine. None: there are none."""
    read: dict[str, Json] = {}
    for label in LABELS:
        paths = [path for path in folder.glob(f"{name}-*.json") if label_of(path, name) == label]
        if paths:
            read[label] = json.loads(max(paths, key=lambda path: numbers(path, name)).read_text("utf-8"))
    if "" not in read:
        return None
    return Runs(dialect_named(name), read[""]["decoder"]["version"], read)


def label_of(path: Path, name: str) -> str:
    """Give the label of a file NAME-VERSION.json or NAME-VERSION-LABEL.json."""
    return path.stem.removeprefix(f"{name}-").partition("-")[2]


def numbers(path: Path, name: str) -> tuple[int, ...]:
    """Give the numbers of the version of a file."""
    version = path.stem.removeprefix(f"{name}-").partition("-")[0]
    return tuple(int(part) for part in version.split(".") if part.isdigit())
