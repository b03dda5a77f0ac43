"""The typed generation config. Fields and their metadata: genspec/config/fields. Text: docs/spec/config.md."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, ModelWrapValidatorHandler, PrivateAttr, ValidationInfo, model_validator

from genspec.config.decision import Reason, Rejected
from genspec.config.fields import FIELDS, GenerationFields
from genspec.config.layers import Layer, Origin, layer_members
from genspec.config.plan import Architecture, OnOverflow
from genspec.config.profile import Profile
from genspec.config.profiles import HF
from genspec.config.reading import members, not_an_object, read_members
from genspec.config.resolve import Resolution, resolve
from genspec.config.resolve.facts import Facts
from genspec.config.suggest import Cause, suggestion
from genspec.config.values import reason_against

KEYS = {field.key: name for name, field in FIELDS.items()}
KEYS_AND_NAMES = {**KEYS, **{name: name for name in FIELDS}}
FILE = "file"
"""The context of values that come from JSON, where only keys count and the names of this class do not."""


class GenerationConfig(GenerationFields, BaseModel):
    """A generation config: every parameter of `generate`, typed, None where unset.

    Frozen and strict. Unknown keys, wrong types and numbers out of range are refused together, in one `Rejected`
    (CONFIG-2, CONFIG-3, CONFIG-4). ``model_fields_set`` holds the fields that the source named, null ones included.
    """

    model_config = ConfigDict(
        frozen=True,
        strict=True,
        extra="forbid",
        allow_inf_nan=False,
        alias_generator=lambda name: FIELDS[name].key,
        populate_by_name=True,
    )
    _origins: dict[str, Origin] = PrivateAttr(default_factory=dict)
    _disabled: frozenset[str] = PrivateAttr(default=frozenset())

    @model_validator(mode="wrap")
    @classmethod
    def _refuse_for_every_reason(
        cls, data: object, build: ModelWrapValidatorHandler[Self], info: ValidationInfo
    ) -> Self:
        """Collect all that is wrong before pydantic stops at the types."""
        if isinstance(data, cls):
            return data
        if not isinstance(data, Mapping):
            raise Rejected((not_an_object("the value is not an object."),))
        names = KEYS if info.context == FILE else KEYS_AND_NAMES
        reasons = tuple(reason for key, value in data.items() if (reason := reason_against_member(key, value, names)))
        if info.context != FILE:
            reasons += reasons_against_both(data)
        if reasons:
            raise Rejected(reasons)
        return build(dict(data))

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """Read a `generation_config.json`.

        Raises OSError when the file cannot be read, and `Rejected` with every reason when it is refused.
        """
        return cls.model_validate(read_members(path), context=FILE)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Parse JSON text. Raises `Rejected`."""
        return cls.model_validate(members(text), context=FILE)

    @classmethod
    def from_dict(cls, values: Mapping[str, object]) -> Self:
        """Build a config from a mapping, keys spelt as files or as fields spell them. Raises `Rejected`."""
        return cls.model_validate(values)

    @classmethod
    def layered(cls, *, call: Layer = None, given: Layer = None, model: Layer = None) -> Self:
        """Merge the arguments of a call, a given config and the model's own file, field by field. CONFIG-6.

        A None in ``call`` switches the field off; elsewhere it is unset and the next source applies. `origins` tells
        where each value came from. Raises `Rejected`.
        """
        values, origins = layer_members(call=call, given=given, model=model)
        config = cls.model_validate(values)
        config._origins = origins
        config._disabled = frozenset(name for name in origins if values[name] is None)
        return config

    def __hash__(self) -> int:
        """Hash what was set, of lists and objects only that they were: they have no hash of their own."""
        return hash(frozenset(
            (key, value if isinstance(value, int | float | str) else None) for key, value in self.to_dict().items()
        ))

    @property
    def origins(self) -> Mapping[str, Origin]:
        """Tell which source each value came from. Empty unless the config was layered."""
        return self._origins

    @property
    def disabled(self) -> frozenset[str]:
        """Name the fields that a call switched off with an explicit None. CONFIG-6."""
        return self._disabled

    def effective(self, name: str) -> object:
        """Return the value of a field, or what applies when it is unset. CONFIG-5.

        A field that a call switched off has its default, which is neutral for every field but top_k: 0 there.
        """
        if name in self._disabled and name == "top_k":
            return 0
        value = getattr(self, name)
        return FIELDS[name].unset if value is None else value

    def to_dict(self) -> dict[str, object]:
        """Return what was set, keys as files spell them, values untouched."""
        return {FIELDS[name].key: getattr(self, name) for name in FIELDS if name in self.model_fields_set}

    def to_json(self) -> str:
        """Write what was set as JSON, in the order of the field reference."""
        return json.dumps(self.to_dict(), indent=2, ensure_ascii=False) + "\n"

    def resolve(
        self,
        *,
        prompt_length: int = 1,
        vocab_size: int | None = None,
        context_length: int | None = None,
        architecture: Architecture = "decoder-only",
        on_overflow: OnOverflow = "truncate",
        profile: Profile | str = HF,
        assistant: bool = False,
    ) -> Resolution:
        """Decide every conflict: the plan that a decoder runs, and the decisions that led to it.

        ``prompt_length``, ``context_length`` in tokens; ``prompt_length`` counts the encoder's tokens for an
        encoder-decoder model. ``assistant``: whether the call gives a model that drafts. Facts that are None are not
        checked. Raises `Rejected` with every reason, and ValueError for facts that no model has.
        """
        facts = Facts.of(
            prompt_length=prompt_length,
            vocab_size=vocab_size,
            context_length=context_length,
            architecture=architecture,
            on_overflow=on_overflow,
            profile=profile,
            assistant=assistant,
        )
        return resolve(self, facts)


def reason_against_member(key: str, value: object, names: Mapping[str, str]) -> Reason | None:
    """Say why a member is refused, or None; ``names`` maps spellings to fields. CONFIG-2 to CONFIG-4, CONFIG-9."""
    if key in names:
        return None if value is None else reason_against(names[key], value)
    near = suggestion(key) if isinstance(key, str) else None        # a mapping may have other keys than text
    if near and near.cause is Cause.CALL:
        return Reason(key, value, "CONFIG-9", "it is an argument of the call of generate.", "Pass it to generate.")
    remedy = f"Did you mean {near.field}?" if near and near.field else "Remove it."
    return Reason(key, value, "CONFIG-2", "it is no generation field.", remedy)


def reasons_against_both(members: Mapping[str, object]) -> tuple[Reason, ...]:
    """Say which fields are given twice, by key and by name. CONFIG-7."""
    return tuple(
        Reason(key, members[key], "CONFIG-7", f"{name} is the same field.", "Keep one of the two.")
        for key, name in KEYS.items() if key != name and key in members and name in members
    )


def split_members(values: Mapping[str, object]) -> tuple[dict[str, object], dict[str, object]]:
    """Split the members of a file into generation fields and the keys that a config would refuse. CONFIG-2."""
    known = {key: value for key, value in values.items() if key in KEYS}
    return known, {key: value for key, value in values.items() if key not in KEYS}
