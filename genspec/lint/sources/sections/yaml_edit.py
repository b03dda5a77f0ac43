"""One change to a YAML text that leaves all else as it is."""

import json
import re

from genspec.lint.finding import Edit, Pointer
from genspec.lint.sources.positions import Locator, Node

ALONE = re.compile(r"[ \t]*(?:#[^\r\n]*)?(?:\r?\n|\Z)")
"""What may follow a member that has its lines to itself."""


def rewritten(tree: Locator, edit: Edit) -> str | None:
    """Apply an edit; None for what has no plain place in the text."""
    text = tree.text
    if edit.op == "add":
        return added(tree, edit)
    node = node_at(tree, edit.pointer)
    if node is None or node.key_start < 0:
        return None
    if edit.op == "move":
        name = str((edit.to or ("",))[-1])
        quote = text[node.key_start] if text[node.key_start] in "\"'" else ""
        return text[:node.key_start] + quote + name + quote + text[node.key_end:]
    if edit.op == "replace":
        return None if node.children else text[:node.start] + json.dumps(edit.value) + text[node.end:]
    return removed(text, node)


def node_at(tree: Locator, pointer: Pointer) -> Node | None:
    """Return what a pointer names; None for what stands elsewhere, because an alias or a merge brings it in."""
    node: Node | None = tree.root
    for part in pointer:
        outer, node = node, (node.children or {}).get(part) if node is not None else None
        if outer is None or node is None or not is_inside(node, outer):
            return None
    return node


def is_inside(node: Node, outer: Node) -> bool:
    """Tell whether a node is written in another one."""
    start = node.start if node.key_start < 0 else node.key_start
    return outer.start <= start <= node.start and node.key_end <= node.start and node.end <= outer.end


def removed(text: str, node: Node) -> str | None:
    """Take out a member that has its lines to itself."""
    start = text.rfind("\n", 0, node.key_start) + 1
    rest = ALONE.match(text, node.end)
    return text[:start] + text[rest.end():] if rest and not text[start:node.key_start].strip() else None


def added(tree: Locator, edit: Edit) -> str | None:
    """Write a member behind the last one of a block mapping, on a line of its own."""
    text, outer = tree.text, node_at(tree, edit.pointer[:-1])
    members = [node for node in ((outer.children or {}).values() if outer is not None else ()) if node.key_start >= 0]
    if outer is None or not members or text[outer.start:outer.start + 1] == "{":
        return None
    last = max(members, key=lambda node: node.key_start)
    start = text.rfind("\n", 0, last.key_start) + 1
    rest = ALONE.match(text, last.end)
    if rest is None or text[start:last.key_start].strip():
        return None
    line = f"{text[start:last.key_start]}{edit.pointer[-1]}: {json.dumps(edit.value)}\n"
    before = text[:rest.end()]
    return before + ("" if before.endswith("\n") else "\n") + line + text[rest.end():]
