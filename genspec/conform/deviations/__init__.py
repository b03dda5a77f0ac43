"""Where decoders are known to differ from the specification, as data. docs/spec/deviations.md is made of it.

An id never changes its meaning. A new deviation takes the next number.
"""

from collections.abc import Iterable
from typing import Any

from genspec.backends.decoder import Refusal
from genspec.backends.reference import ReferenceDecoder
from genspec.conform.deviations.accepting import Accepts, placed, reasons_of, taken_for
from genspec.conform.deviations.beams import BEAMS
from genspec.conform.deviations.calls import CALLS
from genspec.conform.deviations.counterfactual import Change, explained, least_first, needed, situations_of
from genspec.conform.deviations.deviation import Deviation as Deviation
from genspec.conform.deviations.deviation import Seen as Seen
from genspec.conform.deviations.drafts import DRAFTS
from genspec.conform.deviations.layered import LAYERED
from genspec.conform.deviations.made.moved import MOVED
from genspec.conform.deviations.older import OLDER
from genspec.conform.deviations.reading import READING
from genspec.conform.deviations.rows import ROWS
from genspec.conform.deviations.scores import SCORES
from genspec.conform.deviations.values import VALUES
from genspec.conform.oracle import judge
from genspec.conform.verdict import Kind

DEVIATIONS: dict[str, Deviation] = {
    one.id: one for one in (*READING, *SCORES, *BEAMS, *ROWS, *CALLS, *VALUES, *DRAFTS, *OLDER, *LAYERED)
}
"""All of them by id, in the order of the ids."""

MOST_TOGETHER = 3
"""How many deviations one case may show."""


def deviation(name: str) -> Deviation:
    """Return the deviation of an id. Raises KeyError for one that is not known."""
    if name not in DEVIATIONS:
        raise KeyError(f"no deviation has the id {name}; docs/spec/deviations.md lists them")
    return DEVIATIONS[name]


def explaining(seen: Seen) -> tuple[Deviation, ...]:
    """Return the deviations that make a difference: one that sees it, or the fewest that change a request to it."""
    known = [one for one in DEVIATIONS.values() if one.applies(seen.info)]
    sees = next((one for one in known if one.makes(seen)), None)
    if sees is not None:
        return (sees,)
    if isinstance(seen.expected, Refusal) and (accepted := accepting(seen, known)):
        return accepted
    changes = [(one.id, change) for one in sorted(known, key=rank) for change in one.changes]
    situations = situations_of(seen.call, seen.answer, seen.info)
    if any(one.request.plan.mode in MOVED for one in situations) and (chosen := needed(changes, situations)):
        return named(chosen)
    for few in least_first(changes, situations, MOST_TOGETHER, late=LATE):
        if explained(situations, [change for _, change in few]):
            return named(few)
    return named(needed(changes, situations))


def named(changes: Iterable[tuple[str, Change]]) -> tuple[Deviation, ...]:
    """Return the deviations that changes are of, each once."""
    return tuple(DEVIATIONS[name] for name in dict.fromkeys(name for name, _ in changes))


def accepting(seen: Seen, known: list[Deviation]) -> tuple[Deviation, ...]:
    """Return the deviations that accept what is refused, and those that make the rest of the difference."""
    found: dict[str, Deviation] = {}
    values, changes = list[tuple[str, Any]](), list[Change]()
    for reason in reasons_of(seen.call):
        one, way = next(((one, way) for one in known for way in one.accepts if way.takes(reason, seen.call)), NOBODY)
        if one is None or way is None:
            return ()
        found[one.id] = one
        values.append((reason.field, way.becomes(reason.value, seen.call)))
        changes += [way.change(reason.value)] if way.change is not None else []
    call = taken_for(seen.call, values)
    if not found or reasons_of(call):
        return ()
    expected, answer = ReferenceDecoder().decode(call), placed(call, seen.answer)
    if changes:
        return tuple(found.values()) if explained(situations_of(call, answer, seen.info), changes) else ()
    # an answer to what is to be refused is rows
    verdict = judge(call, expected, answer, seen.info)      # type: ignore[arg-type]
    if verdict.kind is not Kind.VIOLATES:
        return tuple(found.values())
    rest = explaining(Seen(call, expected, answer, verdict, seen.info))
    return (*found.values(), *rest) if rest else ()


NOBODY: tuple[Deviation | None, Accepts | None] = (None, None)


FIRST = (("DEV-29",), ("DEV-93",), ("DEV-26",), ("DEV-24", "DEV-86"), ("DEV-37",))
"""Padding makes another plan, which the others change then. NaN comes of guidance, whatever its u is, and goes before
what is made of scores without a token."""


LAST = ("DEV-42", "DEV-88")
"""What is written into rows and logits, whatever they are."""

LATE = ("DEV-22", "DEV-32", "DEV-39", "DEV-42", "DEV-64", "DEV-65", "DEV-69", "DEV-88", "DEV-96")
"""Those that may do something only on what others have made: padding bans more, rows part elsewhere."""


def rank(one: Deviation) -> int:
    """Give the place of a deviation among those that change a request together."""
    return next((place for place, names in enumerate(FIRST) if one.id in names), len(FIRST) + (one.id in LAST))
