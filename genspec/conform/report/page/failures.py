"""The part of a page that shows what failed, clause by clause."""

from collections import Counter
from collections.abc import Iterator, Sequence

from genspec.conform.cases.weight import weight
from genspec.conform.kit.report import Report, Result, word_of
from genspec.conform.report.command import command
from genspec.conform.report.page.parts import both, code, compact, folded, heading, shown, table, tag, verdict
from genspec.conform.verdict import Kind, Verdict

WHOLE = 4
"""Cases of one clause that are shown whole; the others have a line each."""
OPEN = 3
"""Clauses that are open from the start."""
SMALL = 700
"""Letters of an input that is shown without a click."""


def failures(report: Report) -> Iterator[str]:
    """Write the failures, by the first clause that they violate: the most frequent first."""
    groups: dict[str, list[Result]] = {}
    for one in report.failures:
        groups.setdefault(clause_of(one), []).append(one)
    if not groups:
        return
    yield heading("Failures that are not expected" if report.held is not None else "Failures", len(report.failures))
    ranked = sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))
    for place, (clause, results) in enumerate(ranked):
        yield from folded(code(clause), len(results), cases(report, results), place < OPEN, differences(results))


def clause_of(result: Result) -> str:
    """Name the clause under which a failure is shown."""
    return next(iter(result.verdict.clauses or result.clauses), "no clause")


def differences(results: Sequence[Result]) -> str:
    """Say what differs in the cases of a clause."""
    counts = Counter(one.verdict.difference or str(one.verdict.kind) for one in results)
    return tag("span", shown(", ".join(name for name, _ in counts.most_common(4))), "count")


def cases(report: Report, results: Sequence[Result]) -> Iterator[str]:
    """Write the cases of a clause: a few whole, those made small, simple ones and one of each kind first."""
    ranked = sorted(results, key=lambda one: (not one.shrunk, weight(one.level, one.input or {})))
    kinds: dict[object, Result] = {}
    for one in ranked:
        kinds.setdefault((one.level, one.verdict.kind, one.verdict.difference), one)
    first = list(kinds.values())
    ordered = [*first, *(one for one in ranked if one not in first)]
    for one in ordered[:WHOLE]:
        yield from case(report, one)
    if len(ordered) > WHOLE:
        yield f'<details><summary class="soft">{len(ordered) - WHOLE:,} more</summary>\n'
        yield from table(("case", "level", "what", "again"), (
            (code(short(one.id)), one.level, shown(one.verdict.reason[:200]), code(command(report, one)))
            for one in ordered[WHOLE:]), ("nowrap", ""))
        yield "</details>\n"


def case(report: Report, result: Result) -> Iterator[str]:
    """Write one case: what, where, what was expected and what came, on which input, and how to see it again."""
    said = result.verdict
    yield f'<div class="case"><h3>{tag("span", shown(short(result.id)), "id")}{"".join(tags(result))}</h3>\n'
    yield tag("p", shown(said.reason)) + "\n"
    if said.expected is not None and not is_told(said):
        left, right = both(said.expected, said.answered)
        yield f'<div class="sides"><div><h4>expected</h4><pre>{left}</pre></div>'
        yield f"<div><h4>answered</h4><pre>{right}</pre></div></div>\n"
    elif said.answered is not None and str(said.answered)[:9] not in said.reason:
        yield f'<div class="sides"><div><h4>answered</h4><pre>{shown(compact(said.answered))}</pre></div></div>\n'
    for under in result.conforms_under:
        yield tag("p", f"Conforms under {shown(under)}.", "note") + "\n"
    if result.input is not None:
        text, name = compact(result.input), "smallest input" if result.shrunk else "input"
        yield (f'<details{" open" if len(text) <= SMALL else ""}><summary class="label">{name}</summary>'
               f"<pre>{shown(text)}</pre></details>\n")
    if result.case:
        yield f'<pre class="command">{shown(command(report, result))}</pre>\n'
    yield "</div>\n"


def is_told(said: Verdict) -> bool:
    """Tell whether the reason has both values already."""
    single = not any(isinstance(value, list | dict) for value in (said.expected, said.answered))
    return single and "expected" in said.reason and str(said.answered)[:9] in said.reason


def tags(result: Result) -> Iterator[str]:
    """Name the level, the places, the other clauses."""
    said = result.verdict
    yield tag("span", result.level, "tag")
    if said.kind is not Kind.VIOLATES:
        yield tag("span", shown(said.kind), "tag alarm")
    places = ((word, getattr(said, word)) for word in ("prompt", "row", "step"))
    yield from (tag("span", f"{word} {number}", "tag") for word, number in places if number is not None)
    if said.margin is not None:
        yield tag("span", f"margin {said.margin:.3g}", "tag")
    yield from (tag("span", shown(clause), "tag") for clause in said.clauses[1:5])


def short(name: str) -> str:
    """Give a name that is not too long to be read."""
    return name if len(name) <= 90 else f"{name[:87]}..."


def expectations(report: Report) -> Iterator[str]:
    """Write what failed as expected, and which expectations are not true any more."""
    held = report.held
    if held is None:
        return
    yield heading("Expectations")
    yield tag("p", f"{code(held.file)}: {len(report.expected_failures):,} failed as expected, {len(report.failures):,} "
                   f"failed and are not expected to, {len(held.stale):,} are expected and not true any more.", "soft")
    if held.stale:
        yield from folded("Not true any more", len(held.stale), table(
            ("expectation", "now"), ((code(one.key), shown(one.why)) for one in held.stale)), True)
    if report.expected_failures:
        yield from folded("Failed as expected", len(report.expected_failures), table(
            ("case", "verdict", "reason"),
            ((code(short(one.id)), verdict(word_of(one.verdict.kind)), shown(held.expected[one.id]))
             for one in report.expected_failures), ("", "nowrap", "rest")))
    if held.unseen:
        yield from folded("Did not show: other calls were drawn for the file", len(held.unseen), table(
            ("group",), ((code(one),) for one in held.unseen)))
