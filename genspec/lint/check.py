"""Run the rules over documents and files."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

import genspec.lint.rules  # noqa: F401  fills RULES
from genspec.lint.draft import Draft
from genspec.lint.finding import Finding, Fix, Severity
from genspec.lint.kind import Kind, classify
from genspec.lint.node import ConfigNode
from genspec.lint.rule import RULES, Rule, Selection, rules_for
from genspec.lint.sources.document import ENGINE_OF, Document, Place, Problem, Source
from genspec.lint.sources.positions import Locator
from genspec.lint.sources.readers import is_for_anything, is_head, reader_of
from genspec.lint.sources.reading import read_bytes
from genspec.lint.sources.walk import Found, Path, find_configs
from genspec.lint.target import DEFAULT, Target, newest

Progress = Callable[[str], None]

MOST_FOUND = 20
"""Findings of one rule in one file. Each takes a search for its line, and nobody reads hundreds."""


CONFIGS = frozenset({Kind.GENERATION, Kind.MIXED})
"""Documents whose keys rules look at. Of others they look at the text alone."""


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


def check_document(
    document: Document, targets: Target | Iterable[Target] = DEFAULT, rules: Sequence[Rule] | Selection | None = None,
) -> list[Finding]:
    """Hold one document against the rules of its targets, in the order in which the faults stand in it.

    Of several faults in one call of a program the worst comes first: it may be all that the call comes to.

    ``targets``: what the file is for; a place in the words of one engine is for that engine, whatever they are.
    ``rules``: the rules to run; by default those that run unless deselected.
    """
    if document.places == () and not document.problems:
        return []           # most files in a folder of programs
    named = (targets,) if isinstance(targets, Target) else tuple(targets)
    chosen = rules if isinstance(rules, Selection) else Selection(default_rules() if rules is None else rules)
    found = [held(node, targets_of(node.place, named), chosen) for node in nodes_of(document, named[0])]
    if document.places is not None:
        return once(finding for findings in found for finding in sorted(findings, key=worst_first))
    return sorted((finding for findings in found for finding in findings), key=in_order)


def once(findings: Iterable[Finding]) -> list[Finding]:
    """Leave out what was said already: a value that aliases bring into several places is written in one."""
    kept: dict[tuple[object, ...], Finding] = {}
    for finding in findings:
        kept.setdefault((finding.code, finding.path, finding.span, finding.message), finding)
    return list(kept.values())


def held(node: ConfigNode, targets: Sequence[Target], rules: Selection) -> list[Finding]:
    """Hold one config against each version of its targets."""
    if len(targets) == 1 and not targets[0].bounds:
        return findings_of(node if node.target == targets[0] else node.held_against(targets[0]), rules)
    from genspec.lint.merge import merged, united  # most runs have one target

    return merged({
        str(target): united(findings_of(node.held_against(point), rules) for point in target.points)
        for target in targets
    })


def findings_of(node: ConfigNode, rules: Selection) -> list[Finding]:
    """Hold one config against one version of an engine."""
    return [
        finished(rule, draft, node)
        for rule in rules.speaking_of(node.place.source, node.target)
        if rule.any_file or node.kind in CONFIGS
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


def targets_of(place: Place, named: tuple[Target, ...]) -> tuple[Target, ...]:
    """Return what a place is held against.

    A place in an engine's own words is for that engine: the versions that are named, or else the newest.
    """
    engine = ENGINE_OF.get(place.source)
    if engine is None:
        return named
    return tuple(target for target in named if target.engine == engine) or (Target(engine, newest(engine)),)


def first_few(drafts: Iterable[Draft]) -> list[Draft]:
    """Return what a rule finds, up to a limit. The last one says when there is more."""
    found = list(islice(drafts, MOST_FOUND + 1))
    if len(found) > MOST_FOUND:
        *found, last, _ = found
        found.append(last._replace(message=f"{last.message} (and this file has more of the kind)"))
    return found


def default_rules(target: Target | None = None) -> list[Rule]:
    """Return the rules that run without being selected: those of a target, or all of them."""
    every = rules_for(target) if target is not None else (RULES[code] for code in sorted(RULES))
    return [rule for rule in every if rule.default]


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
        fix=with_place(draft.fix, document),
        confidence=draft.confidence,
    )


def with_place(fix: Fix | None, document: Document) -> Fix | None:
    """Return a fix that `--fix` would apply, and no other. In a config that is a file of its own each has its place."""
    if fix is None or not document.is_fixable:
        return None
    if document.places is None:
        return fix
    from genspec.lint.fixing.fix import after  # of most files there is nothing to fix

    return fix if after(document, fix) is not None else None


def documents(paths: Iterable[Path], progress: Progress | None = None) -> Iterator[Document]:
    """Yield the files to check, each read."""
    yield from read_all(find_configs(paths), progress)


def read_all(files: Iterable[Found], progress: Progress | None = None) -> Iterator[Document]:
    """Yield files that were found, each read. Of files for anything, those that were found in folders need a reason."""
    for found in files:
        if progress is not None:
            progress(found.path)
        if found.problem:
            yield unread(found.path, found.problem)
        elif found.named or not is_for_anything(found.path):
            yield read_document(found.path)
        else:
            document = read_document(found.path, named=False)
            if document.places or (document.problems and document.places is not None):
                yield document


def read_document(path: str, named: bool = True) -> Document:
    """Read and parse a file. Never fails: what is wrong is in the document's problems.

    ``named``: by the user, and not found in a folder.
    """
    data = read_bytes(path, is_head(path))
    return unread(path, data) if isinstance(data, Problem) else reader_of(path, named)(path, data)


def unread(path: str, problem: Problem) -> Document:
    """Stand for a file of which nothing could be read."""
    return Document(path, "", None, (problem,), Locator(""))
