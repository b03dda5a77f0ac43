"""Findings for several targets as one list: the same finding once, and for whom it holds if that is not everybody."""

from collections.abc import Iterable, Mapping

from genspec.lint.finding import Finding

Named = dict[tuple[object, ...], Finding]
"""Findings by what they are about: rule, place, and which one it is of the rule's findings there."""


def united(runs: Iterable[list[Finding]]) -> list[Finding]:
    """Unite what was found for the versions of one range: each finding once, as bad as for the worst of them."""
    found: Named = {}
    for run in runs:
        for name, finding in named(run).items():
            found[name] = worse(found.get(name), finding)
    return list(found.values())


def merged(found: Mapping[str, list[Finding]]) -> list[Finding]:
    """Merge what was found for several targets. A finding that does not hold for all of them says for which it does.

    ``found``: by the target, as the user spells it.
    """
    kept: Named = {}
    holders: dict[tuple[object, ...], list[str]] = {}
    for target, findings in found.items():
        for name, finding in named(findings).items():
            kept[name] = worse(kept.get(name), finding)
            holders.setdefault(name, []).append(target)
    return [
        finding if len(holders[name]) == len(found) else for_some(finding, holders[name])
        for name, finding in kept.items()
    ]


def named(findings: Iterable[Finding]) -> Named:
    """Name findings by what they are about. Messages can differ from version to version."""
    found: Named = {}
    for finding in findings:
        count = 0
        while (name := (finding.code, finding.path, finding.pointer, finding.span, count)) in found:
            count += 1
        found[name] = finding
    return found


def worse(known: Finding | None, finding: Finding) -> Finding:
    """Return the worse of two findings; of equally bad ones the first."""
    return finding if known is None or finding.severity > known.severity else known


def for_some(finding: Finding, targets: list[str]) -> Finding:
    """Say for which targets a finding holds."""
    return finding._replace(message=f"{finding.message} (for {', '.join(targets)})")
