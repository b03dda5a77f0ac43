"""What a run covered, for people."""

from collections.abc import Iterator
from itertools import groupby

from genspec.conform.coverage.table import NO_CASE, RUN, SKIPPED, Coverage, Row
from genspec.conform.question import LEVELS


def lines(table: Coverage, whole: bool = False) -> Iterator[str]:
    """Write a summary. `whole`: every class, with the levels at which it was run, and why it was not."""
    counts = table.counts()
    total = sum(counts.values())
    hint = "" if whole else "; --coverage lists them"
    yield (f"Coverage: {counts[RUN]:,} of {total:,} value classes run, {counts[SKIPPED]:,} skipped, "
           f"{counts[NO_CASE]:,} without a case{hint}\n")
    if whole:
        yield f"  {'parameter':34}{'class':24}" + "".join(f"{level:>6}" for level in LEVELS) + "  skipped\n"
        for (parameter, name), rows in groupby(table.rows, key=lambda row: (row.parameter, row.value_class)):
            yield line_of(parameter, name, list(rows))


def line_of(parameter: str, name: str, rows: list[Row]) -> str:
    """Write a class: how often it was run at each level, and the first reasons for what was skipped."""
    run = {row.level: row.run for row in rows}
    counts = "".join(f"{run.get(level) or '':>6}" for level in LEVELS)
    reasons = [f"{row.level} {count:,}: {reason}" for row in rows for reason, count in row.reasons.items()]
    more = f" and {len(reasons) - 1} more" if len(reasons) > 1 else ""
    said = "no case" if not any(row.level for row in rows) else f"{reasons[0]:.60}{more}" if reasons else ""
    return f"  {parameter:34}{name:24}{counts}  {said}".rstrip() + "\n"
