"""Decoders that declare one semantics and take an option of another at one choice point."""

from collections.abc import Iterator
from dataclasses import fields, replace
from typing import Any, get_args, get_type_hints

from genspec.config.profile import Profile
from genspec.config.profiles import PROFILES
from support.defects.defect import Defect

OTHERS = frozenset({"name", "version", "modes"})
"""What is no choice point."""
NEITHER = frozenset({("hf", "typical_boundary"), ("mlx-lm", "xtc_boundary")})
"""No case decides them: masses of tokens that are not equal are rounded, and equal tokens are kept together."""


def chosen(profile: str, name: str, option: Any) -> Defect:
    return Defect(f"{profile}: {name} is {option!s:.40}", ("",), profile=profile,
                  semantics=lambda declared: replace(declared, **{name: option}))


def options_of(name: str) -> list[Any]:
    """List the options of a choice point: those of its type, and those that a profile takes."""
    hint = get_type_hints(Profile)[name]
    typed = [option for part in (hint, *get_args(hint)) for option in get_args(part) if isinstance(option, str | bool)]
    taken = [getattr(profile, name) for profile in PROFILES.values()]
    return list(dict.fromkeys([*typed, *taken]))


def of_transformers() -> Iterator[Defect]:
    """Take every other option at each choice point, and declare the semantics of transformers."""
    for one in fields(Profile):
        if one.name not in OTHERS and ("hf", one.name) not in NEITHER:
            for option in options_of(one.name):
                if option != getattr(PROFILES["hf"], one.name) and not isinstance(option, tuple | type(None)):
                    yield chosen("hf", one.name, option)


def of_engines() -> Iterator[Defect]:
    """Take the option of transformers at one choice point, and declare the semantics of an engine."""
    for name, profile in sorted(PROFILES.items()):
        for one in fields(Profile):
            option = getattr(PROFILES["hf"], one.name)
            if one.name not in OTHERS and (name, one.name) not in NEITHER and getattr(profile, one.name) != option:
                yield chosen(name, one.name, option)


DEFECTS = (*of_transformers(), *of_engines())
