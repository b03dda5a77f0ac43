"""Where decoders are known to differ from the specification, as data. docs/spec/deviations.md is made of it.

An id never changes its meaning. A new deviation takes the next number.
"""

from genspec.conform.deviations.beams import BEAMS
from genspec.conform.deviations.deviation import Deviation as Deviation
from genspec.conform.deviations.deviation import Seen as Seen
from genspec.conform.deviations.reading import READING
from genspec.conform.deviations.rows import ROWS
from genspec.conform.deviations.scores import SCORES

DEVIATIONS: dict[str, Deviation] = {one.id: one for one in (*READING, *SCORES, *BEAMS, *ROWS)}
"""All of them by id, in the order of the ids."""


def deviation(name: str) -> Deviation:
    """Return the deviation of an id. Raises KeyError for one that is not known."""
    if name not in DEVIATIONS:
        raise KeyError(f"no deviation has the id {name}; docs/spec/deviations.md lists them")
    return DEVIATIONS[name]


def explaining(seen: Seen, decoder: str, version: str) -> Deviation | None:
    """Return the deviation of a decoder that makes a difference, or None when nothing known does."""
    return next((one for one in DEVIATIONS.values() if one.applies(decoder, version) and one.makes(seen)), None)
