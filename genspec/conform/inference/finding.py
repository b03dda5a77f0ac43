"""What inference finds, as values that every report is made of."""

from dataclasses import asdict, dataclass
from typing import Any

CONFIRMED, INFERRED, NOT_SHOWN = "confirmed", "inferred", "not shown"
ORDERS = ("order", "beam_order")
"""The choice points whose options are lists of operations."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """An option, or a whole profile, under which a wrong answer is right."""

    profiles: tuple[str, ...]           # the named ones under which the answer conforms
    point: str = ""                     # the choice point; empty: it takes several of a profile together
    option: str = ""
    meaning: str = ""

    def __str__(self) -> str:
        """Write it as the end of a sentence that begins with `conforms under`."""
        names = ", ".join(self.profiles)
        if not self.point:
            return f"{names}: {self.meaning}"
        option = "" if self.point in ORDERS else f" {self.option}"
        return f"{names}{': ' if names else ''}{self.point}{option}: {self.meaning}"


@dataclass(frozen=True, slots=True)
class PointFinding:
    """What the cases say of one choice point."""

    point: str
    clause: str
    status: str                         # confirmed, inferred, not shown
    declared: str                       # the option of the declared profile
    option: str                         # the one that fits the answers
    meaning: str
    cases: int                          # whose answers are right under the option, and wrong under another one
    examples: tuple[str, ...] = ()      # ids of some of them
    possible: tuple[str, ...] = ()      # other options that fit as well
    reason: str = ""                    # why it is not shown


@dataclass(frozen=True, slots=True)
class PairFinding:
    """Which of two operations comes first."""

    first: str
    then: str
    cases: int
    inferred: bool                      # the declared profile has them the other way round


@dataclass(frozen=True, slots=True)
class Fit:
    """How many of the answers a named profile does not explain."""

    profile: str
    violations: int


@dataclass(frozen=True, slots=True)
class Semantics:
    """The semantics that fit the answers of a run."""

    declared: str
    points: tuple[PointFinding, ...]
    order: tuple[PairFinding, ...]
    fits: tuple[Fit, ...]               # best first
    cases: int                          # answers that were looked at
    failures: int                       # wrong ones among them
    unexplained: int                    # wrong ones that the options found do not explain either
    complete: bool = True               # False: the time was over

    @property
    def best(self) -> str:
        """Name the profile that fits best."""
        return self.fits[0].profile

    def of(self, status: str) -> tuple[PointFinding, ...]:
        """Give the choice points of a status."""
        return tuple(point for point in self.points if point.status == status)


def semantics_to_json(found: Semantics) -> dict[str, Any]:
    """Write what was found."""
    return {"best": found.best, **asdict(found)}
