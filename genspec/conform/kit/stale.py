"""Known deviations that are gone: a run that still lists them would excuse a bug that comes back."""

from collections.abc import Collection, Iterator, Mapping

from genspec.conform.cases.case import Ask, Who
from genspec.conform.cases.drawn import Drawn
from genspec.conform.deviations import DEVIATIONS
from genspec.conform.deviations.shown import SHOWN
from genspec.conform.kit.examine import Heard, verdict_on
from genspec.conform.question import Told
from genspec.conform.verdict import Kind

GONE = (Kind.CONFORMS, Kind.REJECTED)


def stale_deviations(ask: Ask, who: Who, shown: Collection[str], profile: str) -> Iterator[str]:
    """Name the deviations that a release was seen to have, and that none of their calls shows any more.

    `shown`: those that the run has shown: nothing has to be asked for them. Others are decided for the releases alone
    in which they were seen.
    """
    for one in DEVIATIONS.values():
        seen = one.applies(who.info) and who.info.version in one.versions.run
        if seen and one.id not in shown and one.id in SHOWN and is_gone(ask, who, one.id, profile):
            yield one.id


def is_gone(ask: Ask, who: Who, name: str, profile: str) -> bool:
    """Tell whether every call of a deviation is answered as the reference answers it."""
    said = [is_answered_as_specified(Drawn(f"deviation/{name}", call), ask, who) for call in SHOWN[name]
            if call.profile == profile]
    return bool(said) and all(said)


def is_answered_as_specified(case: Drawn, ask: Ask, who: Who) -> bool:
    """Tell whether a call gets the rows of the reference, and not others that are free, or is refused as it should."""
    heard = Heard(ask)
    if verdict_on(case, heard, who).kind not in GONE:
        return False
    return not isinstance(case.expected, tuple) or rows_in(heard.told) == [
        [list(row.tokens) for row in output.rows] for output in case.expected]


def rows_in(told: Told | None) -> list[object]:
    """Give the rows of every prompt of an answer."""
    replies = told.get("prompts", [told]) if isinstance(told, Mapping) else []
    return [reply.get("sequences") for reply in replies if isinstance(reply, Mapping)]
