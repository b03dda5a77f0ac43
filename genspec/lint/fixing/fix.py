"""Apply the fixes of findings to a document: one at a time, so that each sees the text that the others left."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from genspec.lint.finding import Edit, Finding, Fix
from genspec.lint.fixing.json_edit import edited
from genspec.lint.sources.document import Document
from genspec.lint.sources.readers import reader_of

Check = Callable[[Document], Sequence[Finding]]

MOST_FIXES = 1000
"""Fixes of one file. Each is followed by a look at the whole file."""


class Fixed(NamedTuple):
    """A document after its fixes."""

    document: Document
    applied: tuple[Finding, ...]        # whose fixes were applied, in that order
    left: tuple[Finding, ...]           # what is found now


def fixed(document: Document, check: Check, unsafe: bool = False) -> Fixed:
    """Apply every fix that there is, and those that come about by it. ``unsafe``: also those that change an output.

    A fix that does not remove its finding is not tried again, so that this ends.
    """
    applied: list[Finding] = []
    tried: set[tuple[object, ...]] = set()
    while True:
        left = tuple(check(document))
        wanted = (found for found in left if is_wanted(found, document, unsafe) and name(found) not in tried)
        finding = next(wanted, None)
        if finding is None or len(applied) == MOST_FIXES:
            return Fixed(document, tuple(applied), left)
        tried.add(name(finding))
        assert finding.fix is not None
        text = after(document, finding.fix)
        if text is not None:
            document = read_again(document, text)
            applied.append(finding)


def is_wanted(finding: Finding, document: Document, unsafe: bool) -> bool:
    """Tell whether a finding has a fix for this document that is to be applied."""
    return finding.fix is not None and finding.path == document.path and (finding.fix.safe or unsafe)


def name(finding: Finding) -> tuple[object, ...]:
    """Tell findings apart, whatever moves in the text."""
    return finding.code, finding.pointer, finding.message


def after(document: Document, fix: Fix) -> str | None:
    """Return the text with all edits of a fix, or None when one of them has no place in it."""
    text: str | None = document.text
    for number, edit in enumerate(fix.edits):
        if number:
            document = read_again(document, text or "")
        text = edit_text(document, edit)
        if text is None:
            return None
    return text


def read_again(document: Document, text: str) -> Document:
    """Read a file after an edit. One that was no generation config is none now, whatever the edit took away."""
    return reader_of(document.path, named=document.places is None)(document.path, text.encode())


def edit_text(document: Document, edit: Edit) -> str | None:
    """Return the text after one edit, as the document's own reader makes it. Broken JSON is not touched."""
    if document.rewrite is not None:
        return document.rewrite(edit)
    return edited(document.text, edit) if not document.problems else None
