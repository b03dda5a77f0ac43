"""What an expression is, as far as that can be told without running the program."""

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any

MOST_DIGITS = 1000
"""Powers and shifts of constants stay below so many bits."""


class Unknown(Exception):
    """Nobody knows the value without running the program."""


OPERATORS: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod,
}
SIGNS: Mapping[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.USub: operator.neg, ast.UAdd: operator.pos, ast.Not: operator.not_,
}

Names = Callable[[str], ast.expr | None]
"""Gives the one expression that a name stands for, or None."""


def value_of(node: ast.expr, names: Names, depth: int = 0) -> object:
    """Return the value of an expression, in the types of JSON. Raises `Unknown`."""
    if depth > 20:
        raise Unknown
    if isinstance(node, ast.Constant):
        return constant(node.value)
    if isinstance(node, ast.List | ast.Tuple):
        return [value_of(item, names, depth + 1) for item in node.elts]
    if isinstance(node, ast.Dict):
        return {key_of(key, names, depth): value_of(value, names, depth + 1)
                for key, value in zip(node.keys, node.values, strict=True)}
    if isinstance(node, ast.Name):
        meant = names(node.id)
        if meant is None:
            raise Unknown
        return value_of(meant, names, depth + 1)
    return computed(node, names, depth)


def constant(value: object) -> object:
    """Return a constant that JSON has too."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise Unknown


def key_of(node: ast.expr | None, names: Names, depth: int) -> str:
    """Return a key of a dict. A `**` in it is nobody's guess."""
    key = value_of(node, names, depth + 1) if node is not None else None
    if not isinstance(key, str):
        raise Unknown
    return key


def computed(node: ast.expr, names: Names, depth: int) -> object:
    """Return the value of arithmetic on numbers."""
    try:
        if isinstance(node, ast.UnaryOp) and type(node.op) in SIGNS:
            return number(SIGNS[type(node.op)](number(value_of(node.operand, names, depth + 1))))
        if isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
            left, right = (number(value_of(side, names, depth + 1)) for side in (node.left, node.right))
            return number(OPERATORS[type(node.op)](left, right))
    except (ArithmeticError, ValueError):
        pass
    raise Unknown


def number(value: object) -> Any:
    """Return a number of reasonable size. Raises `Unknown`."""
    if isinstance(value, bool | float) or (isinstance(value, int) and value.bit_length() < MOST_DIGITS):
        return value
    raise Unknown
