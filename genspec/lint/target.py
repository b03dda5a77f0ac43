"""Which decoder, in which versions, a configuration is meant for: `transformers==5.23`, `vllm>=0.10,<0.12`, `ollama`.

A target is one engine with one version, or with a range of versions. A range stands for every minor release in it: a
file is held against each of them, and what holds for any of them is a finding. Rules say in the same words for which
engines and versions they hold, several engines with a bar between: `transformers>=4.57 | vllm`.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import NamedTuple

NEWEST = {"transformers": (5, 23)}
"""The newest version that the rules know. Of other engines it is the newest one of their dialect."""

MINORS = {"transformers": ((4, 38, 57), (5, 0, 23)), "vllm": ((0, 1, 33),), "sglang": ((0, 1, 5),), "tgi": ((3, 0, 3),)}
"""The minor releases that a range can stand for, as major, first and last minor number."""

FORMS = "ENGINE, ENGINE==VERSION or ENGINE>=VERSION,<VERSION, like transformers==5.23"
ENGINE = re.compile(r"\s*([A-Za-z][\w.-]*)")
COMPARISON = re.compile(r"(==|>=|<=|<|>|!=)\s*(\d+(?:\.\d+)*)")
FORM = re.compile(r"\s*([A-Za-z][\w.-]*)\s*((?:,?\s*(?:==|>=|<=|<|>|!=)\s*\d+(?:\.\d+){0,3}\s*)*)")
BEFORE_AN_ENGINE = re.compile(r",(?=\s*[A-Za-z])")


class Target(NamedTuple):
    """An engine and one version of it, as far as it was given: `4.46` stands for every 4.46.x.

    ``bounds``: of a range, its condition, as `>=4.46,<5`; `version` is then the newest one in it.
    """

    engine: str = "transformers"
    version: tuple[int, ...] = NEWEST["transformers"]
    bounds: str = ""

    def __str__(self) -> str:
        """Spell the target as the option does."""
        return self.engine + (self.bounds or f"=={'.'.join(map(str, self.version))}")

    @property
    def points(self) -> "tuple[Target, ...]":
        """The single versions that the target stands for, oldest first."""
        return points_of(self.engine, self.bounds) if self.bounds else (self,)


DEFAULT = (Target(),)
"""What files are held against when nobody names a target."""


class TargetError(ValueError):
    """A target that cannot be read or that no rule knows."""


def parse_targets(texts: Iterable[str]) -> tuple[Target, ...]:
    """Read several targets, each alone or comma separated: `transformers==4.46,vllm>=0.10,<0.12`.

    Raises `TargetError` as `parse_target` does.
    """
    parts = [part for text in texts for part in BEFORE_AN_ENGINE.split(text)]
    return tuple(dict.fromkeys(map(parse_target, parts)))


def meant(given: str, known: Iterable[str]) -> str:
    """Return `: did you mean x?` when something known is spelt much like what was given."""
    from difflib import get_close_matches

    close = get_close_matches(given, list(known), n=1)
    return f": did you mean `{close[0]}`?" if close else ""


def parse_target(text: str) -> Target:
    """Read `transformers`, `transformers==4.46.3` or `vllm>=0.10,<0.12`.

    Raises `TargetError` for an unknown engine, a range without a version, or any other form.
    """
    match = FORM.fullmatch(text)
    if match is None:
        raise TargetError(f"target {text!r} is not of the form {FORMS}")
    engine, bounds = match[1].lower(), COMPARISON.findall(match[2])
    if not is_engine(engine):
        close = meant(engine, engines()) or "."
        raise TargetError(f"target engine {engine!r} is not known{close} Known: {', '.join(engines())}")
    if not bounds:
        return Target(engine, newest(engine))
    if len(bounds) == 1 and bounds[0][0] == "==":
        return Target(engine, numbers(bounds[0][1]))
    spelt = ",".join(sign + version for sign, version in bounds)
    points = points_of(engine, spelt)
    if not points:
        raise TargetError(f"target {text!r} holds for no version")
    return Target(engine, points[-1].version, spelt)


def engines() -> tuple[str, ...]:
    """Return the engines that can be a target: transformers, and those that have a dialect."""
    from genspec.dialects import NAMES, SERVED  # only a target that is no transformers needs them

    return ("transformers", *sorted((*NAMES, *SERVED)))


def is_engine(name: str) -> bool:
    """Tell whether an engine can be a target."""
    return name in NEWEST or name in engines()


@cache
def newest(engine: str) -> tuple[int, ...]:
    """Return the newest version of an engine that the rules know."""
    if engine in NEWEST:
        return NEWEST[engine]
    from genspec.dialects import dialect_named

    return numbers(dialect_named(engine).newest)


@cache
def points_of(engine: str, bounds: str) -> tuple[Target, ...]:
    """Return the versions of a range: its minor releases, and, where none is known, the versions that it names."""
    known = [(major, minor) for major, first, last in MINORS.get(engine, ()) for minor in range(first, last + 1)]
    named = sorted(numbers(version) for _, version in COMPARISON.findall(bounds))
    for versions in (known, [newest(engine)], named):
        points = tuple(Target(engine, version) for version in versions if is_within(version, bounds))
        if points:
            return points
    return ()


def numbers(version: str) -> tuple[int, ...]:
    """Return the numbers of a version."""
    return tuple(map(int, version.split(".")))


def holds(condition: str, target: Target) -> bool:
    """Tell whether a rule's condition, like `transformers>=4.57,<5 | vllm`, covers one version of an engine."""
    return any(is_within(target.version, part) for part in alternatives(condition, target.engine))


def alternatives(condition: str, engine: str) -> Iterator[str]:
    """Yield the parts of a condition that speak of an engine."""
    for part in condition.split("|"):
        named = ENGINE.match(part)
        if named is not None and named[1] == engine:
            yield part


def is_within(version: tuple[int, ...], bounds: str) -> bool:
    """Tell whether a version fulfils all comparisons in a text."""
    return all(compare(version, sign, bound) for sign, bound in COMPARISON.findall(bounds))


def compare(version: tuple[int, ...], sign: str, text: str) -> bool:
    """Compare a version with a bound, to as many places as the shorter of the two has."""
    bound = numbers(text)
    places = min(len(version), len(bound))
    ours, theirs = version[:places], bound[:places]
    return {
        "==": ours == theirs,
        "!=": ours != theirs,
        ">=": ours >= theirs,
        "<=": ours <= theirs,
        ">": ours > theirs,
        "<": ours < theirs,
    }[sign]
