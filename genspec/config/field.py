"""What is known of one generation field, stated once. The linter reads it, so nothing here imports pydantic."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, get_type_hints

from genspec.config.bounds import Bounds
from genspec.config.mode import ANY, Mode

if TYPE_CHECKING:
    from pydantic import BaseModel  # so that type checkers see the fields of `GenerationConfig`
else:
    BaseModel = object                  # while running, the declarations are read without pydantic


class FieldGroup(BaseModel):
    """What a class of field declarations derives from."""


Declaration = TypeVar("Declaration", bound=type)


class Field(NamedTuple):
    """The metadata of one generation field.

    Everything that genspec says of a field derives from this: type and range checks, JSON Schema, the field
    reference, which fields a mode leaves inert, which version of transformers knows it.
    """

    name: str
    key: str                        # as files spell it: `_from_model_config` for from_model_config
    type: Any                       # the annotation, None included
    group: str                      # the heading it stands under in the reference page
    doc: str                        # one paragraph
    clause: str                     # the clause that says what it does and which values are rejected
    unset: object                   # what applies when nobody sets it; None: nothing does
    bounds: Bounds | None           # the numbers it may hold, item by item for a list
    modes: frozenset[Mode]          # the modes in which it can change a token
    since: str | None               # first transformers release that knows it; None: before 4.38
    removed: str | None             # first release that no longer knows it, or no longer acts on it
    moved_to: str | None            # what to use from that release on


class Declared(NamedTuple):
    """The arguments of `field`, until `declare` knows the name and the annotation."""

    doc: str
    clause: str
    unset: object
    bounds: Bounds | None
    modes: frozenset[Mode]
    since: str | None
    removed: str | None
    moved_to: str | None
    key: str | None


def field(
    doc: str,
    *,
    clause: str,
    unset: object = None,
    bounds: Bounds | None = None,
    modes: frozenset[Mode] = ANY,
    since: str | None = None,
    removed: str | None = None,
    moved_to: str | None = None,
    key: str | None = None,
) -> Any:
    """Declare one generation field in a class under `@fields`; its value, until it is set, is None.

    Typed Any because the value that a config holds has the field's own annotation.
    """
    return Declared(" ".join(doc.split()), clause, unset, bounds, modes, since, removed, moved_to, key)


def fields(group: str) -> Callable[[Declaration], Declaration]:
    """Collect the declarations of a class into `FIELDS` and leave None, unset, as each field's value."""

    def collect(owner: Declaration) -> Declaration:
        hints = get_type_hints(owner, include_extras=True)
        for name, declared in list(vars(owner).items()):
            if isinstance(declared, Declared):
                FIELDS[name] = described(name, hints[name], group, declared)
                setattr(owner, name, None)
        return owner

    return collect


def described(name: str, annotation: object, group: str, declared: Declared) -> Field:
    """Join a declaration with the name and annotation that its class gave it."""
    return Field(
        name=name,
        key=declared.key or name,
        type=annotation,
        group=group,
        doc=declared.doc,
        clause=declared.clause,
        unset=declared.unset,
        bounds=declared.bounds,
        modes=declared.modes,
        since=declared.since,
        removed=declared.removed,
        moved_to=declared.moved_to,
    )


FIELDS: dict[str, Field] = {}
"""Every field by name, in the order of the reference page. Filled by importing `genspec.config.fields`."""
