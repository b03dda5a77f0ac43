"""The lower part of a page: what is known, ambiguous and unsupported, and every case."""

from collections import Counter
from collections.abc import Iterator

from genspec.conform.kit.report import Report, Result, word_of
from genspec.conform.question import LEVELS
from genspec.conform.report.page.failures import short
from genspec.conform.report.page.parts import code, folded, heading, shown, table, tag, verdict
from genspec.conform.verdict import Kind


def deviations(report: Report) -> Iterator[str]:
    """Write the known deviations that showed."""
    found = of_kind(report, Kind.KNOWN_DEVIATION)
    if not found:
        return
    yield heading("Known deviations", len(found))
    names = Counter(one.verdict.deviation or "" for one in found)
    for name, count in sorted(names.items()):
        yield from folded(code(name), count, table(("case", "what"), (
            (code(short(one.id)), shown(one.verdict.reason)) for one in found if one.verdict.deviation == name)))


def ambiguous(report: Report) -> Iterator[str]:
    """Write what rounding or a tie leaves open."""
    found = of_kind(report, Kind.AMBIGUOUS)
    if not found:
        return
    yield heading("Ambiguous", len(found))
    yield from folded("Right for scores that the decoder's numbers cannot tell apart", len(found), table(
        ("case", "why", "margin"),
        ((code(short(one.id)), shown(one.verdict.reason), margin(one)) for one in found), ("nowrap", "", "number")))


def margin(result: Result) -> str:
    """Write the margin of a case."""
    return "tie" if result.verdict.tied else "" if result.verdict.margin is None else f"{result.verdict.margin:.2g}"


def unsupported(report: Report) -> Iterator[str]:
    """Write what the decoder did not take part in, by reason."""
    found = of_kind(report, Kind.UNSUPPORTED)
    if not found:
        return
    yield heading("Unsupported", len(found))
    for reason, count in Counter(one.verdict.reason for one in found).most_common():
        names = [short(one.id) for one in found if one.verdict.reason == reason]
        yield from folded(shown(reason or "no reason given"), count, [tag("p", ", ".join(map(code, names)), "rows")])


def everything(report: Report) -> Iterator[str]:
    """Write every case, level by level."""
    yield heading("All cases", len(report.results))
    for level in LEVELS:
        found = [one for one in report.results if one.level == level]
        if found:
            yield from folded(level, len(found), table(("case", "verdict", "clauses"), (
                (code(short(one.id)), verdict(word_of(one.verdict.kind)), shown(", ".join(one.clauses)))
                for one in sorted(found, key=lambda one: one.id)), ("", "nowrap", "")))


def of_kind(report: Report, kind: Kind) -> list[Result]:
    """Give the results of a kind."""
    return [one for one in report.results if one.verdict.kind is kind]
