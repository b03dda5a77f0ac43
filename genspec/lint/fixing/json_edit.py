"""One change to a JSON text that leaves all else as it is: order, indentation, blank lines, line endings."""

import json

from genspec.lint.finding import Edit, Pointer
from genspec.lint.sources.positions import Locator, Node


def edited(text: str, edit: Edit) -> str | None:
    """Apply an edit to the text of valid JSON; None when there is no such place in it."""
    tree = Locator(text)
    if edit.op == "move":
        return moved(text, tree, edit)
    *above, last = edit.pointer
    parent = node_at(tree, tuple(above))
    if parent is None:
        return None
    if edit.op == "add":
        return added(text, tree, parent, str(last), edit.value) if text[parent.start] == "{" else None
    if last not in tree.children(parent):
        return None
    return removed(text, tree, parent, last) if edit.op == "remove" else replaced(text, tree, parent, last, edit.value)


def node_at(tree: Locator, pointer: Pointer) -> Node | None:
    """Find the node of a pointer."""
    node = tree.root = tree.root or tree.top()
    for part in pointer:
        node = tree.children(node).get(part) if node is not None else None
    return node


def moved(text: str, tree: Locator, edit: Edit) -> str | None:
    """Give a member another key, or another place."""
    assert edit.to is not None
    node = node_at(tree, edit.pointer)
    if node is None or node.key_start < 0 or node_at(tree, edit.to) is not None:
        return None
    if edit.pointer[:-1] == edit.to[:-1]:
        return text[:node.key_start] + spelled(edit.to[-1]) + text[node.key_end:]
    value = json.loads(text[node.start:node.end])
    without = edited(text, Edit("remove", edit.pointer))
    return edited(without, Edit("add", edit.to, value)) if without is not None else None


def removed(text: str, tree: Locator, parent: Node, key: str | int) -> str:
    """Take out a member or an item, with its comma and the space that set it off."""
    children = list(tree.children(parent).items())
    index = next(place for place, (name, _) in enumerate(children) if name == key)
    node = children[index][1]
    if len(children) == 1:
        return text[:parent.start + 1] + text[parent.end - 1:]
    if index + 1 < len(children):
        return text[:begin(node)] + text[begin(children[index + 1][1]):]
    return text[:children[index - 1][1].end] + text[node.end:]


def replaced(text: str, tree: Locator, parent: Node, key: str | int, value: object) -> str:
    """Write another value in place of one."""
    node = tree.children(parent)[key]
    return text[:node.start] + in_style(text[node.start:node.end], value) + text[node.end:]


def added(text: str, tree: Locator, parent: Node, key: str, value: object) -> str:
    """Write a member behind the last one, set off as that one is."""
    children = list(tree.children(parent).values())
    if not children:
        return f"{text[:parent.start + 1]}{spelled(key)}: {spelled(value)}{text[parent.end - 1:]}"
    last = children[-1]
    gap = text[parent.start + 1:begin(children[0])] or (" " if ": " in text[last.key_start:last.end] else "")
    colon = text[last.key_end:last.start]
    return f"{text[:last.end]},{gap}{spelled(key)}{colon}{spelled(value)}{text[last.end:]}"


def begin(node: Node) -> int:
    """Return where a member or an item begins."""
    return node.key_start if node.key_start >= 0 else node.start


def in_style(old: str, value: object) -> str:
    """Spell a value as the one it replaces: a list that had a line for each item keeps them."""
    if not isinstance(value, list) or "\n" not in old or not value:
        return spelled(value)
    first = old[1:len(old) - len(old[1:].lstrip())]
    last = old[len(old[:-1].rstrip()):-1]
    return "[" + first + f",{first}".join(map(spelled, value)) + last + "]"


def spelled(value: object) -> str:
    """Spell a value as JSON, on one line."""
    return json.dumps(value, ensure_ascii=False)
