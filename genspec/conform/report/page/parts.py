"""Pieces of a page. A piece is HTML; a text becomes one by `shown`."""

import html
import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest

from genspec.lint.report.printable import printable

LONGEST = 4000
"""Letters of a value that are shown."""


def shown(text: object) -> str:
    """Write a text. What a browser would obey or hide is spelled out."""
    return html.escape(printable(str(text)))


def tag(name: str, inside: str, kind: str = "") -> str:
    """Put a piece into an element."""
    return f'<{name} class="{kind}">{inside}</{name}>' if kind else f"<{name}>{inside}</{name}>"


def heading(text: str, count: int | None = None) -> str:
    """Begin a section."""
    number = "" if count is None else tag("span", f"{count:,}", "count")
    return f"<h2>{shown(text)} {number}</h2>\n"


def dot(word: str) -> str:
    """Draw the mark of a verdict."""
    return f'<span class="dot {word}"></span>'


def verdict(word: str) -> str:
    """Name a verdict behind its mark."""
    return f"{dot(word)}{shown(word.replace('_', ' '))}"


def bar(counts: Iterable[tuple[str, int]]) -> str:
    """Draw numbers of verdicts as one bar."""
    parts = "".join(f'<i class="{word}" style="flex:{count}" title="{count:,} {shown(word.replace("_", " "))}"></i>'
                    for word, count in counts if count)
    return tag("div", parts, "bar")


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], kinds: Sequence[str] = ()) -> Iterator[str]:
    """Write a table of pieces. `kinds`: the class of each column."""
    classes = [*kinds, *[""] * (len(heads) - len(kinds))]
    yield '<div class="rows"><table><thead><tr>'
    yield "".join(tag("th", shown(head), kind) for head, kind in zip(heads, classes, strict=True))
    yield "</tr></thead><tbody>\n"
    for row in rows:
        yield "<tr>" + "".join(tag("td", piece, kind) for piece, kind in zip(row, classes, strict=True)) + "</tr>\n"
    yield "</tbody></table></div>\n"


def folded(title: str, count: int, inside: Iterable[str], is_open: bool = False, about: str = "") -> Iterator[str]:
    """Write what opens at a click. `title` and `about` are pieces."""
    number = tag("span", f"{count:,}", "count")
    yield f'<details class="group"{" open" if is_open else ""}><summary>{title} {number} {about}</summary><div>\n'
    yield from inside
    yield "</div></details>\n"


def code(text: str) -> str:
    """Write a text letter for letter."""
    return tag("code", shown(text))


def compact(value: object) -> str:
    """Write a value as JSON that ends somewhere."""
    text = json.dumps(value, separators=(", ", ": "))
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} ... ({len(text):,} letters)"


def both(expected: object, answered: object) -> tuple[str, str]:
    """Write two values; of two lists of numbers or texts, what differs is marked."""
    if not (is_flat(expected) and is_flat(answered)):
        return shown(compact(expected)), shown(compact(answered))
    assert isinstance(expected, list) and isinstance(answered, list)
    gone = object()
    pairs = list(zip_longest(expected, answered, fillvalue=gone))
    left, right = ([(pair[side], pair[0] != pair[1]) for pair in pairs if pair[side] is not gone] for side in (0, 1))
    return listed(left), listed(right)


def is_flat(value: object) -> bool:
    """Tell whether a value is a short list of what is no list."""
    return isinstance(value, list) and len(value) <= 200 and not any(isinstance(one, list | dict) for one in value)


def listed(items: Iterable[tuple[object, bool]]) -> str:
    """Write a list, with marks."""
    pieces = ((shown(json.dumps(one)), differs) for one, differs in items)
    return f"[{', '.join(tag('mark', piece) if differs else piece for piece, differs in pieces)}]"
