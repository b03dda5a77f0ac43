"""What explains failures of an engine: a cause that was found, matched to the failures of a stored run."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Finding:
    """A difference whose cause is known, or narrowed down."""

    id: str                                     # as CT2-1; never used again for another
    title: str                                  # what the engine does, in a few words
    cause: str                                  # why, and where that can be read
    kind: Literal["choice", "bug", "limit"]     # made on purpose; a mistake; what the engine does not take
    clauses: tuple[str, ...] = ()               # beginnings of those that are violated; none: any
    differences: tuple[str, ...] = ()           # of the verdict: "tokens", "batch", "SIGSEGV"; none: any
    features: tuple[str, ...] = ()              # that the case has, all of them
    without: tuple[str, ...] = ()               # that it has not
    label: str = ""                             # of the run, where an engine has several
    anywhere: tuple[str, ...] = ()              # differences of any case: how a process ends that it has damaged

    def explains(self, failure: Json) -> bool:
        """Tell whether a failure is one of these."""
        has = set(failure["features"])
        return failure["difference"] in self.anywhere or (
            (not self.clauses or any(begins(one, part) for one in failure["violated"] for part in self.clauses))
            and (not self.differences or failure["difference"] in self.differences)
            and has.issuperset(self.features) and has.isdisjoint(self.without)
        )


def begins(clause: str, part: str) -> bool:
    """Tell whether a clause is the one that is named, or of the page that is."""
    return clause == part or clause.startswith(f"{part}-")


Explained = Mapping[str, Sequence[Json]]
"""Failures by the id of the first finding that explains them; those that nothing explains under an empty id."""


def explained(failures: Iterable[Json], findings: Sequence[Finding]) -> Explained:
    """Give failures by what explains them."""
    found: dict[str, list[Json]] = {}
    for failure in failures:
        by = next((one.id for one in findings if one.explains(failure)), "")
        found.setdefault(by, []).append(failure)
    return found


def stale(runs: Mapping[str, Json], findings: Sequence[Finding]) -> list[str]:
    """Name the findings that explain no failure of any run. `runs`: summaries by their labels.

    What a process does whose memory is damaged need not show in every run.
    """
    used = {
        name for label, run in runs.items()
        for name in explained(run["failures"], [one for one in findings if one.label == label])
    }
    return [one.id for one in findings if one.id not in used and not one.anywhere]
