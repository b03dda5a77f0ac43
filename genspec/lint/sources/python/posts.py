"""Requests that a program sends to an engine itself: `requests.post(url, json={...})`."""

import ast
from collections.abc import Mapping
from typing import NamedTuple

from genspec.lint.sources.document import Source
from genspec.lint.sources.endpoints import endpoint_of
from genspec.lint.sources.python.calls import roots
from genspec.lint.sources.python.values import Names

SENDERS = frozenset({"requests", "httpx", "aiohttp"})


class Post(NamedTuple):
    """A request: whose words, and the dict that holds the settings."""

    source: Source
    node: ast.Dict


def posted(call: ast.Call, imports: Mapping[str, str], names: Names) -> Post | None:
    """Read a call that sends a dict to an address whose path says what it is for; None for any other."""
    if not isinstance(call.func, ast.Attribute) or call.func.attr != "post" or not roots(imports) & SENDERS:
        return None
    keywords = {keyword.arg: keyword.value for keyword in call.keywords}
    address = keywords.get("url") or next(iter(call.args), None)
    endpoint = endpoint_of(end_of_text(address, names)) if address is not None else None
    if endpoint is None:
        return None
    body = dict_of(keywords.get("json") or dumped(keywords.get("data")), names)
    if body is not None and endpoint.under:
        body = dict_of(member(body, endpoint.under), names)
    return Post(endpoint.source, body) if body is not None else None


def end_of_text(node: ast.expr, names: Names, depth: int = 0) -> str:
    """Return what a text is known to end with: of `f"{host}/api/chat"` the path."""
    if isinstance(node, ast.JoinedStr) and node.values:
        node = node.values[-1]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        node = node.right
    if isinstance(node, ast.Name) and depth < 5:
        meant = names(node.id)
        return end_of_text(meant, names, depth + 1) if meant is not None else ""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def dumped(node: ast.expr | None) -> ast.expr | None:
    """Return what `json.dumps(...)` is given."""
    is_dumps = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "dumps"
    return node.args[0] if is_dumps and isinstance(node, ast.Call) and node.args else None


def dict_of(node: ast.expr | None, names: Names) -> ast.Dict | None:
    """Return the literal that an expression is or names, or None."""
    meant = names(node.id) if isinstance(node, ast.Name) else node
    return meant if isinstance(meant, ast.Dict) else None


def member(node: ast.Dict, name: str) -> ast.expr | None:
    """Return the value of a key in a literal."""
    return next((value for key, value in zip(node.keys, node.values, strict=True)
                 if isinstance(key, ast.Constant) and key.value == name), None)
