"""The JSON Schema of a generation config, from the metadata of its fields. Text: docs/spec/config.md.

A schema cannot say all that genspec does: to it 2.0 is an integer, and fields do not depend on each other.
"""

from types import NoneType
from typing import Any, Literal, get_args, get_origin

from genspec.config.annotations import TOKEN_IDS, alternatives, is_container, positions, widest
from genspec.config.bounds import INFINITY, Bounds
from genspec.config.custom_keys import CUSTOM, CUSTOM_PREFIXES
from genspec.config.fields import FIELDS, Field
from genspec.config.types import TokenId

Schema = dict[str, Any]
IDENTITY = "https://genspec.readthedocs.io/en/latest/generation_config.schema.json"
SIMPLE = {bool: "boolean", int: "integer", float: "number", str: "string", NoneType: "null"}


def json_schema() -> Schema:
    """Return the JSON Schema (2020-12) of a `generation_config.json`, for editors and other validators."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": IDENTITY,
        "title": "Generation config",
        "description": "What a decoder does with a model: the parameters of generate. null is unset.",
        "type": "object",
        "properties": {
            **{field.key: property_schema(field) for field in FIELDS.values()},
            **{key: {"description": f"Read by the code of {family} models."} for key, family in CUSTOM.items()},
        },
        "patternProperties": {
            "^[_$]": {},        # comments, and the `$schema` by which editors find this
            **{f"^{prefix}": {} for prefix in CUSTOM_PREFIXES},
        },
        "additionalProperties": False,
    }


def property_schema(field: Field) -> Schema:
    """Return the schema of one field."""
    schema: Schema = {"description": described(field)}
    schema |= nullable(union_schema(field.type, field.bounds))
    if field.unset is not None:
        schema["default"] = field.unset
    if field.removed:
        schema["deprecated"] = True
    return schema


def described(field: Field) -> str:
    """Return a field's text with the releases that know it."""
    notes = [f"Since transformers {field.since}."] if field.since else []
    if field.removed:
        notes.append(f"Not honoured since transformers {field.removed}: use {field.moved_to}.")
    return " ".join([field.doc, *notes])


def union_schema(annotation: Any, bounds: Bounds | None) -> Schema:
    """Return the schema of a field's annotation. Mappings with keys that are no strings are left out: JSON has none."""
    parts = [part for part in widest(alternatives(annotation)) if is_json(part)]
    schemas = unique([part_schema(part, bounds) for part in parts])
    return schemas[0] if len(schemas) == 1 else {"anyOf": schemas}


def is_json(annotation: Any) -> bool:
    """Tell whether JSON can hold a value of this type."""
    return get_origin(annotation) is not dict or get_args(annotation)[0] is str


def part_schema(annotation: Any, bounds: Bounds | None) -> Schema:
    """Return the schema of a type that is no union."""
    if get_origin(annotation) is Literal:
        return {"enum": list(get_args(annotation))}
    if get_origin(annotation) is dict:
        return {"type": "object"}
    if is_container(annotation):
        return {"type": "array", **items_schema(annotation, bounds)}
    if annotation is Any:
        return {}
    if annotation == TokenId:
        return {"type": "integer", **limits(TOKEN_IDS)}
    numeric = annotation in (int, float) and bounds is not None
    return {"type": SIMPLE[annotation], **(limits(bounds) if numeric else {})}


def items_schema(annotation: Any, bounds: Bounds | None) -> Schema:
    """Return what an array holds: one schema for all its items, or one for each."""
    fixed = positions(annotation)
    if fixed is None:
        return {"items": item_schema(get_args(annotation)[0], bounds)}
    schemas = [item_schema(part, bounds) for part in fixed]
    return {"prefixItems": schemas, "items": False, "minItems": len(fixed), "maxItems": len(fixed)}


def item_schema(annotation: Any, bounds: Bounds | None) -> Schema:
    """Return the schema of an item, where null is allowed only when the annotation says so."""
    schema = union_schema(annotation, bounds)
    return nullable(schema) if NoneType in get_args(annotation) else schema


def nullable(schema: Schema) -> Schema:
    """Allow null besides. CONFIG-5."""
    if "enum" in schema:
        return {**schema, "enum": [*schema["enum"], None]}
    if "type" in schema:
        return {**schema, "type": [schema["type"], "null"]}
    return {"anyOf": [*schema["anyOf"], {"type": "null"}]}


def limits(bounds: Bounds | None) -> Schema:
    """Return the keywords of a range."""
    found: Schema = {}
    if bounds is not None and bounds.low != -INFINITY:
        found["minimum" if bounds.low_included else "exclusiveMinimum"] = bounds.low
    if bounds is not None and bounds.high != INFINITY:
        found["maximum" if bounds.high_included else "exclusiveMaximum"] = bounds.high
    return found


def unique(schemas: list[Schema]) -> list[Schema]:
    """Leave out repeats: a list and a tuple of the same form are one thing in JSON."""
    return [schema for index, schema in enumerate(schemas) if schema not in schemas[:index]]
