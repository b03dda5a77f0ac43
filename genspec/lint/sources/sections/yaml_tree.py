"""The tree of a YAML text: values as PyYAML makes them, with where each stands."""

from typing import Any

import yaml

from genspec.lint.sources.limits import DEEPEST
from genspec.lint.sources.positions import Node

PREFIX = "tag:yaml.org,2002:"
PLAIN = frozenset(PREFIX + name for name in ("str", "int", "float", "bool", "null"))
MERGE = PREFIX + "merge"
Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def tree_of(text: str) -> Node:
    """Read a text. Of several documents in it the tree is a list. Raises what PyYAML raises, and ValueError."""
    loader = Loader(text)
    try:
        roots = []
        while loader.check_node():
            roots.append(loader.get_node())
        if len(roots) > 1:
            grown = [Tree(loader, text).grow(root) for root in roots]
            node = Node(0, len(text), [one.value for one in grown])
            node.children = dict(enumerate(grown))
            return node
        return Tree(loader, text).grow(roots[0]) if roots else Node(0, len(text))
    finally:
        loader.dispose()


class Tree:
    """Grows the tree of one document."""

    def __init__(self, loader: Any, text: str) -> None:
        """Take what makes values of words, and the text."""
        self.loader, self.text = loader, text
        self.grown: dict[int, Node] = {}        # by the node that aliases share
        self.growing: set[int] = set()

    def grow(self, found: Any, depth: int = 0) -> Node:
        """Return a node with everything below it. Raises ValueError for one that holds itself, or is too deep."""
        name = id(found)
        if name in self.growing or depth > DEEPEST:
            raise ValueError("a YAML node holds itself, or is nested too deeply")
        if name in self.grown:
            return self.grown[name]
        self.growing.add(name)
        end = found.end_mark.index
        if not isinstance(found, yaml.ScalarNode):
            end = len(self.text[:end].rstrip())         # of a block, the next token
        node = Node(found.start_mark.index, max(end, found.start_mark.index))
        if isinstance(found, yaml.MappingNode):
            self.members(found, node, depth)
        elif isinstance(found, yaml.SequenceNode):
            items = [self.grow(item, depth + 1) for item in found.value]
            node.value, node.children = [item.value for item in items], dict(enumerate(items))
        else:
            node.value = self.scalar(found)
        self.growing.discard(name)
        self.grown[name] = node
        return node

    def members(self, found: Any, node: Node, depth: int) -> None:
        """Grow the members of a mapping, with those that `<<` brings in."""
        values: dict[str, object] = {}
        children: dict[str | int, Node] = {}
        merged: list[Node] = []
        for key, value in found.value:
            inner = self.grow(value, depth + 1)
            if key.tag == MERGE:
                merged += (inner.children or {}).values() if isinstance(inner.value, list) else [inner]
                continue
            name = str(self.scalar(key)) if isinstance(key, yaml.ScalarNode) else ""
            member = Node(inner.start, inner.end, inner.value, key.start_mark.index, key.end_mark.index)
            member.children = inner.children
            values[name], children[name] = inner.value, member
        for one in merged:
            for key, member in (one.children or {}).items():
                if isinstance(one.value, dict) and key in one.value and str(key) not in values:
                    values[str(key)], children[key] = member.value, member
        for name in list(values):
            children.setdefault(name.replace("-", "_"), children[name])     # programs take both
        node.value, node.children = values, children

    def scalar(self, found: Any) -> object:
        """Return the value of a word; of one with a tag of its own, or a date, its text."""
        if found.tag not in PLAIN:
            return found.value
        try:
            return self.loader.construct_object(found)
        except (yaml.YAMLError, ValueError):
            return found.value
