"""What names stand for in a module: what was imported, and what is assigned once and never again."""

import ast
from collections.abc import Iterator
from typing import NamedTuple

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda

WORDS = frozenset({"ctx", "op"})
"""Parts of a node that are no more than a word: `load`, `+`. They are a third of all nodes."""

MUTATORS = frozenset({"update", "setdefault", "pop", "popitem", "clear", "append", "extend", "insert", "remove"})
"""Methods after which a dict or a list is no longer what it was written as."""


class Names(NamedTuple):
    """The names of one module or function."""

    imports: dict[str, str]             # by local name, the dotted origin
    constants: dict[str, ast.expr]      # assigned once, and never changed
    own: frozenset[str]                 # every name that the scope binds: outer ones of the name are not meant in it


def names_in(body: list[ast.stmt], arguments: frozenset[str] = frozenset()) -> Names:
    """Collect the names of a scope. A name that is assigned twice, or changed, is nobody's guess; so are arguments."""
    imports: dict[str, str] = {}
    assigned: dict[str, ast.expr] = {}
    lost = set(arguments)
    for node in inside(body):
        if isinstance(node, ast.Import | ast.ImportFrom):
            found = dict(imported(node))
            imports |= found
            lost.update(found)
        elif plain := plainly_assigned(node):
            name, value = plain
            if name in assigned:
                lost.add(name)
            assigned[name] = value
        elif type(node) in BINDING:
            lost.update(bound(node))
    constants = {name: value for name, value in assigned.items() if name not in lost}
    return Names(imports, constants, frozenset((*assigned, *lost)))


def arguments_of(function: Function) -> frozenset[str]:
    """Return the names of a function's arguments."""
    given = function.args
    every = [*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg]
    return frozenset(argument.arg for argument in every if argument is not None)


def inside(body: list[ast.stmt]) -> Iterator[ast.AST]:
    """Yield the nodes of a scope; of the functions in it only what may change the names of this one."""
    stack: list[ast.AST] = [*body]
    while stack:
        node = stack.pop()
        yield node
        if isinstance(node, Function):
            stack += (inner for inner in ast.walk(node) if inner is not node and changes_outside(inner))
        elif plain := plainly_assigned(node):
            stack.append(plain[1])
        else:
            stack += parts_of(node)


def parts_of(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes right below one that can hold a name."""
    for name in node._fields:
        value = getattr(node, name, None)
        if isinstance(value, list):
            yield from (item for item in value if isinstance(item, ast.AST))
        elif isinstance(value, ast.AST) and name not in WORDS:
            yield value


def plainly_assigned(node: ast.AST) -> tuple[str, ast.expr] | None:
    """Return the name and the value of an assignment to one name."""
    if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
        return node.targets[0].id, node.value
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
        return node.target.id, node.value
    return None


def changes_outside(node: ast.AST) -> bool:
    """Tell whether a node may change a name of the scope around its function."""
    return isinstance(node, ast.Global | ast.Nonlocal) or bool(changed(node))


BINDING = frozenset({
    ast.Global, ast.Nonlocal, ast.ExceptHandler, ast.MatchAs, ast.MatchStar, ast.MatchMapping, ast.FunctionDef,
    ast.AsyncFunctionDef, ast.ClassDef, ast.Name, ast.Subscript, ast.Call,
})
"""Nodes that can bind or change a name."""


def bound(node: ast.AST) -> list[str]:
    """Return the names that a node binds or changes in a way that is not looked into."""
    if isinstance(node, ast.Global | ast.Nonlocal):
        return node.names
    if isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar):
        return [node.name] if node.name else []
    if isinstance(node, ast.MatchMapping):
        return [node.rest] if node.rest else []
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [node.name]
    if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
        return [node.id]
    return changed(node)


def changed(node: ast.AST) -> list[str]:
    """Return the names whose object a node changes: `d["a"] = 1`, `d.update(...)`."""
    if isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load) and isinstance(node.value, ast.Name):
        return [node.value.id]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in MUTATORS:
        return [node.func.value.id] if isinstance(node.func.value, ast.Name) else []
    return []


def imported(node: ast.Import | ast.ImportFrom) -> Iterator[tuple[str, str]]:
    """Yield the local names of an import, each with where it comes from."""
    if isinstance(node, ast.ImportFrom):
        module = "." * node.level + (node.module or "")
        for alias in node.names:
            yield alias.asname or alias.name, f"{module}.{alias.name}"
    else:
        for alias in node.names:
            first = alias.name.partition(".")[0]
            yield alias.asname or first, alias.name if alias.asname else first
