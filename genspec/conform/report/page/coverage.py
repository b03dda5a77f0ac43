"""The part of a page that shows which classes of values were run."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from genspec.conform.coverage.table import NO_CASE, RUN, SKIPPED, Row
from genspec.conform.kit.report import Report
from genspec.conform.question import LEVELS
from genspec.conform.report.page.parts import code, folded, heading, shown, table, tag

TITLES = {RUN: "Run", SKIPPED: "Skipped", NO_CASE: "Without a case"}


def coverage(report: Report) -> Iterator[str]:
    """Write the classes of values: those that were run, those that were skipped and why, those that no case has."""
    if report.coverage is None or report.semantics is None:     # one case covers nothing
        return
    states, counts = report.coverage.states(), report.coverage.counts()
    yield heading("Coverage")
    yield tag("p", f"{counts[RUN]:,} of {sum(counts.values()):,} classes of values were run.", "soft")
    groups = [(key, list(rows)) for key, rows in groupby(
        report.coverage.rows, key=lambda row: (row.parameter, row.value_class))]
    for state, title in TITLES.items():
        found = [class_of(*key, rows) for key, rows in groups if states[key] == state]
        if found:
            yield from folded(title, len(found), table(
                ("parameter", "class", *LEVELS, "skipped"), found, ("name", "", *["number"] * len(LEVELS), "")))


def class_of(parameter: str, name: str, rows: Sequence[Row]) -> list[str]:
    """Write a class: how often it was run at each level, and why it was not."""
    run = {row.level: row.run for row in rows}
    why = [f"{row.level} {count:,}: {reason}" for row in rows for reason, count in row.reasons.items()]
    return [code(parameter), shown(name), *(f"{run[level]:,}" if run.get(level) else "" for level in LEVELS),
            shown("; ".join(why))]
