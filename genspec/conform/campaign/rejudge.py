"""Judge the findings of a campaign again, by the deviations, the oracle and the decoder of today."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

from genspec.backends.call import Call
from genspec.backends.decoder import Info
from genspec.conform.campaign.campaign import Campaign
from genspec.conform.campaign.case import Examined, examined
from genspec.conform.campaign.chunk import ChunkResult, Counts, served_here
from genspec.conform.campaign.features import features_of, mode_of
from genspec.conform.campaign.finding import Occurrence
from genspec.conform.campaign.run import Opened, found_in
from genspec.conform.campaign.store import Store
from genspec.conform.campaign.summary import Summary, summary_of


def rejudge_campaign(
    campaign: Campaign, info: Info, store: Store, opened: Opened, *, shrink_seconds: float = 60.0,
    progress: Callable[[int], None] = lambda cases: None,
) -> Summary:
    """Judge every finding of a stored campaign again, and keep what is made of them now. The other cases stay."""
    stored, again = store.results(dict(campaign.chunks())), list[ChunkResult]()
    served = served_here(campaign)
    for number in sorted(stored):
        again.append(rejudged(stored[number], lambda call: examined(call, served)))
        progress(stored[number].cases)
    store.replace(again)
    findings = found_in(campaign, again, opened, shrink_seconds)
    store.keep(findings, campaign, info)
    return summary_of(campaign, info, again, findings)


def rejudged(result: ChunkResult, examine: Callable[[Call], Examined]) -> ChunkResult:
    """Judge the findings of a chunk again."""
    left: list[Occurrence] = []
    for one in result.occurrences:
        case = examine(one.call)
        result = recounted(result, one, case)
        if case.found:
            left.append(replace(one, signature=case.signature))
    return replace(result, occurrences=tuple(left))


def recounted(result: ChunkResult, one: Occurrence, case: Examined) -> ChunkResult:
    """Count a case under its new verdict instead of its old one."""
    old, new, deviation = one.signature.verdict, case.verdict.kind.value, case.verdict.deviation
    deviations = Counter(result.deviations)
    deviations.update(deviation.split(", ") if deviation else ())
    return replace(
        result,
        modes=moved(result.modes, (mode_of(one.call),), old, new),
        features=moved(result.features, features_of(one.call), old, new),
        deviations=dict(sorted(deviations.items())),
    )


def moved(counts: Counts, names: tuple[str, ...], old: str, new: str) -> Counts:
    """Take one case from the old verdict to the new one, for each of the names."""
    changed = {name: Counter(kinds) for name, kinds in counts.items()}
    for name in names:
        changed[name][old] -= 1
        changed[name][new] += 1
    return {name: {kind: count for kind, count in sorted(changed[name].items()) if count} for name in changed}
