"""Findings that somebody does not want to see: by a comment beside the line, or by the project's settings."""

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from genspec.lint.finding import Finding, Span, json_pointer
from genspec.lint.sources.document import Comment

if TYPE_CHECKING:
    from genspec.lint.sources.gitignore import Rules

COMMENT = re.compile(r"(?:#|//)\s*genspec:\s*ignore\b(?:\[([^\]\n]*)\])?")
MARK = "genspec:"
"""What every such comment holds: text without it is not searched."""


class PathIgnore(NamedTuple):
    """A wish of the project's settings: rules that do not speak about some files, or about one place in them."""

    root: str                       # the folder of the settings
    pattern: str                    # as .gitignore has them, seen from there
    pointer: str                    # RFC 6901; empty: the whole file
    codes: tuple[str, ...]

    def __str__(self) -> str:
        """Spell the wish as the settings do."""
        return f"{self.pattern}#{self.pointer}" if self.pointer else self.pattern


def comments_in(text: str) -> Iterator[Comment]:
    """Yield the comments of a text whose comments begin with # or //."""
    if MARK not in text:
        return
    for number, line in enumerate(text.split("\n"), 1):
        match = COMMENT.search(line)
        if match is not None:
            alone = not line[:match.start()].strip()
            codes = tuple(code.strip() for code in (match[1] or "").split(",") if code.strip())
            span = Span(number, match.start() + 1, number, match.end() + 1)
            yield Comment(number + alone, codes, span)


def silences(comment: Comment, finding: Finding) -> bool:
    """Tell whether a comment is about a finding: it stands where the finding begins or ends."""
    return is_beside(comment, finding.span) and names(comment.codes, finding)


def is_beside(comment: Comment, span: Span) -> bool:
    """Tell whether a stretch begins or ends in what a comment silences."""
    if comment.place is None:
        return comment.line in (span.line, span.end_line)
    begin, end = comment.place[:2], comment.place[2:]
    return begin <= span[:2] <= end or begin <= span[2:] <= end


def names(codes: Sequence[str], finding: Finding) -> bool:
    """Tell whether codes, prefixes of codes or names are those of a finding's rule. None at all is every rule."""
    return not codes or any(finding.code.startswith(code) or finding.name == code for code in codes)


def spoken(findings: Iterable[Finding], comments: Sequence[Comment]) -> tuple[list[Finding], list[Comment]]:
    """Return the findings that no comment silences, and the comments that silence none."""
    kept: list[Finding] = []
    used: set[Comment] = set()
    for finding in findings:
        silencing = [comment for comment in comments if silences(comment, finding)]
        used.update(silencing)
        if not silencing:
            kept.append(finding)
    return kept, [comment for comment in comments if comment not in used]


def allowed(findings: list[Finding], ignores: Iterable[PathIgnore]) -> tuple[list[Finding], set[PathIgnore]]:
    """Return the findings that no wish about their file silences, and the wishes that silence any."""
    used: set[PathIgnore] = set()
    kept: list[Finding] = []
    for finding in findings:
        silencing = [ignore for ignore in ignores if is_meant(ignore, finding)]
        used.update(silencing)
        if not silencing:
            kept.append(finding)
    return kept, used


def is_meant(ignore: PathIgnore, finding: Finding) -> bool:
    """Tell whether a wish is about a finding in a file that it matches: its rule, and its place or one around it."""
    place = json_pointer(finding.pointer)
    return names(ignore.codes, finding) and (place + "/").startswith(ignore.pointer + "/" * bool(ignore.pointer))


def matches(ignore: PathIgnore, path: str) -> bool:
    """Tell whether a file, or a folder that it stands in, matches the pattern of a wish."""
    inside = os.path.relpath(os.path.abspath(path), ignore.root).replace(os.sep, "/")
    if inside.startswith("../"):
        return False
    rules, parts = rules_of(ignore.pattern), inside.split("/")
    folders = ("/".join(parts[:length]) for length in range(1, len(parts)))
    return rules.verdict(inside, False) is True or any(rules.verdict(folder, True) is True for folder in folders)


@cache
def rules_of(pattern: str) -> "Rules":
    """Read one pattern in the language of .gitignore."""
    from genspec.lint.sources.gitignore import parse

    return parse(pattern)
