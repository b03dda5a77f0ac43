"""Reading the annotations of fields: their parts, strict matching, their names in plain words."""

from collections.abc import Callable, Iterator
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from genspec.config.bounds import Bounds, at_least
from genspec.config.types import Positions, TokenId

Predicate = Callable[[object], bool]
TOKEN_IDS = at_least(0)
"""What every token id lies in, whatever else the field's range covers. TOKENS-1."""


def matches(annotation: Any, value: object) -> bool:
    """Tell whether a value has a type, strictly: a bool is no number, an integer is a real number. CONFIG-3."""
    return predicate(annotation)(value)


@cache
def predicate(annotation: Any, bounds: Bounds | None = None) -> Predicate:
    """Build the test for a type; with ``bounds``, also that every number in it lies in the range."""
    origin = get_origin(annotation)
    if origin in (Union, UnionType):
        return any_of([predicate(part, bounds) for part in widest(get_args(annotation))])
    if origin is Literal:
        return one_of(get_args(annotation))
    if is_container(annotation):
        return container(annotation, bounds)
    return leaf(annotation, TOKEN_IDS if bounds and annotation == TokenId else bounds)


def leaf(annotation: Any, bounds: Bounds | None) -> Predicate:
    """Build the test for a value without parts."""
    kind = get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation
    if kind is Any:
        return lambda value: True
    if kind is str:
        return is_text
    if kind not in (int, float):
        wanted = NoneType if kind is None else kind
        return lambda value: isinstance(value, wanted)
    numbers = (int,) if kind is int else (int, float)
    if bounds is None:
        return lambda value: isinstance(value, numbers) and not isinstance(value, bool)
    return lambda value: isinstance(value, numbers) and not isinstance(value, bool) and value in bounds


def is_text(value: object) -> bool:
    """Tell whether a value is a string of Unicode characters: JSON can escape halves of them, which are no text."""
    if not isinstance(value, str):
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def any_of(tests: list[Predicate]) -> Predicate:
    """Build the test that one of several types fits. Most fields have one type and None, so that case is short."""
    first, *rest = tests
    if not rest:
        return first
    others = any_of(rest)
    return lambda value: first(value) or others(value)


def one_of(values: tuple[object, ...]) -> Predicate:
    """Build the test for a closed set of values."""
    return lambda value: any(type(value) is type(known) and value == known for known in values)


def container(annotation: Any, bounds: Bounds | None) -> Predicate:
    """Build the test for a list, a tuple or a mapping."""
    if get_origin(annotation) is list:      # lists of token ids are long: no detour over `items`
        each = predicate(get_args(annotation)[0], bounds)
        return lambda value: isinstance(value, list) and all(map(each, value))

    def test(value: object) -> bool:
        parts = items(annotation, value)
        return parts is not None and all(predicate(part, bounds)(item) for _, part, item in parts)

    return test


def is_container(annotation: Any) -> bool:
    """Tell whether an annotation is that of a list, a tuple or a mapping."""
    return get_origin(annotation) in (list, tuple, dict) or positions(annotation) is not None


def items(annotation: Any, value: object) -> list[tuple[object, Any, object]] | None:
    """List the parts of a value that has the outer form of the annotation: key, annotation, item. None: it has not."""
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is dict:
        return list(mapping_items(value, *parts)) if isinstance(value, dict) else None
    if not is_container(annotation) or not isinstance(value, tuple if origin is tuple else list):
        return None
    wanted = positions(annotation) or (parts[0],) * len(value)
    return list(zip(range(len(value)), wanted, value, strict=True)) if len(wanted) == len(value) else None


def mapping_items(value: dict[object, object], key: Any, item: Any) -> Iterator[tuple[object, Any, object]]:
    """Yield the keys of a mapping, then its values."""
    yield from ((name, key, name) for name in value)
    yield from ((name, item, part) for name, part in value.items())


def positions(annotation: Any) -> tuple[Any, ...] | None:
    """Return the annotation of each item of a list or tuple of fixed length, or None."""
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is tuple and parts[-1] is not Ellipsis:
        return parts
    found = [part for part in parts[1:] if isinstance(part, Positions)] if origin is Annotated else []
    return found[0].items if found else None


def alternatives(annotation: Any) -> tuple[Any, ...]:
    """Return the parts of a union, None left out; a type that is no union is its only part."""
    parts = get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)
    return tuple(part for part in parts if part is not NoneType)


SINGULAR = {bool: "true or false", int: "an integer", float: "a number", str: "a string", Any: "any value"}
PLURAL = {bool: "booleans", int: "integers", float: "numbers", str: "strings", Any: "values"}


def expected(annotation: Any) -> str:
    """Name what a field holds: `a number`, `true, false or "never"`, `a list of token ids`."""
    names: list[str] = []
    for part in simplified(annotation):
        if get_origin(part) is Literal:
            names.extend(f'"{value}"' for value in get_args(part))
        else:
            names.extend(["true", "false"] if part is bool else [singular(part)])
    return enumeration(list(dict.fromkeys(names)), "or")


def singular(annotation: Any) -> str:
    """Name one value of a type that is no union."""
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is dict:
        return "an object" if parts[0] is str else f"a mapping from {plural(parts[0])} to {plural(parts[1])}"
    if (fixed := positions(annotation)) is not None:
        return f"a pair of {enumeration([inner(part) for part in fixed], 'and')}"
    if origin in (list, tuple):
        return f"a {origin.__name__} of {plural(parts[0])}"
    return "a token id" if annotation == TokenId else SINGULAR[annotation]


def plural(annotation: Any) -> str:
    """Name several values of a type."""
    parts = simplified(annotation)
    if len(parts) > 1:
        return enumeration([plural(part) for part in parts], "or")
    if parts[0] in PLURAL:
        return PLURAL[parts[0]]
    head, _, rest = singular(parts[0]).removeprefix("a ").partition(" ")
    return f"{head}s {rest}" if head != "token" else "token ids"


def inner(annotation: Any) -> str:
    """Name a value inside another one, where null is a value of its own."""
    return expected(annotation) + (" or null" if NoneType in get_args(annotation) else "")


def simplified(annotation: Any) -> tuple[Any, ...]:
    """Return the alternatives of an annotation, an integer or a real number being simply a number."""
    return widest(alternatives(annotation))


def widest(parts: tuple[Any, ...]) -> tuple[Any, ...]:
    """Leave out the integers where real numbers are allowed, which include them."""
    return tuple(part for part in parts if part is not int) if float in parts else parts


def enumeration(names: list[str], conjunction: str) -> str:
    """Join names as a sentence does: `a, b or c`."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {conjunction} {names[-1]}"
