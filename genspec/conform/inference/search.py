"""The profile that explains the most answers, found step by step."""

from collections.abc import Sequence
from dataclasses import fields, replace

from genspec.config.profile import Profile
from genspec.config.profiles import PROFILES
from genspec.conform.inference.evidence import Bench, Evidence
from genspec.conform.inference.moves import neighbours


def fitted(bench: Bench, evidence: Sequence[Evidence]) -> Profile:
    """Find the profile that explains the most answers with the fewest options that are not the declared ones.

    A search from each profile that is worth it: the step that explains the most answers, until none explains more.
    Raises `OutOfTime`.
    """
    declared = bench.declared
    ends = [climbed(bench, start, evidence) for start in starts(bench, evidence)]
    simple = [simplified(bench, end, evidence) for end in ends]
    return max(simple, key=lambda one: (score(bench, one, evidence), -distance(one, declared)))


def starts(bench: Bench, evidence: Sequence[Evidence]) -> list[Profile]:
    """Give the declared profile, and the named ones that explain the most."""
    named = [replace(profile, name=bench.declared.name) for profile in PROFILES.values()]
    best = sorted(named, key=lambda one: -score(bench, one, evidence))[:NAMED]
    return list(dict.fromkeys((bench.declared, *best)))


NAMED = 2
"""Named profiles from which a search begins."""


def climbed(bench: Bench, profile: Profile, evidence: Sequence[Evidence]) -> Profile:
    """Take the best step until none explains more."""
    while True:
        wrong = [one for one in evidence if not bench.agrees(one, profile)]
        steps = [step for step in neighbours(profile, wrong) if any(bench.agrees(one, step) for one in wrong)]
        best = max(steps, key=lambda step: score(bench, step, evidence), default=profile)
        if score(bench, best, evidence) <= score(bench, profile, evidence):
            return profile
        profile = best


def simplified(bench: Bench, profile: Profile, evidence: Sequence[Evidence]) -> Profile:
    """Take back what explains nothing."""
    for field in fields(Profile):
        back = replace(profile, **{field.name: getattr(bench.declared, field.name)})
        if back != profile and score(bench, back, evidence) >= score(bench, profile, evidence):
            profile = back
    return profile


def score(bench: Bench, profile: Profile, evidence: Sequence[Evidence]) -> int:
    """Count the answers that are right under a profile."""
    return sum(bench.agrees(one, profile) for one in evidence)


def distance(one: Profile, other: Profile) -> int:
    """Count the choice points at which two profiles differ."""
    return sum(getattr(one, field.name) != getattr(other, field.name) for field in fields(Profile))
