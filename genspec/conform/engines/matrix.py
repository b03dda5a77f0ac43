"""docs/conformance/README.md: engines side by side, page by page of the specification."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from genspec.conform.deviations.page import table
from genspec.conform.engines.data import Runs, runs_in
from genspec.conform.engines.decoders import TITLES, decoder_page, decoders_in
from genspec.conform.engines.finding import explained
from genspec.conform.engines.findings import findings_of
from genspec.conform.engines.page import engine_page

Json = Mapping[str, Any]
HEAD = """\
# Engines, held to the specification

Each engine runs, and each number here is counted from a run: `make engines` installs an engine in an environment of
its own and asks it the cases of the kit, under the profile that it declares ([guide](../guide/engines.md)).
genspec's own [decoder on torch](torch.md) and releases of [transformers](transformers-runs.md) are asked the same by
`make decoders`. `make docs` writes these pages from what is stored in `data/engines/`. Releases of transformers have
[campaigns](transformers.md), too.
"""
FAILED = ("violates", "errored", "timed_out")


def engine_pages(folder: Path) -> dict[str, str]:
    """Return the pages by their paths below docs/conformance. `folder`: of the stored runs."""
    engines, decoders = runs_in(folder), decoders_in(folder)
    pages = {f"{runs.dialect.name}.md": engine_page(runs) for runs in engines}
    pages |= {f"{TITLES[name][1]}.md": decoder_page(name, every) for name, every in decoders.items()}
    ours = [runs for every in decoders.values() for runs in every]
    return {"README.md": matrix_page([*ours, *engines]), **pages}


def matrix_page(every: Sequence[Runs]) -> str:
    """Return the page with the matrix."""
    return "\n".join((
        HEAD, "## Runs\n", *run_table(every), "",
        "Known are deviations of transformers that have an [id](../spec/deviations.md). Explained are those failures",
        "whose cause is on the page of the engine.\n",
        "## The matrix\n",
        "Cases that have to do with a page of the specification. **2 of 9**: 2 of them violate a clause of the page,",
        "known deviations included.",
        "Empty: the engine is not asked, for it has no such field, or nobody outside can see what it does.\n",
        *matrix(every),
    )) + "\n"


def run_table(every: Sequence[Runs]) -> list[str]:
    """Say what was run, a line an engine."""
    return table(
        ("engine", "version", "profile", "cases", "conform", "known", "fail", "explained", "choice points that differ"),
        (run_line(runs) for runs in every),
    )


def run_line(runs: Runs) -> tuple[str, ...]:
    """Write the line of an engine."""
    run = runs.by_label[""]
    failed = sum(run["summary"].get(word, 0) for word in FAILED)
    known = run["summary"].get("known_deviation", 0)
    findings = [one for one in findings_of(runs.dialect.name) if not one.label]
    unexplained = len(explained(run["failures"], findings).get("", ()))
    points = run.get("profile", {}).get("points", ())
    differ = [f"`{one['point']}`" for one in points if one["status"] == "inferred"]
    return (
        f"[{runs.dialect.title}]({runs.dialect.name}.md)", runs.version, f"`{runs.dialect.profile}`",
        f"{asked(run['summary']):,}", f"{run['summary']['conforms']:,}",
        f"{known:,}" if known else "", f"{failed:,}",
        f"{failed - unexplained:,}" if failed else "", ", ".join(differ),
    )


def asked(counts: Json) -> int:
    """Count the cases that were answered, or failed."""
    return sum(count for word, count in counts.items() if word != "unsupported")


def matrix(every: Sequence[Runs]) -> list[str]:
    """Write the pages of the specification as lines, the engines as columns."""
    runs = [one.by_label[""] for one in every]
    names = sorted({name for run in runs for name, counts in run["pages"].items() if asked(counts)})
    return table(
        ("page", *(titled(one, every) for one in every)),
        ((link(name), *(cell(asked(run["pages"].get(name, {})), blamed(run, name)) for run in runs)) for name in names),
    )


def blamed(run: Json, page: str) -> int:
    """Count the failures in which a clause of a page is violated."""
    wrong = (*run["failures"], *run.get("deviations", ()))
    return sum(any(clause.rpartition("-")[0] == page for clause in one["violated"]) for one in wrong)


def titled(runs: Runs, every: Sequence[Runs]) -> str:
    """Head a column: with the version where a decoder has several."""
    several = sum(one.dialect.name == runs.dialect.name for one in every) > 1
    return f"{runs.dialect.title} {runs.version}" if several else runs.dialect.title


def link(name: str) -> str:
    """Link a page of the specification."""
    file = name.lower().replace("-", "_")
    return f"[{file}](../spec/{NAMES_OF_PAGES.get(file, file)}.md)"


NAMES_OF_PAGES = {"tokens": "special_tokens", "assisted": "assisted"}
"""Pages whose clauses are called otherwise."""


def cell(total: int, wrong: int) -> str:
    """Write how many cases there were, and in how many of them a clause of the page is violated."""
    return "" if not total else f"**{wrong:,} of {total:,}**" if wrong else f"{total:,}"
