"""A call as JSON, and back."""

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from genspec.backends.call import Call
from genspec_reference import Layered, Scripted, Table
from genspec_reference.scripted import KINDS

MODELS = {**dict.fromkeys(KINDS, Scripted), "layers": Layered, "lines": Table}
"""Scripted models by their kind."""


def call_to_json(call: Call) -> dict[str, Any]:
    """Write a call as values that JSON has. What is None is left out."""
    given = {field.name: getattr(call, field.name) for field in fields(call)}
    written = {name: value for name, value in given.items() if value is not None and name != "note"}
    for name in ("model", "assistant"):
        if name in written:
            written[name] = asdict(written[name])
    return written


def call_from_json(data: Mapping[str, Any]) -> Call:
    """Read a call. Raises KeyError, TypeError or ValueError for what is none."""
    read = {name: value if name == "config" else as_tuple(value) for name, value in data.items()}
    for name in ("model", "assistant"):
        if name in read:
            read[name] = model_from_json(data[name])
    return Call(**read)


def model_from_json(data: Mapping[str, Any]) -> Any:
    """Read a scripted model."""
    return MODELS[data["kind"]](**{name: as_tuple(value) for name, value in data.items()})


def as_tuple(value: Any) -> Any:
    """Give lists as tuples, at any depth."""
    return tuple(map(as_tuple, value)) if isinstance(value, (list, tuple)) else value
