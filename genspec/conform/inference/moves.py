"""Steps from one profile to the next: another option, another order of two operations, a named profile."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from genspec.config.choice_points import others, points
from genspec.config.profile import Profile
from genspec.config.profiles import PROFILES
from genspec.conform.inference.evidence import Evidence

FEW = 4
"""Operations of a case that can tell which of two comes first."""


def options(profile: Profile, names: Iterable[str]) -> Iterator[tuple[str, Profile]]:
    """Give the profile with one other option of each of some choice points, and the choice point."""
    wanted = set(names)
    for point in points():
        if point.name in wanted:
            yield from ((point.name, replace(profile, **{point.name: option})) for option in others(point, profile))


def neighbours(profile: Profile, evidence: Sequence[Evidence]) -> Iterator[Profile]:
    """Give the profiles that are one step away and may explain a wrong answer."""
    names = {name for one in evidence for name in one.points}
    yield from (changed for _, changed in options(profile, names))
    yield from (with_order(profile, order) for order in orders(profile, evidence))
    yield from (replace(named, name=profile.name) for named in PROFILES.values())


def orders(profile: Profile, evidence: Sequence[Evidence]) -> Iterator[tuple[str, ...]]:
    """Give orders in which one operation of a case stands elsewhere, or is lacking."""
    seen = set[tuple[str, ...]]()
    for one in evidence:
        if tells_order(one):
            here = tuple(name for name in profile.order if name in one.operations)
            for order in (*moved(profile.order, here), *lacking(profile.order, here, one)):
                if order not in seen:
                    seen.add(order)
                    yield order


def tells_order(evidence: Evidence) -> bool:
    """Tell whether a case has so few operations that it shows which comes first."""
    return "order" in evidence.points and len(evidence.operations) <= FEW


def moved(order: tuple[str, ...], here: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Give the order with one of some operations before another one, or behind it."""
    for place, first in enumerate(here):
        for then in here[place + 1:]:
            yield put(order, then, order.index(first))
            yield put(order, first, order.index(then))


def put(order: tuple[str, ...], name: str, place: int) -> tuple[str, ...]:
    """Put an operation at a place."""
    rest = [one for one in order if one != name]
    rest.insert(place, name)
    return tuple(rest)


def lacking(order: tuple[str, ...], here: tuple[str, ...], evidence: Evidence) -> Iterator[tuple[str, ...]]:
    """Give the order without one of the operations of a whole call. PIPELINE-5."""
    if evidence.case.question.level == "L3":
        yield from (tuple(one for one in order if one != name) for name in here)


def swaps(profile: Profile, evidence: Evidence) -> Iterator[tuple[str, str, Profile]]:
    """Give two operations that follow one another in a case, and the profile that has them the other way round."""
    if not tells_order(evidence):
        return
    here = tuple(name for name in profile.order if name in evidence.operations)
    for first, then in pairwise(here):
        yield first, then, with_order(profile, put(profile.order, then, profile.order.index(first)))


def with_order(profile: Profile, order: tuple[str, ...]) -> Profile:
    """Give a profile with another order."""
    return replace(profile, order=order)
