"""Where decoders are known to differ from the specification, as data. docs/spec/deviations.md is made of it.

An id never changes its meaning. A new deviation takes the next number.
"""

from genspec.conform.deviations.beams import BEAMS
from genspec.conform.deviations.calls import CALLS
from genspec.conform.deviations.counterfactual import explained, least_first, situations_of
from genspec.conform.deviations.deviation import Deviation as Deviation
from genspec.conform.deviations.deviation import Seen as Seen
from genspec.conform.deviations.older import OLDER
from genspec.conform.deviations.reading import READING
from genspec.conform.deviations.rows import ROWS
from genspec.conform.deviations.scores import SCORES

DEVIATIONS: dict[str, Deviation] = {one.id: one for one in (*READING, *SCORES, *BEAMS, *ROWS, *CALLS, *OLDER)}
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
    changes = [(one.id, change) for one in sorted(known, key=rank) for change in one.changes]
    situations = situations_of(seen.call, seen.answer, seen.info)
    for chosen in least_first(changes, situations, MOST_TOGETHER, late=LATE):
        if explained(situations, [change for _, change in chosen]):
            return tuple(DEVIATIONS[name] for name in dict.fromkeys(name for name, _ in chosen))
    return ()


FIRST = (("DEV-29",), ("DEV-26",), ("DEV-24", "DEV-86"), ("DEV-37",))
"""Padding makes another plan, which the others change then. NaN comes of guidance, whatever its u is, and goes before
what is made of scores without a token."""


LATE = ("DEV-22", "DEV-32", "DEV-39", "DEV-64", "DEV-65", "DEV-69")
"""Those that may do something only on what others have made: padding bans more, rows part elsewhere."""


def rank(one: Deviation) -> int:
    """Give the place of a deviation among those that change a request together."""
    return next((place for place, names in enumerate(FIRST) if one.id in names), len(FIRST))
