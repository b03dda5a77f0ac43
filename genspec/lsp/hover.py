"""What a field means: its entry in the field reference, and what becomes of its value in this config."""

from collections.abc import Iterator, Mapping

from lsprotocol.types import Position

from genspec.config.decision import Rejected
from genspec.config.explain import line
from genspec.config.fields import FIELDS
from genspec.config.generation_config import GenerationConfig, split_members
from genspec.config.page import entry
from genspec.lint.check import nodes_of
from genspec.lint.node import ConfigNode
from genspec.lint.sources.document import ENGINE_OF, Document
from genspec.lint.target import Target
from genspec.lsp.positions import is_inside, lines_of


def hover(document: Document, position: Position) -> str | None:
    """Return what to show at a position, in Markdown: of the field whose name or value stands there."""
    lines = lines_of(document.text)
    for node in nodes_of(document, Target()):
        if node.place.source in ENGINE_OF:          # the same name need not mean the same there
            continue
        for key in node.keys:
            if key in FIELDS and is_inside(position, document.locate((*node.at, key), False), lines):
                return "\n\n".join([entry(FIELDS[key]).strip(), *effect(node, key)])
    return None


def effect(node: ConfigNode, key: str) -> Iterator[str]:
    """Yield what a decoder makes of the field here. A call adds to a config that nobody sees: nothing is said then."""
    if node.place.open or node.place.unknown:
        return
    known, _ = split_members(node.values)
    try:
        said = decided(known, key)
    except Rejected as rejected:
        refused = {reason.field for reason in rejected.reasons}
        own = [reason for reason in rejected.reasons if reason.field == key]
        yield from (f"**Refused**: {reason.message} {reason.remedy}" for reason in own)
        said = [] if key in refused else decided_without(known, refused, key)
    if said:
        yield "**Here**\n" + "\n".join(f"- {text}" for text in said)


def decided(values: Mapping[str, object], key: str) -> list[str]:
    """Return what is decided about a field. Raises `Rejected`."""
    decisions = GenerationConfig.from_dict(values).resolve(prompt_length=1).decisions
    return [line(decision) for decision in decisions if decision.field == key]


def decided_without(values: Mapping[str, object], refused: set[str], key: str) -> list[str]:
    """Return what is decided about a field once those that are refused are gone."""
    try:
        return decided({name: value for name, value in values.items() if name not in refused}, key)
    except Rejected:
        return []
