"""Parameter, value class, level: how often it was run, how often it was skipped, and why."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from genspec.config.fields import FIELDS
from genspec.config.profiles import profile_named
from genspec.conform.cases.case import Case
from genspec.conform.coverage.classes import PARAMETERS, acts, classes_of
from genspec.conform.coverage.values import cells

RUN, SKIPPED, NO_CASE = "run", "skipped", "no case"


@dataclass(frozen=True, slots=True)
class Row:
    """A class of values of one parameter at one level."""

    parameter: str
    value_class: str
    level: str                          # empty: no case has it at any level
    run: int = 0
    skipped: int = 0
    reasons: dict[str, int] = field(default_factory=dict)   # why, and how often


@dataclass(frozen=True, slots=True)
class Coverage:
    """What a run covered, and what it did not."""

    rows: tuple[Row, ...]

    def states(self) -> dict[tuple[str, str], str]:
        """Give of each class of each parameter whether it was run, skipped, or has no case."""
        found: dict[tuple[str, str], str] = {}
        for row in self.rows:
            key = row.parameter, row.value_class
            state = RUN if row.run else SKIPPED if row.skipped else NO_CASE
            found[key] = RUN if RUN in (state, found.get(key)) else state
        return found

    def counts(self) -> dict[str, int]:
        """Count the classes that were run, those that were skipped, and those without a case."""
        states = Counter(self.states().values())
        return {state: states[state] for state in (RUN, SKIPPED, NO_CASE)}


def covered(asked: Iterable[tuple[Case, str | None]], profile: str) -> Coverage:
    """Make the table. `asked`: cases, and why a case was not run, None for one that was."""
    run: dict[tuple[str, str, str], int] = defaultdict(int)
    reasons: dict[tuple[str, str, str], Counter[str]] = defaultdict(Counter)
    for case, reason in asked:
        question = case.question
        flags = getattr(case, "vector", {}).get("flags", ())
        for parameter, name in cells(question.level, question.input, flags):
            key = parameter, name, question.level
            run[key] += reason is None
            reasons[key].update([] if reason is None else [reason])
    rows = [Row(*key, run[key], reasons[key].total(), dict(reasons[key].most_common())) for key in run]
    without = [Row(parameter, name, "") for parameter, name in declared(profile) - {key[:2] for key in run}]
    return Coverage(tuple(sorted((*rows, *without), key=lambda row: (row.parameter, row.value_class, row.level))))


def declared(profile: str) -> set[tuple[str, str]]:
    """Give every class of every parameter that a profile may have."""
    modes = profile_named(profile).modes
    names = {*(name for name in FIELDS if acts(name, modes)), *(set(PARAMETERS) - FIELDS.keys())}
    return {(name, one.name) for name in names for one in classes_of(name)}


def coverage_to_json(table: Coverage) -> dict[str, Any]:
    """Write the table."""
    return {"classes": table.counts(), "rows": [asdict(row) for row in table.rows]}
