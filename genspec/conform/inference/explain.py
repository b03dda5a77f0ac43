"""Under which options, and which named profiles, one wrong answer is right."""

from collections.abc import Iterator
from dataclasses import fields, replace

from genspec.config.choice_points import meaning, rearranged, takers, written
from genspec.config.profile import Profile
from genspec.config.profiles import PROFILES
from genspec.conform.inference.evidence import Bench, Evidence, projected
from genspec.conform.inference.finding import ORDERS, Explanation
from genspec.conform.inference.moves import options, swaps


def explained(bench: Bench, evidence: Evidence) -> tuple[Explanation, ...]:
    """Give the options under which an answer is right, and the profiles that need several of theirs for it.

    Raises `OutOfTime`.
    """
    named = [profile for profile in PROFILES.values() if fits(bench, evidence, profile)]
    single = [*by_option(bench, evidence, named), *by_order(bench, evidence)]
    told = {name for one in single for name in one.profiles}
    together = [by_profile(bench, evidence, profile) for profile in named if profile.name not in told]
    return (*single, *together)


def fits(bench: Bench, evidence: Evidence, profile: Profile) -> bool:
    """Tell whether an answer is right under a named profile, which is not the declared one."""
    return profile.name != bench.declared.name and bench.agrees(evidence, profile)


def by_option(bench: Bench, evidence: Evidence, named: list[Profile]) -> Iterator[Explanation]:
    """Give the single options that explain an answer; an option that shows nothing else in the case once."""
    seen = set[object]()
    for name, changed in options(bench.declared, evidence.points):
        key = name, projected(evidence, name, changed)
        if key not in seen and bench.agrees(evidence, changed):
            seen.add(key)
            option = getattr(changed, name)
            shown = key[1] if name in ORDERS else option
            names = {profile.name for profile in named if projected(evidence, name, profile) == key[1]}
            yield Explanation(tuple(one for one in PROFILES if one in names or one in takers(name, option)), name,
                              written(shown), said_of(bench, evidence, name, shown))


def said_of(bench: Bench, evidence: Evidence, name: str, option: object) -> str:
    """Say what an option means in a case: of an order, what is another one."""
    if name in ORDERS and isinstance(option, tuple):
        return rearranged(tuple(one for one in bench.declared.order if one in evidence.operations), option)
    return meaning(name, option)


def by_order(bench: Bench, evidence: Evidence) -> Iterator[Explanation]:
    """Give the two operations that explain an answer when they change places, where no profile has them so."""
    known = {projected(evidence, "order", profile) for profile in PROFILES.values()}
    for first, then, changed in swaps(bench.declared, evidence):
        order = projected(evidence, "order", changed)
        if order not in known and bench.agrees(evidence, changed):
            yield Explanation((), "order", written(order), f"{then} before {first}")


def by_profile(bench: Bench, evidence: Evidence, profile: Profile) -> Explanation:
    """Explain an answer by a whole profile: by those of its options that the case has to do with and needs."""
    now = replace(profile, name=bench.declared.name)
    for field in fields(Profile):
        back = replace(now, **{field.name: getattr(bench.declared, field.name)})
        now = back if bench.agrees(evidence, back) else now
    changed = [name for name in evidence.points if getattr(now, name) != getattr(bench.declared, name)]
    said = [f"{name} {written(projected(evidence, name, now))}" if name not in ORDERS else
            said_of(bench, evidence, name, projected(evidence, name, now)) for name in changed]
    return Explanation((profile.name,), meaning=" and ".join(said) + ", together")
