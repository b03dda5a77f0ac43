"""The watermark's own options. Text: docs/spec/watermark.md."""

from collections.abc import Callable
from typing import cast

from genspec.config.annotations import matches
from genspec.config.bounds import REALS, between
from genspec.config.resolve.situation import Built, Situation
from genspec.config.types import Real
from genspec.config.values import shown

DEFAULTS: dict[str, object] = {
    "greenlist_ratio": 0.25, "bias": 2.0, "hashing_key": 15485863, "seeding_scheme": "lefthash", "context_width": 1,
}
ALLOWED: dict[str, Callable[[object], bool]] = {
    "greenlist_ratio": lambda value: matches(Real, value) and cast("float", value) in between(0, 1),
    "bias": lambda value: matches(Real, value) and cast("float", value) in REALS,
    "hashing_key": lambda value: matches(int, value),
    "seeding_scheme": lambda value: value in ("lefthash", "selfhash"),
    "context_width": lambda value: matches(int, value) and cast("int", value) >= 1,
}

MOST = 5
"""Options that a refusal names one by one."""


def watermark(s: Situation) -> Built:
    """Favour a hidden part of the vocabulary; options that are not given have their defaults. WATERMARK-1."""
    given = cast("dict[str, object] | None", s.ledger.given("watermarking_config"))
    if given is None:
        return None
    wrong = [f"{key:.40} = {shown(value)}" for key, value in given.items() if not allowed(key, value)]
    if wrong:
        said = ", ".join(wrong[:MOST]) + (f" and {len(wrong) - MOST} more" if len(wrong) > MOST else "")
        s.ledger.refuse("watermarking_config", f"{said} {'is' if len(wrong) == 1 else 'are'} not allowed in it.",
                        f"Choose from {', '.join(ALLOWED)}, within their ranges.")
    return {**DEFAULTS, **given}, "a hidden part of the vocabulary is favoured."


def allowed(key: str, value: object) -> bool:
    """Tell whether an option exists and may hold a value."""
    return key in ALLOWED and ALLOWED[key](value)
