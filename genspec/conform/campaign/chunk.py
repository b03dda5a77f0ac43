"""One chunk: its calls given to the reference and to the decoder, judged and counted."""

import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from genspec.conform.campaign.campaign import Campaign
from genspec.conform.campaign.case import examined
from genspec.conform.campaign.cases import calls_of
from genspec.conform.campaign.features import features_of, mode_of
from genspec.conform.campaign.finding import Occurrence, occurrence_from_json, occurrence_to_json
from genspec.conform.campaign.served import Served

Counts = dict[str, dict[str, int]]
"""How often each kind of verdict, by what is counted."""


@dataclass(frozen=True, slots=True)
class ChunkResult:
    """What became of the cases of a chunk."""

    number: int
    wanted: int                         # cases asked for
    cases: int                          # cases that there were
    modes: Counts
    features: Counts
    deviations: dict[str, int]
    occurrences: tuple[Occurrence, ...]
    seconds: float = field(compare=False)


def run_chunk(campaign: Campaign, number: int) -> ChunkResult:
    """Run one chunk. A function of its arguments and of the decoder."""
    started = time.monotonic()
    served = served_here(campaign)
    modes: dict[str, Counter[str]] = {}
    features: dict[str, Counter[str]] = {}
    deviations: Counter[str] = Counter()
    occurrences: list[Occurrence] = []
    calls = calls_of(campaign, number)
    for index, call in enumerate(calls):
        case = examined(call, served)
        kind, deviation = case.verdict.kind.value, case.verdict.deviation
        modes.setdefault(mode_of(call), Counter())[kind] += 1
        for feature in features_of(call):
            features.setdefault(feature, Counter())[kind] += 1
        deviations.update(deviation.split(", ") if deviation else ())
        if case.found:
            occurrences.append(Occurrence(number, index, case.signature, call))
    return ChunkResult(
        number, campaign.count_of(number), len(calls), plain(modes), plain(features),
        dict(sorted(deviations.items())), tuple(occurrences), time.monotonic() - started,
    )


def plain(counts: Mapping[str, Counter[str]]) -> Counts:
    """Give counts in one order, whatever the order in which they were made."""
    return {name: dict(sorted(counts[name].items())) for name in sorted(counts)}


HERE = threading.local()
"""The decoder's process of this thread: it is started once and asked by every chunk that runs here."""


def served_here(campaign: Campaign) -> Served:
    """Return the decoder of a campaign in a process of its own, one for each thread that asks."""
    wanted = (campaign.decoder, campaign.case_seconds, campaign.memory_mib)
    if getattr(HERE, "wanted", None) != wanted:
        if hasattr(HERE, "served"):
            HERE.served.stop()
        HERE.served, HERE.wanted = Served(*wanted), wanted
    return HERE.served      # type: ignore[no-any-return]  # of a thread: nothing declares it


def result_to_json(result: ChunkResult) -> dict[str, Any]:
    """Write a result as values that JSON has."""
    given = {one.name: getattr(result, one.name) for one in fields(result)}
    return {**given, "occurrences": [occurrence_to_json(one) for one in result.occurrences]}


def result_from_json(data: Mapping[str, Any]) -> ChunkResult:
    """Read a result. Raises KeyError or TypeError for what is none."""
    return ChunkResult(**{**data, "occurrences": tuple(map(occurrence_from_json, data["occurrences"]))})


