"""docs/conformance/ENGINE.md: what runs of an engine showed, and what explains it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from genspec.conform.deviations.page import table
from genspec.conform.engines.data import LABELS, Runs
from genspec.conform.engines.finding import Finding, explained
from genspec.conform.engines.findings import findings_of
from genspec.dialects import Dialect

Json = Mapping[str, Any]
KINDS = {"choice": "made on purpose", "bug": "a bug", "limit": "a limit"}
WIDE = 300
"""Letters of a value that are shown."""
MOST_REASONS = 8


def engine_page(runs: Runs) -> str:
    """Return the page of an engine."""
    return "\n".join(parts(runs)).rstrip() + "\n"


def parts(runs: Runs) -> Iterator[str]:
    """Write the page, a block after the other."""
    dialect, findings = runs.dialect, findings_of(runs.dialect.name)
    yield f"# {dialect.title}\n"
    yield (f"Version {runs.version}, `{dialect.install}`, held to the profile "
           f"[{dialect.profile}](../spec/profiles.md).\n"
           "`make engines` runs it and stores in `data/engines/` what `make docs` makes this page of.\n")
    for label, run in runs.by_label.items():
        yield from run_parts(label, run, [one for one in findings if one.label == label])
    yield from dialect_part(runs)


def run_parts(
    label: str, run: Json, findings: Sequence[Finding], heading: tuple[str, str] | None = None
) -> Iterator[str]:
    """Write what a run showed. `heading`: another title and text than those of the label."""
    title, text = heading or LABELS[label]
    yield f"## {title}\n"
    yield f"{text}\n"
    yield f"    {command_of(run)}\n"
    yield "\n".join(level_table(run)) + "\n"
    yield from unsupported(run)
    yield from semantics(run)
    yield from failures(run, findings, "Not explained" if label != "as-hf" else "Differs")


def command_of(run: Json) -> str:
    """Write the command of a run."""
    asked = run["run"]
    words = ["genspec", "conform", run["decoder"]["target"]]
    if asked["profile"] != run["decoder"]["profile"]:
        words += ["--profile", asked["profile"]]
    if asked.get("max_cases"):
        words += ["--max-cases", str(asked["max_cases"])]
    return " ".join([*words, "--seed", str(asked["seed"])])


def level_table(run: Json) -> list[str]:
    """Count the verdicts of each level."""
    words = [word for word, count in run["summary"].items() if count]
    return table(
        ("level", *(word.replace("_", " ") for word in words)),
        ((level, *(f"{counts.get(word, 0):,}" for word in words)) for level, counts in run["levels"].items()),
    )


def unsupported(run: Json) -> Iterator[str]:
    """Say what was not asked, and why."""
    reasons = run["unsupported"]
    if reasons:
        yield "Not asked, most often:\n"
        yield "\n".join(f"- {one['count']:,}: {one['reason']}" for one in reasons[:MOST_REASONS]) + "\n"


def semantics(run: Json) -> Iterator[str]:
    """Show the profile that fits the answers, choice point by choice point."""
    found = run.get("profile")
    shown = [one for one in found["points"] if one["status"] != "not shown"] if found else []
    if not found or not shown:
        return
    yield f"The answers fit the profile `{found['best']}` best. The choice points that the cases tell apart:\n"
    yield "\n".join(table(
        ("choice point", "declared", "fits", "cases"),
        ((f"`{one['point']}`", short(one["declared"]), short(one["option"]) if one["status"] == "inferred" else "=",
          f"{one['cases']:,}") for one in shown),
    )) + "\n"


def short(option: str) -> str:
    """Write an option that fits in a table."""
    return option if len(option) < 60 else f"{option[:57]}..."


def failures(run: Json, findings: Sequence[Finding], left: str) -> Iterator[str]:
    """Write every group of failures: explained ones first, in the order of the findings.

    `left`: how a group is headed that no finding explains. Held to another profile an engine is to differ.
    """
    found = explained(run["failures"], findings)
    if not found:
        yield f"Nothing violates the profile{' but known deviations' if run.get('deviations') else ''}.\n"
        return
    for one in findings:
        if one.id in found:
            yield f"### {one.id}: {one.title}\n"
            yield f"{KINDS[one.kind].capitalize()}, {cases(len(found[one.id]))}. {one.cause}\n"
            yield from example(run, found[one.id])
    others = found.get("", ())
    for point, group in by_point(others).items():
        yield f"### Another option of `{point}`\n"
        yield f"{cases(len(group)).capitalize()} that conform under it. {alike(group)}\n"
        yield from example(run, group)
    for group in groups([one for one in others if not one.get("conforms_under")]):
        yield f"### {left}: {said(group[0])}\n"
        yield f"{cases(len(group)).capitalize()}. {alike(group)}\n"
        yield from example(run, group)


def by_point(failures: Sequence[Json]) -> dict[str, list[Json]]:
    """Group the failures that conform under another option by its choice point."""
    found: dict[str, list[Json]] = {}
    for one in failures:
        if one.get("conforms_under"):
            found.setdefault(one["conforms_under"][0], []).append(one)
    return dict(sorted(found.items()))


def cases(count: int) -> str:
    """Count cases."""
    return f"{count:,} case{'' if count == 1 else 's'}"


def groups(failures: Sequence[Json]) -> list[list[Json]]:
    """Group failures by what they violate, the greatest group first."""
    found: dict[str, list[Json]] = {}
    for failure in failures:
        found.setdefault(said(failure), []).append(failure)
    return sorted(found.values(), key=len, reverse=True)


def said(failure: Json) -> str:
    """Say in a few words what a failure is."""
    clauses = ", ".join(failure["violated"][:3]) or failure["verdict"].replace("_", " ")
    return f"{clauses}, {failure['difference']}" if failure["difference"] else clauses


def alike(group: Sequence[Json]) -> str:
    """Say what the cases of a group have in common."""
    shared = set(group[0]["features"]).intersection(*(one["features"] for one in group))
    return f"All have: {', '.join(sorted(shared))}." if shared else ""


def example(run: Json, group: Sequence[Json]) -> Iterator[str]:
    """Show the smallest case that was kept of a group."""
    kept = [(one, run["examples"][one["id"]]) for one in group if one["id"] in run["examples"]]
    if not kept:
        yield f"As `{group[0]['id']}`.\n"
        return
    failure, shown = min(kept, key=lambda pair: len(json.dumps(pair[1].get("input"))))
    yield "```text"
    for name, value in (
        ("violates", ", ".join(failure["violated"]) or failure["verdict"]), ("reason", shown.get("reason")),
        ("input", shown.get("input")), ("expected", shown.get("expected")), ("came", shown.get("answered")),
        ("again", shown.get("command")),
    ):
        if value is not None:
            text = value if isinstance(value, str) else json.dumps(value)
            yield f"{name:9} {text if len(text) <= WIDE or name == 'again' else text[:WIDE - 4] + ' ...'}"
    yield "```\n"


def dialect_part(runs: Runs) -> Iterator[str]:
    """Show how the engine spells each field."""
    yield "## Its dialect\n"
    yield from options(runs.dialect)
    if runs.dialect.encoder_decoder:
        yield from options(runs.dialect.encoder_decoder)


def options(dialect: Dialect) -> Iterator[str]:
    """Show the options of one call."""
    yield f"The options of `{dialect.call}`, for fields of a generation config.\n"
    yield "\n".join(table(
        ("field", "option", "written as", "left out", "off", "note"),
        ((f"`{one.field}`", f"`{one.name}`", one.spelling, value(one.default), value(one.off), one.note)
         for one in dialect.options),
    )) + "\n"
    if dialect.always:
        always = ", ".join(f"`{name}` = {given!r}" for name, given in dialect.always.items())
        yield f"Always sent, because the defaults mean something else or are not asked for: {always}.\n"


def value(given: object) -> str:
    """Write a value of an option."""
    return "" if given is None else f"`{given!r}`"
