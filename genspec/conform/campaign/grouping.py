"""Findings out of occurrences: one minimal case for each bug that can be told from the others."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from genspec.backends.call import Call
from genspec.conform.campaign.campaign import Campaign
from genspec.conform.campaign.case import Examined, examined, shown
from genspec.conform.campaign.cases import minimal
from genspec.conform.campaign.chunk import served_here
from genspec.conform.campaign.features import ingredients_of
from genspec.conform.campaign.finding import Finding, Occurrence, Signature

MOST = 5
"""Findings of one signature. The rest is counted with the last of them: it is seen when these are gone."""


def by_signature(occurrences: Sequence[Occurrence]) -> list[list[Occurrence]]:
    """Group occurrences, each group in the order of the campaign."""
    groups: dict[Signature, list[Occurrence]] = {}
    for one in sorted(occurrences, key=lambda one: (one.chunk, one.index)):
        groups.setdefault(one.signature, []).append(one)
    return [groups[signature] for signature in sorted(groups)]


def findings_of(campaign: Campaign, group: Sequence[Occurrence], seconds: float) -> list[Finding]:
    """Shrink the first occurrence; those that have all that its minimal case needs are the same bug; go on."""
    merged: dict[str, Finding] = {}
    for one in peeled(campaign, group, seconds):
        before = merged.get(one.id)
        merged[one.id] = replace(before, occurrences=before.occurrences + one.occurrences) if before else one
    return list(merged.values())


def peeled(campaign: Campaign, group: Sequence[Occurrence], seconds: float) -> Iterator[Finding]:
    """Give a finding after the other."""
    left = list(group)
    for number in range(MOST):
        if not left:
            return
        case = shrunk(campaign, left[0], seconds)
        needed = ingredients_of(case.call)
        alike = left if number == MOST - 1 else [one for one in left if needed <= ingredients_of(one.call)]
        alike = alike or left[:1]
        yield finding(left[0], case, len(alike))
        left = [one for one in left if one not in alike]


def shrunk(campaign: Campaign, first: Occurrence, seconds: float) -> Examined:
    """Return the least case that shows the same as an occurrence."""
    served = served_here(campaign)

    def shows(call: Call) -> bool:
        return examined(call, served).signature == first.signature

    return examined(minimal(campaign, first.chunk, first.call, shows, seconds), served)


def finding(first: Occurrence, case: Examined, occurrences: int) -> Finding:
    """Write down a minimal case."""
    expected, answer = shown(case.expected), shown(case.told)
    return Finding(
        first.signature, tuple(sorted(ingredients_of(case.call))), first.chunk, first.index, occurrences, case.call,
        case.verdict.reason, expected, answer, shrunk=case.signature == first.signature,
    )
