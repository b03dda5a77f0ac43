"""What a run covered, and what it was asked for and has no case."""

from collections.abc import Iterable, Sequence

from genspec.conform.cases.case import Case
from genspec.conform.cases.select import begins
from genspec.conform.coverage.table import Coverage, covered
from genspec.conform.kit.report import Result
from genspec.conform.verdict import Kind


def coverage_of(
    asked: Iterable[tuple[Case, Result]], left_out: Iterable[tuple[Case, str]], profile: str
) -> Coverage:
    """Make the table of coverage from the cases that were asked, and from those that were left out."""
    ran = ((case, result.verdict.reason if result.verdict.kind is Kind.UNSUPPORTED else None) for case, result in asked)
    return covered([*ran, *left_out], profile)


def without_case(cases: Sequence[Case], levels: Sequence[str], clauses: Sequence[str]) -> tuple[str, ...]:
    """Name the clauses that were asked for and that no case shows; without clauses, the levels that have no case."""
    shown = {clause for case in cases for clause in case.clauses}
    present = {case.question.level for case in cases}
    if clauses:
        return tuple(part for part in clauses if not any(begins(clause, part) for clause in shown))
    return tuple(level for level in levels if level not in present)
