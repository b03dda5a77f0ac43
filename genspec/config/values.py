"""Why a value is refused for a field. Text: docs/spec/config.md (CONFIG-3, CONFIG-4)."""

import json
import reprlib
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_origin

from genspec.config.annotations import (
    TOKEN_IDS,
    Predicate,
    alternatives,
    expected,
    items,
    matches,
    predicate,
    simplified,
)
from genspec.config.bounds import INFINITY, Bounds, finite
from genspec.config.fields import FIELDS, Field
from genspec.config.types import TokenId

if TYPE_CHECKING:
    from genspec.config.decision import Reason

__all__ = ["Fault", "expected", "fault", "matches", "reason_against", "shown"]

KINDS = {
    bool: "a boolean", int: "an integer", float: "a real number", str: "a string",
    list: "a list", tuple: "a tuple", dict: "an object", type(None): "null",
}


class Fault(NamedTuple):
    """The innermost part of a value that is wrong."""

    path: tuple[object, ...]        # the way to it inside the value: indices, or keys of a mapping
    value: object
    wanted: Any                     # the annotation that it does not have
    bounds: Bounds | None           # the range that it lies outside; None: its type is wrong


def reason_against(name: str, value: object) -> "Reason | None":
    """Say why a field may not hold a value, or None: its type first (CONFIG-3), then its range.

    None is allowed everywhere: it is unset (CONFIG-5). Raises KeyError for a name that is no field.
    """
    return None if accepts(name)(value) else refusal(FIELDS[name], value)


@cache
def accepts(name: str) -> Predicate:
    """Build the test that a field may hold a value: type and range in one pass."""
    return predicate(FIELDS[name].type, FIELDS[name].bounds)


def fault(name: str, value: object) -> Fault | None:
    """Find the part of a value for which a field refuses it, or None."""
    return None if accepts(name)(value) else locate(FIELDS[name].type, FIELDS[name].bounds, value)


def locate(wanted: Any, bounds: Bounds | None, value: object, path: tuple[object, ...] = ()) -> Fault:
    """Descend to the innermost part that is wrong, as long as there is one way down."""
    fitting = [part for part in simplified(wanted) if matches(part, value)]
    opened = [parts for part in fitting or simplified(wanted) if (parts := items(part, value)) is not None]
    if fitting and not opened:
        return Fault(path, value, fitting[0], TOKEN_IDS if fitting[0] == TokenId else bounds)
    if len(opened) != 1:
        return Fault(path, value, wanted, None)
    limit = bounds if fitting else None
    key, part, item = next(each for each in opened[0] if not predicate(each[1], limit)(each[2]))
    if key is item and not fitting:     # a key of the wrong type: the mapping itself is not what was meant
        return Fault(path, value, wanted, None)
    return locate(part, bounds, item, (*path, key))


def refusal(field: Field, value: object) -> "Reason":
    """Put into words why a field refuses a value."""
    from genspec.config.decision import Reason

    found = locate(field.type, field.bounds, value)
    if found.bounds is None:
        clause = field.clause if names(field.type) else "CONFIG-3"
        return Reason(field.name, value, clause, type_message(found), type_remedy(field, found))
    clause = field.clause if finite(number_in(found)) else "CONFIG-4"
    return Reason(field.name, value, clause, range_message(found), range_remedy(field, found))


def names(annotation: Any) -> bool:
    """Tell whether a field holds one of a closed set of names: its own clause lists them."""
    return any(get_origin(part) is Literal for part in alternatives(annotation))


def type_message(found: Fault) -> str:
    """Say what the value is and what it should be."""
    if isinstance(found.value, str) and matches(found.wanted, ""):
        return f"{shown(found.value)}{place(found)} is no Unicode text: it has half of a surrogate pair."
    another_name = isinstance(found.value, str) and names(found.wanted)
    another_form = isinstance(found.value, list) and expected(found.wanted).startswith(("a list", "a pair"))
    kind = KINDS.get(type(found.value), f"of type {type(found.value).__name__}")
    said = "" if another_name or another_form else f"{kind}, "
    return f"{shown(found.value)}{place(found)} is {said}not {expected(found.wanted)}."


def type_remedy(field: Field, found: Fault) -> str:
    """Say how to write the value, or one that is allowed."""
    meant = unquoted(found.value)
    if meant is not None and predicate(found.wanted, field.bounds)(meant):
        return f"Write {shown(meant)} without quotes."
    if isinstance(found.value, float) and found.value.is_integer() and matches(found.wanted, int(found.value)):
        return f"Write {shown(int(found.value))}."
    wanted = "one of these" if names(found.wanted) else expected(found.wanted)
    return f"Write {wanted}{otherwise(field, found)}"


def unquoted(value: object) -> object:
    """Return what a string would be without its quotes, None when that is no value."""
    if not isinstance(value, str) or len(value) > 40:
        return None
    try:
        meant: object = json.loads(value.strip().lower())
    except ValueError:
        return None
    return meant


def range_message(found: Fault) -> str:
    """Say which number lies outside which range."""
    number = number_in(found)
    if finite(number):
        return f"{shown(number)}{place(found)} is outside the range {found.bounds}."
    if isinstance(number, int):
        return f"{shown(number)}{place(found)} is larger than any float64."
    return f"{shown(number)}{place(found)} is not a finite number."


def range_remedy(field: Field, found: Fault) -> str:
    """Say which numbers are allowed."""
    return f"Choose {expected(found.wanted)} {in_words(found.bounds)}{otherwise(field, found)}"


def number_in(found: Fault) -> int | float:
    """Return the number that lies outside its range."""
    assert isinstance(found.value, int | float)
    return found.value


def in_words(bounds: Bounds | None) -> str:
    """Write a range for a sentence: `from 0 to 1`, `of at least 1`."""
    assert bounds is not None
    if bounds.low == -INFINITY:
        return "that is finite"
    low = f"of at least {bounds.low:g}" if bounds.low_included else f"above {bounds.low:g}"
    if bounds.high == INFINITY:
        return low
    if bounds.low_included and bounds.high_included:
        return f"from {bounds.low:g} to {bounds.high:g}"
    return f"{low} and {'at most' if bounds.high_included else 'below'} {bounds.high:g}"


def otherwise(field: Field, found: Fault) -> str:
    """Offer to leave the value out, and say what applies then."""
    if found.path:
        return ", or remove the item."
    return ", or remove the field" + (f": {shown(field.unset)} applies then." if field.unset is not None else ".")


def place(found: Fault) -> str:
    """Say where inside the value the fault is, as a JSON pointer."""
    return "".join(f"/{part}" for part in found.path).join((" at ", "")) if found.path else ""


class Shortened(reprlib.Repr):
    """Writes a value as JSON does, in one line and never long."""

    def __init__(self) -> None:
        """Set how much is shown before the dots."""
        super().__init__()
        self.maxlevel, self.maxlist, self.maxtuple, self.maxdict, self.maxother = 3, 6, 6, 4, 60

    def repr_str(self, value: str, level: int) -> str:
        """Write a string in double quotes, with lone surrogates escaped: they cannot be printed."""
        short = value if len(value) <= 60 else f"{value[:40]}...{value[-12:]}"
        return json.dumps(short, ensure_ascii=False).encode("utf-8", "backslashreplace").decode()

    def repr_int(self, value: int, level: int) -> str:
        """Write an integer, or how long it is: Python refuses to write very long ones."""
        bits = value.bit_length()
        return str(value) if bits <= 80 else f"an integer of about {bits * 1233 // 4096 + 1} digits"

    def repr_float(self, value: float, level: int) -> str:
        """Write a real number, the special ones spelt as JavaScript does."""
        return repr(value) if finite(value) else {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[repr(value)]

    def repr_bool(self, value: bool, level: int) -> str:
        """Write true or false."""
        return "true" if value else "false"

    def repr_instance(self, value: object, level: int) -> str:
        """Name the type of an object that JSON has not: its own text may be long, or change from run to run."""
        return f"<{type(value).__name__}>"

    def repr_NoneType(self, value: None, level: int) -> str:  # noqa: N802 - the name that Repr looks for
        """Write null."""
        return "null"


SHORTENED = Shortened()


def shown(value: object) -> str:
    """Write a value for a message: as JSON, on one line, abbreviated."""
    return " ".join(SHORTENED.repr(value).split())
