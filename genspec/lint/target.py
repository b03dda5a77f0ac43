"""Which decoder, in which version, a configuration is meant for: `transformers==5.23`."""

import re
from typing import NamedTuple

NEWEST = {"transformers": (5, 23)}
"""The newest version of each engine that the rules know."""

COMPARISON = re.compile(r"(==|>=|<=|<|>|!=)\s*(\d+(?:\.\d+)*)")


class Target(NamedTuple):
    """An engine and one version of it, as far as it was given: `4.46` stands for every 4.46.x."""

    engine: str = "transformers"
    version: tuple[int, ...] = NEWEST["transformers"]

    def __str__(self) -> str:
        """Spell the target as the option does."""
        return f"{self.engine}=={'.'.join(map(str, self.version))}"


class TargetError(ValueError):
    """A target that cannot be read or that no rule knows."""


def parse_target(text: str) -> Target:
    """Read `transformers`, `transformers==5.23` or `transformers==4.46.3`.

    Raises `TargetError` for an unknown engine or any other form.
    """
    match = re.fullmatch(r"\s*([A-Za-z][\w.-]*)\s*(?:==\s*(\d+(?:\.\d+){0,3})\s*)?", text)
    if match is None:
        raise TargetError(f"target {text!r} is not of the form ENGINE or ENGINE==VERSION, like transformers==5.23")
    engine, version = match[1].lower(), match[2]
    if engine not in NEWEST:
        raise TargetError(f"target engine {engine!r} is not known; known: {', '.join(sorted(NEWEST))}")
    return Target(engine, tuple(map(int, version.split("."))) if version else NEWEST[engine])


def holds(condition: str, target: Target) -> bool:
    """Tell whether a rule's condition, like `transformers>=4.57,<5`, covers the target."""
    engine = re.match(r"[A-Za-z][\w-]*", condition)
    if engine is None or engine[0] != target.engine:
        return False
    return all(compare(target.version, sign, version) for sign, version in COMPARISON.findall(condition))


def compare(version: tuple[int, ...], sign: str, text: str) -> bool:
    """Compare a version with a bound, to as many places as the shorter of the two has."""
    bound = tuple(map(int, text.split(".")))
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
