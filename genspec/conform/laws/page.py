"""The table of docs/guide/laws.md."""

import re

from genspec.config.profiles import PROFILES
from genspec.conform.laws.catalogue import ALL
from genspec.conform.laws.sketch import Sketch
from genspec.conform.laws.trial import trial_of

TABLE = re.compile(r"(?<=^\| --- \| --- \| --- \| --- \|\n)(?:\|[^\n]*\n)*", re.MULTILINE)


def with_laws(page: str) -> str:
    """Write the laws into the page."""
    return TABLE.sub("".join(map(row_of, ALL)), page)


def row_of(sketch: Sketch) -> str:
    """Write a law as a row of the table, under the first profile that has it."""
    profile = next(name for name in PROFILES if sketch.request(name) is not None)
    trial = trial_of(sketch.name, profile, "float64")
    draws = f"{trial.enough:,}" + ("" if profile == "hf" else f" ({profile})")
    orders = sum(label.startswith("order ") for label in trial.needed)
    others = [label for label in trial.needed if not label.startswith("order ")]
    others += [f"{orders} other order{'s' if orders > 1 else ''}"] if orders else []
    found = "; ".join(others or ["draws that are copies"])
    return f"| {sketch.name} | {', '.join(sketch.clauses)} | {draws} | {found} |\n"
