"""Precedence between the sources of a value. Text: docs/spec/config.md (CONFIG-6)."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Protocol

from genspec.config.fields import FIELDS


class Origin(StrEnum):
    """Where a value came from, strongest first."""

    CALL = "call"                   # an argument of generate
    GIVEN = "given"                 # the generation_config that the call passes
    MODEL = "model"                 # the model's own generation_config.json


class HasMembers(Protocol):
    """A config, without importing its class."""

    def to_dict(self) -> dict[str, object]:
        """Return what was set, by key."""


Layer = HasMembers | Mapping[str, object] | None


def layer_members(
    *, call: Layer, given: Layer, model: Layer
) -> tuple[dict[str, object], dict[str, Origin]]:
    """Merge three sources into one set of values, with the origin of each. CONFIG-6.

    A None is unset in the two configs and a value of its own in the call.
    """
    values: dict[str, object] = {}
    origins: dict[str, Origin] = {}
    for origin, layer in ((Origin.MODEL, model), (Origin.GIVEN, given), (Origin.CALL, call)):
        for name, value in by_name(layer).items():
            if value is not None or origin is Origin.CALL:
                values[name], origins[name] = value, origin
    return values, origins


def by_name(layer: Layer) -> dict[str, object]:
    """Return a source's values by field name; unknown keys pass through, to be refused with the rest.

    Raises TypeError for a source that is neither a config, nor a mapping, nor None.
    """
    if layer is None:
        return {}
    if not isinstance(layer, Mapping) and not hasattr(layer, "to_dict"):
        raise TypeError(f"a source is a GenerationConfig, a mapping or None, not {type(layer).__name__}")
    given = layer if isinstance(layer, Mapping) else layer.to_dict()
    names = {field.key: name for name, field in FIELDS.items()}
    return {names.get(key, key): value for key, value in given.items()}
