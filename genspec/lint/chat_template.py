"""What a chat template writes behind an answer. A heuristic: templates are programs, and are not run."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator

CONTENT = re.compile(r"content\b")
LONGEST = 160
"""So far behind the content its terminator is looked for."""


def terminator(template: str, tokens: Iterable[str], eos_token: str | None) -> str | None:
    """Return the special token that follows the content of messages, or None when the template leaves doubt.

    The text behind each `content` is looked at, up to the next statement. What follows a mention of the assistant
    counts where anything does; otherwise all messages must agree.
    """
    names = {token: token for token in tokens if token.strip()}
    if eos_token is not None:
        names["eos_token"] = eos_token
    pattern = re.compile("|".join(map(re.escape, sorted(names, key=len, reverse=True)))) if names else None
    if pattern is None:
        return None
    found = list(followers(template, pattern))
    last = template.rfind("assistant")
    behind = [name for place, name in found if 0 <= last < place]
    counted = Counter(names[name] for name in behind or [name for _, name in found])
    return next(iter(counted)) if len(counted) == 1 else None


def followers(template: str, pattern: re.Pattern[str]) -> Iterator[tuple[int, str]]:
    """Yield the first special token behind each `content`, with where the content stands."""
    for match in CONTENT.finditer(template):
        rest = template[match.end():match.end() + LONGEST]
        token = pattern.search(written(rest))
        if token is not None:
            yield match.start(), token[0]


def written(rest: str) -> str:
    """Return what stands behind the content up to the next statement or expression: that is written right after it."""
    inside, closed, behind = rest.partition("}}")
    if "%}" in inside or not closed:            # the content was in a statement, not written out
        return ""
    return inside + re.split(r"\{[{%#]", behind, maxsplit=1)[0]
