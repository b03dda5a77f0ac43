"""docs/spec/deviations.md, made of the data."""

from collections.abc import Iterable, Sequence

from genspec.conform.deviations.beams import BEAMS
from genspec.conform.deviations.calls import CALLS
from genspec.conform.deviations.deviation import Deviation
from genspec.conform.deviations.drafts import DRAFTS
from genspec.conform.deviations.layered import LAYERED
from genspec.conform.deviations.older import OLDER
from genspec.conform.deviations.reading import READING
from genspec.conform.deviations.rows import ROWS
from genspec.conform.deviations.scores import SCORES
from genspec.conform.deviations.values import VALUES

HEAD = """\
# Deviations of transformers

Where transformers decides otherwise than the specification. Each was run; the tests that are named for it fail once it
disappears, and a campaign (docs/guide/campaign.md) counts it where it shows. This page is made of the data in
`genspec/conform/deviations`; `make docs` writes it.

A refusal that only comes later, or with another exception, is no deviation: transformers reads `num_beams` 0 and ends
in ZeroDivisionError in `generate`, which is a refusal.

Versions: those in which it was run. "source" was read there, not run. Releases from 4.57 back were run by hand, by
`make matrix`, or are recorded in `tests/reference/recorded`; 5.23.0 is run by the suite.

Examples: the model is a table: after token t the logits are line t. `generate` has P = 3 unless said.
"""

PARTS = (
    ("What is read and decided", (*READING, *VALUES)),
    ("What is done with scores and rows", (*SCORES, *BEAMS, *ROWS, *CALLS, *DRAFTS)),
    ("What older releases do", OLDER),
    ("Contrastive search, DoLa and groups", LAYERED),
)
"""Headings with what stands below them."""


def deviations_page() -> str:
    """Return the page."""
    return "\n".join([HEAD, *(line for title, ones in PARTS for line in part(title, ones))]).rstrip("\n") + "\n"


def part(title: str, ones: Sequence[Deviation]) -> list[str]:
    """Return a part of the page: what differs, then examples and tests."""
    return [
        f"## {title}", "",
        *table(
            ("id", "when", "transformers", "the specification", "clauses", "versions"),
            ((one.id, one.when, one.does, one.specified, ", ".join(one.clauses), str(one.versions)) for one in ones),
        ),
        "",
        *table(
            ("id", "example", "what comes", "tests, in `tests/`"),
            ((one.id, one.example, one.shows, "; ".join(f"`{test}`" for test in one.tests)) for one in ones),
        ),
        "",
    ]


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return the lines of a table."""
    return [f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *rows)]
