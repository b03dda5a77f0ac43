"""A config as the rules see it: values by field name, and a way to say what is wrong where."""

import os
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from genspec.config.fields import FIELDS
from genspec.config.mode import Mode
from genspec.config.suggest import KEYS
from genspec.config.values import reason_against
from genspec.lint.draft import Draft
from genspec.lint.finding import Edit, Fix, Pointer, Severity
from genspec.lint.folder import Folder
from genspec.lint.kind import Kind
from genspec.lint.sources.document import Document, Place
from genspec.lint.target import Target

if TYPE_CHECKING:
    from genspec.config.decision import Reason


class ConfigNode:
    """One generation config inside a document, held against one target."""

    def __init__(self, document: Document, place: Place, target: Target, kind: Kind) -> None:
        """Take the document, the place of the config in it, and the target."""
        self.document = document
        self.place = place
        self.values = place.values  # the members of the config, by key, as JSON gave them
        self.at = place.at          # where the config stands in the document
        self.target = target
        self.kind = kind            # whether this is a generation config at all

    def held_against(self, target: Target) -> "ConfigNode":
        """Return the same config, held against another target. What was read of its folder is not read again."""
        other = ConfigNode(self.document, self.place, target, self.kind)
        other.folder = self.folder
        return other

    def value(self, key: str) -> object:
        """Return the value of a key, or None when it is absent or null: both mean unset."""
        return self.values.get(key)

    @cached_property
    def folder(self) -> Folder:
        """The folder that the file stands in."""
        return Folder(os.path.dirname(self.document.path))

    @property
    def keys(self) -> tuple[str, ...]:
        """Return every key that is set to something, known or not."""
        return (*(key for key, value in self.values.items() if value is not None), *sorted(self.place.unknown))

    def may_hold(self, key: str) -> bool:
        """Tell whether a key may be set to a value that nobody can see."""
        return key not in self.values and (self.place.open or key in self.place.unknown)

    def number(self, key: str) -> float | None:
        """Return the value of a key when it is a number, else None. A bool is no number."""
        value = self.values.get(key)
        return value if isinstance(value, int | float) and not isinstance(value, bool) else None

    @cached_property
    def given(self) -> tuple[str, ...]:
        """The generation fields that are set to something other than null."""
        return tuple(key for key, value in self.values.items() if value is not None and key in KEYS and key in FIELDS)

    @cached_property
    def refused(self) -> "dict[str, Reason]":
        """The given fields whose value no config may hold, with the reason. CONFIG-3, CONFIG-4."""
        reasons = {key: reason_against(key, self.values[key]) for key in self.given}
        return {key: reason for key, reason in reasons.items() if reason is not None}

    def set_fields(self, acting_in: frozenset[Mode]) -> Iterator[str]:
        """Yield the given fields that act in these modes and no others."""
        for key in self.given:
            if FIELDS[key].modes and FIELDS[key].modes <= acting_in:
                yield key

    def finding(
        self, where: str | Pointer, message: str, *, fix: Fix | None = None,
        severity: Severity | None = None, on_key: bool = False,
    ) -> Draft:
        """Say what is wrong at a key, at a pointer below the config, or, with (), with the config as a whole."""
        below = (where,) if isinstance(where, str) else where
        return Draft((*self.at, *below), message, fix, severity, on_key)

    def remove(self, key: str) -> Edit:
        """Return the edit that removes a key."""
        return Edit("remove", (*self.at, key))

    def set(self, key: str, value: object) -> Edit:
        """Return the edit that gives a key a value."""
        return Edit("replace" if key in self.values else "add", (*self.at, key), value)

    def rename(self, key: str, to: str) -> Edit:
        """Return the edit that gives a key another name."""
        return Edit("move", (*self.at, key), to=(*self.at, to))


def safe(message: str, *edits: Edit) -> Fix:
    """Return a fix after which every supported engine decodes as before."""
    return Fix(message, edits, safe=True)


def unsafe(message: str, *edits: Edit) -> Fix:
    """Return a fix that can change what an engine produces."""
    return Fix(message, edits, safe=False)
