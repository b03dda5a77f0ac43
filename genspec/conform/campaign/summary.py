"""What a campaign has shown, in numbers."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from genspec.backends.decoder import Info
from genspec.conform.campaign.campaign import Campaign
from genspec.conform.campaign.case import UNEXPLAINED
from genspec.conform.campaign.chunk import ChunkResult, Counts
from genspec.conform.campaign.finding import Finding
from genspec.conform.verdict import Kind


@dataclass(frozen=True, slots=True)
class Summary:
    """The sums over the chunks of a campaign, and its findings."""

    campaign: Campaign
    decoder: Info
    cases: int
    verdicts: dict[str, int]
    modes: Counts
    features: Counts
    deviations: dict[str, int]
    findings: tuple[Finding, ...]
    seconds: float                      # of all chunks, added up
    missing: int                        # cases whose chunk was not run

    @property
    def unexplained(self) -> int:
        """Count the cases that nothing explains."""
        return sum(self.verdicts.get(kind, 0) for kind in UNEXPLAINED)

    @property
    def ambiguous_share(self) -> float:
        """Return the share of the cases in which the dtype cannot decide."""
        return self.verdicts.get(Kind.AMBIGUOUS, 0) / self.cases if self.cases else 0.0


def summary_of(
    campaign: Campaign, info: Info, results: Sequence[ChunkResult], findings: Iterable[Finding]
) -> Summary:
    """Add up the results of a campaign."""
    modes = added(result.modes for result in results)
    done = sum(result.wanted for result in results)
    return Summary(
        campaign, info, sum(result.cases for result in results), summed(modes.values()), modes,
        added(result.features for result in results), summed(result.deviations for result in results),
        tuple(sorted(findings, key=lambda finding: (-finding.occurrences, finding.id))),
        sum(result.seconds for result in results), campaign.cases - done,
    )


def summed(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """Add up counts by name."""
    total: Counter[str] = Counter()
    for one in counts:
        total.update(one)
    return dict(sorted(total.items()))


def added(tables: Iterable[Counts]) -> Counts:
    """Add up tables of counts."""
    rows: dict[str, list[Mapping[str, int]]] = {}
    for table in tables:
        for name, counts in table.items():
            rows.setdefault(name, []).append(counts)
    return {name: summed(rows[name]) for name in sorted(rows)}


def summary_to_json(summary: Summary, versions: Mapping[str, str]) -> dict[str, Any]:
    """Write a summary as values that JSON has. ``versions``: of what drew and judged the cases."""
    return {
        "decoder": asdict(summary.decoder), "campaign": asdict(summary.campaign), "versions": dict(versions),
        "cases": summary.cases, "missing": summary.missing, "verdicts": summary.verdicts,
        "unexplained": summary.unexplained, "ambiguous_share": summary.ambiguous_share,
        "deviations": summary.deviations, "modes": summary.modes, "features": summary.features,
        "seconds": round(summary.seconds, 1),
        "findings": [
            {"id": finding.id, "signature": asdict(finding.signature), "occurrences": finding.occurrences,
             "message": finding.message}
            for finding in summary.findings
        ],
    }
