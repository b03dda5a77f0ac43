"""The watermark's part of a plan. Text: docs/spec/watermark.md."""

from typing import cast

from genspec.config.resolve.situation import Situation, Step
from genspec.config.values import shown
from genspec.config.watermark import OPTIONS, allowed

MOST = 5
"""Options that a refusal names one by one."""


def watermark(s: Situation) -> Step | None:
    """Favour a hidden part of the vocabulary; options that are not given have their defaults. WATERMARK-1."""
    given = cast("dict[str, object] | None", s.ledger.given("watermarking_config"))
    if given is None:
        return None
    wrong = [f"{key:.40} = {shown(value)}" for key, value in given.items() if not allowed(key, value)]
    if wrong:
        said = ", ".join(wrong[:MOST]) + (f" and {len(wrong) - MOST} more" if len(wrong) > MOST else "")
        s.ledger.refuse("watermarking_config", f"{said} {'is' if len(wrong) == 1 else 'are'} not allowed in it.",
                        f"Choose from {', '.join(OPTIONS)}, within their ranges.")
    arguments = {**{key: option.unset for key, option in OPTIONS.items()}, **given}
    return Step(arguments, "a hidden part of the vocabulary is favoured.")
