"""Expectations from a run: a file is begun, or brought up to date line by line, so that what people wrote stays."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from genspec.conform.expectations.blocks import block_for, blocks_of, comment_of, extent
from genspec.conform.expectations.expected import Expectations, Expected, group_of, is_drawn
from genspec.conform.expectations.file import BadExpectations, key_on, line_of, parsed, quoted
from genspec.conform.kit.report import Report, Result, word_of

LONGEST = 120
"""Letters of a reason that the kit writes."""
BEGUN = """\
# What {name} is expected to get wrong. genspec conform {target} --expectations THIS-FILE
# fails on anything else, and on what is not true any more. A reason is for people: --update-expectations changes what
# has changed, and leaves alone what you wrote about the rest.
version = 1
drawn = ""

[cases]

[groups]
"""


@dataclass(frozen=True, slots=True)
class Updated:
    """The new text of a file, and how many entries it gained, lost and kept."""

    text: str
    added: int
    removed: int
    kept: int


def updated(text: str | None, name: str, report: Report, ids: Collection[str]) -> Updated:
    """Make a file say what a run has shown. `text`: what it says now; None when there is none yet.

    Entries of cases that were not run stay. Groups of drawn calls are replaced by those of a whole run, and added to by
    a run of some clauses. Raises `BadExpectations` for a text that cannot be changed line by line.
    """
    text = BEGUN.format(name=printed(report.decoder.name), target=printed(report.target)) if text is None else text
    old = parsed(text, name)
    wanted = replace(old, cases=cases_after(old, report, ids), groups=groups_after(old, report))
    if replaces_groups(old, report):
        wanted = replace(wanted, drawn=report.run.drawn)
    lines = require_lines(text.split("\n"), old)
    lines = with_drawn(lines, wanted.drawn)
    for table, before, after in (("cases", old.cases, wanted.cases), ("groups", old.groups, wanted.groups)):
        lines = with_entries(lines, table, before, after)
    return Updated("\n".join(lines), *counted(old, wanted))


def printed(text: str) -> str:
    """Give a text for a comment: on one line, without what TOML refuses there."""
    return text.encode("unicode_escape").decode("ascii")


def cases_after(old: Expectations, report: Report, ids: Collection[str]) -> dict[str, Expected]:
    """Give what is expected of published and placed cases after a run."""
    seen = {result.id: result for result in report.results if not is_drawn(result.id)}
    kept = {
        name: expected for name, expected in old.cases.items()
        if (name not in seen and name in ids) or (name in seen and still(expected, seen[name]))
    }
    return kept | {name: changed(old.cases.get(name), result) for name, result in seen.items()
                   if result.failed and name not in kept}


def groups_after(old: Expectations, report: Report) -> dict[str, Expected]:
    """Give what is expected of drawn calls after a run."""
    seen: dict[str, list[Result]] = {}
    for result in report.results:
        if is_drawn(result.id) and result.failed:
            seen.setdefault(group_of(result), []).append(result)
    kept = {} if replaces_groups(old, report) else dict(old.groups)
    for group, results in seen.items():
        before = old.groups.get(group)
        words = sorted({word_of(one.verdict.kind) for one in results})
        if before is not None and set(words) <= set(before.verdicts):
            kept[group] = before
        elif before is not None:
            kept[group] = replace(before, verdicts=tuple(dict.fromkeys((*before.verdicts, *words))))
        else:
            kept[group] = Expected(tuple(words), reason_of(results[0]))
    return kept


def replaces_groups(old: Expectations, report: Report) -> bool:
    """Tell whether a run shows what drawn calls show: it drew the same ones again, or calls of all clauses."""
    run = report.run
    return bool(run.complete and run.drawn and (not run.clauses or run.drawn == old.drawn))


def still(expected: Expected, result: Result) -> bool:
    """Tell whether a case does what is expected of it."""
    word = word_of(result.verdict.kind)
    return word in expected.verdicts or (not result.failed and "conforms" in expected.verdicts)


def changed(before: Expected | None, result: Result) -> Expected:
    """Give what is expected of a case that fails in another way, or for the first time."""
    verdicts = (word_of(result.verdict.kind),)
    return Expected(verdicts, reason_of(result)) if before is None else replace(before, verdicts=verdicts)


def reason_of(result: Result) -> str:
    """Write a reason until a person writes a better one."""
    verdict = result.verdict
    text = f"[{', '.join(verdict.clauses)}] {verdict.reason}" if verdict.clauses else verdict.reason
    text = " ".join(text.split())
    return text if len(text) <= LONGEST else f"{text[:LONGEST - 4]} ..."


def require_lines(lines: list[str], old: Expectations) -> list[str]:
    """Raise `BadExpectations` unless every entry stands on a line of its own."""
    found = [key for line in lines if (key := key_on(line)) is not None]
    for key in (*old.cases, *old.groups):
        if key not in found:
            raise BadExpectations(f"{old.file}: an update needs the entry {key!r:.80} on one line: "
                                  f"{line_of(key[:40], Expected(('violates',), '...'))}")
    return lines


def with_drawn(lines: list[str], drawn: str) -> list[str]:
    """Write which calls were drawn, above the first table."""
    new = f"drawn = {quoted(drawn)}"
    top = next((number for number, line in enumerate(lines) if line.lstrip().startswith("[")), len(lines))
    for number, line in enumerate(lines[:top]):
        if line.replace(" ", "").startswith("drawn="):
            return [*lines[:number], new, *lines[number + 1:]] if drawn else lines
    return [*lines[:top], new, "", *lines[top:]] if drawn else lines


def with_entries(
    lines: list[str], table: str, before: Mapping[str, Expected], after: Mapping[str, Expected]
) -> list[str]:
    """Write the entries of a table. The lines of those that stay as they are, and all other lines, are not touched."""
    new = {key: line_of(key, expected) for key, expected in after.items() if before.get(key) != expected}
    start, end = extent(lines, table)
    if start is None:
        return [*lines, f"[{table}]", *(new[key] for key in sorted(new)), ""] if new else lines
    blocks = blocks_of(lines[start:end])
    for block in blocks:
        block.keep(after)
        block.entries = {key: new.pop(key) + comment_of(line) if key in new else line
                         for key, line in block.entries.items()}
    for key in sorted(new):
        block_for(key, blocks).add(key, new[key])
    return [*lines[:start], *(line for block in blocks for line in block.lines()), *lines[end:]]


def counted(old: Expectations, new: Expectations) -> tuple[int, int, int]:
    """Count what came, what went and what stayed."""
    before, after = ({("cases", key) for key in one.cases} | {("groups", key) for key in one.groups}
                     for one in (old, new))
    return len(after - before), len(before - after), len(after & before)
