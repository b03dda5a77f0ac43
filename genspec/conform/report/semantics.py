"""The semantics that fit a run, for people."""

from collections.abc import Iterator
from textwrap import wrap

from genspec.conform.inference.finding import CONFIRMED, INFERRED, NOT_SHOWN, ORDERS, PointFinding, Semantics

MOST = 4
"""Profiles that are named."""
WIDTH = 110


def lines(found: Semantics, whole: bool = False) -> Iterator[str]:
    """Write what was found. `whole`: every choice point, and every pair of operations."""
    other = found.of(INFERRED)
    if other:
        yield f"Semantics: not those of {found.declared} at {counted(len(other), 'choice point')}\n"
    for point in other:
        yield from paragraph(point.point, f"{text_of(point)}  [{point.clause}] {counted(point.cases, 'case')}")
    if found.failures:
        yield from paragraph("fits best", fit_of(found))
    shown, hidden = found.of(CONFIRMED), found.of(NOT_SHOWN)
    yield f"Choice points of {found.declared}: {len(shown)} confirmed, {len(hidden)} not shown by any case\n"
    if whole:
        for point in shown:
            yield from paragraph(point.point, f"{point.option}  [{point.clause}] {counted(point.cases, 'case')}")
        for point in hidden:
            yield from paragraph(point.point, f"{point.reason}; possible: {'; '.join((point.option, *point.possible))}")
        for pair in found.order:
            yield from paragraph("order", f"{pair.first} before {pair.then}, {counted(pair.cases, 'case')}")
    elif hidden and found.failures:
        yield from paragraph("not shown", ", ".join(point.point for point in hidden))
    if not found.complete:
        yield "  The time for this was over before every answer was looked at.\n"


def text_of(point: PointFinding) -> str:
    """Say which option fits. Of an order, what is another one."""
    if point.point in ("modes", "version"):
        return point.option
    return point.meaning if point.point in ORDERS else f"{point.option}: {point.meaning}"


def fit_of(found: Semantics) -> str:
    """Say how many answers the profiles that fit best leave without an explanation."""
    fits = list(found.fits[:MOST])
    fits += [fit for fit in found.fits if fit.profile == found.declared and fit not in fits]
    said = ", ".join(f"{fit.profile} {fit.violations}" for fit in fits)
    left = f"; {found.unexplained} of {found.failures} wrong ones fit no option" if found.unexplained else ""
    return f"answers that violate, of {found.cases}: {said}{left}"


def counted(number: int, what: str) -> str:
    """Write a number of things."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def paragraph(name: str, text: str) -> Iterator[str]:
    """Write lines behind a name."""
    for place, line in enumerate(wrap(text, WIDTH - 26, break_long_words=False) or [""]):
        yield f"  {name if place == 0 else '':24}{line}\n"
