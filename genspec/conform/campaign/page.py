"""docs/conformance/transformers.md, made of the summaries of campaigns in docs/conformance/data."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from genspec.conform.deviations.page import table
from genspec.conform.verdict import Kind

Data = Mapping[str, Any]
"""A summary as `genspec campaign --json` prints it."""

HEAD = """\
# transformers, release by release

Random calls of `generate`, each given to transformers and to the reference under the profile that fits the release,
and judged ([campaigns](../guide/campaign.md)). Where transformers is known to differ, the
[deviation](../spec/deviations.md) is counted. `make matrix` runs these campaigns; this page is made of their summaries
in `data/`, and `make docs` writes it.
"""
RIGHT = (Kind.CONFORMS, Kind.REJECTED)
"""Verdicts that say: as specified."""


def campaigns_page(folder: Path) -> str:
    """Return the page. `folder`: of the summaries."""
    runs = summaries(folder)
    parts = (
        ("Campaigns", campaigns(runs)),
        ("Modes", features(runs, "modes", "mode")),
        ("Features", features(runs, "features", "feature")),
        ("Known deviations that showed", deviations(runs)),
    )
    said = (f"## {title}\n\n" + "\n".join(lines) + "\n" for title, lines in parts)
    return "\n".join((HEAD, *said))


def summaries(folder: Path) -> list[Data]:
    """Read the summaries, newest release first."""
    runs = [json.loads(path.read_text("utf-8")) for path in folder.glob("*.json")]
    return sorted(runs, key=lambda run: tuple(map(int, run["decoder"]["version"].split("."))), reverse=True)


def campaigns(runs: Sequence[Data]) -> list[str]:
    """Say what was run and what became of it, a line a release."""
    kinds = [kind for kind in Kind if any(kind in run["verdicts"] for run in runs)]
    lines = table(
        ("release", "profile", "seed", "cases", *kinds, "ambiguous"),
        ((run["decoder"]["version"], f"`{run['campaign']['profile']}`", str(run["campaign"]["seed"]),
          f"{run['cases']:,}", *(f"{run['verdicts'].get(kind, 0):,}" for kind in kinds),
          f"{run['ambiguous_share']:.2%}") for run in runs),
    )
    unexplained = sum(run["unexplained"] for run in runs)
    none = "No case violates, errors or times out: each that departs from the specification is a known deviation."
    return [*lines, "", "What violates, errors or times out is not explained yet." if unexplained else none]


def features(runs: Sequence[Data], part: str, name: str) -> list[str]:
    """Say of each mode or feature how many cases had it, and how many of those were as specified."""
    rows = sorted({row for run in runs for row in run[part]})
    lines = table(
        (name, *(run["decoder"]["version"] for run in runs)),
        ((row, *(cell(run[part].get(row, {})) for run in runs)) for row in rows),
    )
    return ["Cases that transformers could be asked, and the share in which it did as specified. The rest is known",
            "deviations, and what rounding leaves open.", "", *lines]


def cell(counts: Mapping[str, int]) -> str:
    """Write how many cases there were, and the share of those that are as specified."""
    asked = sum(counts.values()) - counts.get(Kind.UNSUPPORTED, 0)
    return f"{asked:,}: {sum(counts.get(kind, 0) for kind in RIGHT) / asked:.1%}" if asked else "not asked"


def deviations(runs: Sequence[Data]) -> list[str]:
    """Count how often each known deviation showed."""
    return table(
        ("id", *(run["decoder"]["version"] for run in runs)),
        ((f"[{one}](../spec/deviations.md)", *(f"{run['deviations'].get(one, 0):,}" for run in runs))
         for one in in_order(one for run in runs for one in run["deviations"])),
    )


def in_order(ids: Iterable[str]) -> list[str]:
    """Sort ids by their numbers."""
    return sorted(set(ids), key=lambda one: int(one.partition("-")[2]))
