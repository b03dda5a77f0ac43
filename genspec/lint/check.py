"""Run the rules over documents and files."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

import genspec.lint.rules  # noqa: F401  fills RULES
from genspec.lint.finding import Draft, Finding, Severity
from genspec.lint.kind import Kind, classify
from genspec.lint.node import ConfigNode
from genspec.lint.rule import Rule, rules_for
from genspec.lint.sources.document import Document, Place, Problem, Source
from genspec.lint.sources.positions import Locator
from genspec.lint.sources.readers import reader_of
from genspec.lint.sources.reading import read_bytes
from genspec.lint.sources.walk import Path, find_configs
from genspec.lint.target import Target

Progress = Callable[[str], None]

MOST_FOUND = 20
"""Findings of one rule in one file. Each takes a search for its line, and nobody reads hundreds."""


class Report(NamedTuple):
    """What a run found, and in how many files."""

    findings: tuple[Finding, ...]
    files: tuple[str, ...]          # every file that was read or could not be, in order
    fixed: int = 0                  # how many fixes were applied before that was found
    notes: tuple[str, ...] = ()     # what else is to be said of the run

    def count(self, severity: Severity) -> int:
        """Return the number of findings of one severity."""
        return sum(finding.severity is severity for finding in self.findings)

    def reaches(self, threshold: Severity) -> bool:
        """Tell whether any finding is as bad as the threshold."""
        return any(finding.severity >= threshold for finding in self.findings)


def check_document(document: Document, target: Target, rules: Sequence[Rule] | None = None) -> list[Finding]:
    """Hold one document against the rules of a target, in the order in which the faults stand in it.

    Of several faults in one call of a program the worst comes first: it may be all that the call comes to.

    ``rules``: the rules to run; by default those that run unless deselected.
    """
    chosen = rules if rules is not None else default_rules(target)
    found = [findings_of(node, chosen) for node in nodes_of(document, target)]
    if document.places is not None:
        return [finding for findings in found for finding in sorted(findings, key=worst_first)]
    return sorted((finding for findings in found for finding in findings), key=in_order)


def findings_of(node: ConfigNode, rules: Sequence[Rule]) -> list[Finding]:
    """Hold one config against rules."""
    return [
        finished(rule, draft, node)
        for rule in rules
        if speaks_of(rule, node)
        for draft in first_few(rule.check(node))
    ]


def in_order(finding: Finding) -> tuple[object, ...]:
    """Order findings by where they stand."""
    return finding.span.line, finding.span.column, finding.code


def worst_first(finding: Finding) -> tuple[object, ...]:
    """Order findings by how bad they are."""
    return -finding.severity, finding.span.line, finding.span.column, finding.code


def nodes_of(document: Document, target: Target) -> list[ConfigNode]:
    """Return the configs of a document; one that holds none is still a file, whose text can have faults."""
    if document.places is None:
        values = document.value if isinstance(document.value, dict) else {}
        kind = classify(document.value)
        alone = ConfigNode(document, Place(Source.GENERATION_CONFIG, values), target, kind)
        return [alone, ConfigNode(document, Place(Source.MODEL_FOLDER, values), target, kind)]
    nodes = [ConfigNode(document, place, target, Kind.GENERATION) for place in document.places]
    if document.problems:
        nodes.insert(0, ConfigNode(document, Place(Source.GENERATION_CONFIG, {}), target, Kind.FOREIGN))
    return nodes


def speaks_of(rule: Rule, node: ConfigNode) -> bool:
    """Tell whether a rule has to do with a config: of its sources, and a config at all, unless it is about the text."""
    return node.place.source in rule.sources and (rule.any_file or node.kind in (Kind.GENERATION, Kind.MIXED))


def first_few(drafts: Iterable[Draft]) -> list[Draft]:
    """Return what a rule finds, up to a limit. The last one says when there is more."""
    found = list(islice(drafts, MOST_FOUND + 1))
    if len(found) > MOST_FOUND:
        *found, last, _ = found
        found.append(last._replace(message=f"{last.message} (and this file has more of the kind)"))
    return found


def default_rules(target: Target) -> list[Rule]:
    """Return the rules of a target that run without being selected."""
    return [rule for rule in rules_for(target) if rule.default]


def finished(rule: Rule, draft: Draft, node: ConfigNode) -> Finding:
    """Join what a rule says with the rule's identity and with the position in the document."""
    document, severity = draft.document or node.document, draft.severity or rule.severity
    if node.kind is Kind.MIXED and not rule.any_file:    # true only if transformers reads this file, which is in doubt
        severity = min(severity, Severity.INFO)
    return Finding(
        code=rule.code,
        name=rule.name,
        severity=severity,
        message=draft.message,
        path=document.path,
        pointer=draft.pointer,
        span=draft.span or document.locate(draft.pointer, draft.on_key),
        clause=rule.clauses[0],
        help=rule.help,
        url=rule.url,
        fix=draft.fix,
        confidence=draft.confidence,
    )


def documents(paths: Iterable[Path], progress: Progress | None = None) -> Iterator[Document]:
    """Yield the files to check, each read."""
    for found in find_configs(paths):
        if progress is not None:
            progress(found.path)
        yield unread(found.path, found.problem) if found.problem else read_document(found.path)


def read_document(path: str) -> Document:
    """Read and parse a file. Never fails: what is wrong is in the document's problems."""
    data = read_bytes(path)
    return unread(path, data) if isinstance(data, Problem) else reader_of(path)(path, data)


def unread(path: str, problem: Problem) -> Document:
    """Stand for a file of which nothing could be read."""
    return Document(path, "", None, (problem,), Locator(""))
