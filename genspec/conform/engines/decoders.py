"""The decoders that genspec has itself, beside the engines: our own on torch, and releases of transformers."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from genspec.conform.deviations import DEVIATIONS
from genspec.conform.deviations.page import table
from genspec.conform.engines.data import Runs, numbers
from genspec.conform.engines.page import run_parts
from genspec.dialects import Dialect

Json = Mapping[str, Any]
TITLES: Mapping[str, tuple[str, str]] = {
    "torch": ("genspec on torch", "torch"),
    "transformers": ("transformers", "transformers-runs"),
}
"""Of each decoder its title, and its page without the ending."""
HEADS: Mapping[str, str] = {
    "torch": """\
# genspec.backends.torch

Our own [decoder on torch](../guide/torch.md), held to the specification as an engine is. `make decoders` runs it and
stores in `data/engines/` what `make docs` makes this page of.
""",
    "transformers": """\
# transformers, as the kit sees it

`generate` of several releases, each held to the profile that it declares, as an engine is: published vectors, placed
and drawn calls, laws. Where a release is known to differ, the [deviation](../spec/deviations.md) is named. Random calls
by the ten thousand are in [transformers.md](transformers.md). `make decoders` runs the kit and stores in
`data/engines/` what `make docs` makes this page of.
""",
}


def decoders_in(folder: Path) -> dict[str, list[Runs]]:
    """Read the runs of each decoder, the newest release first; of our own only the newest."""
    found: dict[str, list[Runs]] = {}
    for name in TITLES:
        paths = {numbers(path, name): path for path in folder.glob(f"{name}-[0-9]*.json")}
        runs = [runs_of(name, json.loads(paths[version].read_text("utf-8"))) for version in sorted(paths, reverse=True)]
        found |= {name: runs[:1] if name == "torch" else runs} if runs else {}
    return found


def runs_of(name: str, run: Json) -> Runs:
    """Give the run of a release, with what an engine's dialect tells: there are no options to spell."""
    (title, page), version, profile = TITLES[name], run["decoder"]["version"], run["decoder"]["profile"]
    said = Dialect(page, title, name, name, version, version, profile, "generate", (), ())
    return Runs(said, version, {"": run})


def decoder_page(name: str, every: Sequence[Runs]) -> str:
    """Return the page of a decoder."""
    return "\n".join(parts(name, every)).rstrip() + "\n"


def parts(name: str, every: Sequence[Runs]) -> Iterator[str]:
    """Write the page, a release after the other."""
    yield HEADS[name]
    for runs in every:
        run = runs.by_label[""]
        text = f"Held to the profile `{runs.dialect.profile}`."
        yield from run_parts("", run, (), heading=(f"{runs.dialect.title} {runs.version}", text))
        yield from deviations(run)


def deviations(run: Json) -> Iterator[str]:
    """Name the known deviations that a run has shown, how often, and a case of each."""
    known = run.get("deviations", ())
    if not known:
        return
    counts = Counter(one for failure in known for one in failure["deviation"].split(", "))
    first = {one: failure["id"] for failure in reversed(known) for one in failure["deviation"].split(", ")}
    yield f"### Known deviations of {run['decoder']['version']}\n"
    yield "\n".join(table(
        ("id", "cases", "when", "what it does", "a case"),
        ((f"[{one}](../spec/deviations.md)", f"{counts[one]:,}", DEVIATIONS[one].when, DEVIATIONS[one].does,
          f"`{first[one]}`") for one in sorted(counts, key=lambda one: int(one.partition("-")[2]))),
    )) + "\n"
