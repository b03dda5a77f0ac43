"""The parts of a page that show which semantics fit the answers, and what the laws of samples were tested with."""

from collections.abc import Iterator

from genspec.conform.inference.finding import CONFIRMED, INFERRED, NOT_SHOWN, ORDERS, PointFinding, Semantics
from genspec.conform.kit.report import Report, word_of
from genspec.conform.report.page.parts import code, folded, heading, shown, table, tag, verdict


def semantics(report: Report) -> Iterator[str]:
    """Write the choice points, those first that are not as the profile has them."""
    found = report.semantics
    if found is None:
        return
    yield heading("Semantics")
    yield tag("p", summary_of(found), "soft")
    if not found.complete:
        yield tag("p", "The time for this was over before every answer was looked at.", "note")
    other, same, hidden = (found.of(status) for status in (INFERRED, CONFIRMED, NOT_SHOWN))
    if other:
        yield from folded(f"Not as {code(found.declared)} has it", len(other), table(
            ("choice point", "declared", "fits the answers", "clause", "cases"),
            ([*point_of(point)[:1], shown(point.declared), *point_of(point)[1:]] for point in other),
            ("name", "", "", "nowrap", "number")), True)
    if same:
        yield from folded("Confirmed", len(same), table(
            ("choice point", "option", "clause", "cases"), map(point_of, same), ("name", "", "nowrap", "number")))
    if hidden:
        yield from folded("Not shown by any case", len(hidden), table(
            ("choice point", "declared", "possible as well", "why"),
            ((code(one.point), shown(one.declared), shown("; ".join(one.possible)), shown(one.reason))
             for one in hidden), ("name", "", "", "")))
    if found.order:
        yield from folded("Order of operations", len(found.order), table(
            ("first", "then", "cases", ""),
            ((code(one.first), code(one.then), f"{one.cases:,}", "not as declared" if one.inferred else "")
             for one in found.order), ("name", "name", "number", "")))
    if found.failures:
        yield from folded("Profiles, by the answers that they do not explain", len(found.fits), table(
            ("profile", "violations"), ((code(fit.profile), f"{fit.violations:,}") for fit in found.fits),
            ("name", "number")))


def summary_of(found: Semantics) -> str:
    """Say in one line what was found."""
    left = f", of which {found.unexplained:,} fit no option" if found.unexplained else ""
    wrong = f" Of {found.cases:,} answers that were looked at {found.failures:,} are wrong{left}."
    best = f" Of the named profiles, {code(found.best)} fits best."
    return f"Declared: {code(found.declared)}.{wrong + best if found.failures else ''}"


def point_of(point: PointFinding) -> list[str]:
    """Write a choice point: its name, the option that fits, its clause, how many cases show it."""
    says_more = point.meaning and point.meaning != point.option and point.point not in ORDERS
    meaning = f" {tag('span', shown(point.meaning), 'soft')}" if says_more else ""
    return [code(point.point), f"{shown(point.option)}{meaning}", shown(point.clause), f"{point.cases:,}"]


def laws(report: Report) -> Iterator[str]:
    """Write what the laws of samples were tested with, and how sure the test is."""
    tried = [one for one in report.results if one.verdict.draws is not None]
    if not tried:
        return
    alarm = sum(one.verdict.error_rate or 0.0 for one in tried)
    yield heading("Laws of samples", len(tried))
    yield tag("p", f"{sum(one.verdict.draws or 0 for one in tried):,} draws. A right decoder violates one of the laws "
                   f"with a probability of at most {alarm:.2g}.", "soft")
    yield from folded("Each law", len(tried), table(("law", "verdict", "draws", "evidence against it", "power"), (
        (code(one.id), verdict(word_of(one.verdict.kind)), f"{one.verdict.draws:,}",
         evidence(one.verdict.log10_e_value), "" if one.verdict.power is None else f"{one.verdict.power:g}")
        for one in tried), ("", "nowrap", "number", "number", "number")), any(one.failed for one in tried))


def evidence(power: float | None) -> str:
    """Write a power of ten."""
    return "" if power is None else f"10<sup>{power:.1f}</sup>"
