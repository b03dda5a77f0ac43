"""What a rule says of a config."""

from typing import NamedTuple

from genspec.lint.finding import Confidence, Fix, Pointer, Severity, Span
from genspec.lint.sources.document import Document


class Draft(NamedTuple):
    """What a rule yields: where and what, before the engine adds the rule's identity and the position."""

    pointer: Pointer                # () is the whole document
    message: str
    fix: Fix | None = None
    severity: Severity | None = None      # None: the rule's own
    on_key: bool = False            # point at the key alone instead of the whole `"key": value`
    span: Span | None = None        # where the parser has already said where
    document: Document | None = None      # another file than the one at hand
    confidence: Confidence = "high"
