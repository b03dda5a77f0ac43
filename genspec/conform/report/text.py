"""The report for people: what is wrong first, then the numbers."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence

from genspec.conform.cases.weight import weight
from genspec.conform.kit.report import NOTHING_RAN, Report, Result
from genspec.conform.question import LEVELS
from genspec.conform.report import coverage, semantics
from genspec.conform.report.command import command
from genspec.conform.verdict import Kind
from genspec.lint.report.printable import printable

MOST = 12
"""Failures that are shown whole, of other kinds where there are; the rest is counted."""
WIDE = 400
"""Letters of an input that are shown."""
UNDER = 3
"""Options and profiles that are named with a failure."""


def lines(report: Report, whole: bool = False) -> Iterator[str]:
    """Write a report. `whole`: with every class of values and every choice point."""
    shown = chosen(report.failures)
    for result in shown:
        yield from failure(report, result)
        yield "\n"
    if len(shown) < len(report.failures):
        yield f"{len(report.failures) - len(shown):,} more failures, by clause:\n"
        yield from by_clause([one for one in report.failures if one not in shown])
        yield "\n"
    yield from totals(report)
    if report.semantics is not None:
        yield from semantics.lines(report.semantics, whole)
    if report.coverage is not None and report.semantics is not None:        # one case covers nothing
        yield from coverage.lines(report.coverage, whole)


def chosen(failures: Sequence[Result]) -> list[Result]:
    """Choose failures to show: one of each kind, those that were shrunk and those that combine least first."""
    kinds: dict[object, Result] = {}
    for one in sorted(failures, key=lambda one: (not one.shrunk, weight_of(one))):
        kinds.setdefault((one.level, one.verdict.kind, one.verdict.difference, one.verdict.clauses[:1]), one)
    return sorted(list(kinds.values())[:MOST], key=lambda one: (one.level, weight_of(one)))


def weight_of(result: Result) -> int:
    """Tell how much the least question combines that shows a failure."""
    return weight(result.level, result.input or {})


def failure(report: Report, result: Result) -> Iterator[str]:
    """Write one failure: what, where, under which clause, on which input, and how to see it again."""
    verdict = result.verdict
    clauses = ", ".join(verdict.clauses or result.clauses[:3])
    name = result.id if len(result.id) < 80 else f"{result.id[:77]}..."
    yield printable(f"{verdict.kind}: {name} ({result.level}) [{clauses}]") + "\n"
    yield printable(f"  {verdict.reason}") + "\n"
    places = ((word, getattr(verdict, word)) for word in ("prompt", "row", "step"))
    where = ", ".join(f"{word} {number}" for word, number in places if number is not None)
    if where:
        yield f"  at        {where}\n"
    if verdict.expected is not None:
        yield printable(f"  expected  {brief(verdict.expected)}") + "\n"
        yield printable(f"  came      {brief(verdict.answered)}") + "\n"
    if verdict.margin is not None:
        yield f"  margin    {verdict.margin:.3g}\n"
    if verdict.draws is not None:
        yield f"  draws     {verdict.draws:,}, e-value 10^{verdict.log10_e_value}\n"
    if result.input is not None:
        yield printable(f"  {'smallest' if result.shrunk else 'input'}{' ' * (2 if result.shrunk else 5)}"
                        f"{brief(result.input)}") + "\n"
    for one in result.conforms_under[:UNDER]:
        yield printable(f"  conforms under {one}") + "\n"
    if result.case:
        yield printable(f"  again     {command(report, result)}") + "\n"


def brief(value: object) -> str:
    """Write a value on one line that ends somewhere."""
    text = json.dumps(value, separators=(", ", ": "))
    return text if len(text) <= WIDE else f"{text[:WIDE - 4]} ..."


def by_clause(failures: Sequence[Result]) -> Iterator[str]:
    """Count failures by the first clause that they violate."""
    counts = Counter((one.verdict.clauses or one.clauses or ("?",))[0] for one in failures)
    for clause, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:MOST]:
        yield f"  {clause:32} {count:6,}\n"


def totals(report: Report) -> Iterator[str]:
    """Write the numbers."""
    info, run = report.decoder, report.run
    yield printable(f"{info.name} {info.version}, {info.dtype}, profile {run.profile}, seed {run.seed}") + "\n"
    for wrong in run.smoke:
        yield printable(f"  smoke     {wrong}") + "\n"
    yield f"{run.asked:,} cases in {run.seconds:.1f} s{end_of(report)}\n"
    yield from table(report)
    yield from unsupported(report)
    yield from deviations(report)
    yield from laws(report)
    yield from expectations(report)
    if report.run.without_case:
        yield printable(f"No case was selected by {', '.join(report.run.without_case)}.") + "\n"
    elif report.status == NOTHING_RAN:
        yield "Nothing was run: no case fits the selection and what the decoder can do.\n"


def end_of(report: Report) -> str:
    """Say why a run ended before its last case."""
    if report.run.complete:
        return ""
    if report.run.max_failures is not None and len(report.failures) >= report.run.max_failures:
        return ": enough failed before all cases were asked"
    return ": the time was over before all cases were asked"


def table(report: Report) -> Iterator[str]:
    """Write the verdicts level by level."""
    words = list(report.summary)
    counts = {level: Counter(word(one) for one in report.results if one.level == level) for level in LEVELS}
    present = [name for name in words if report.summary[name]]
    yield f"  {'':4}" + "".join(f"{name.replace('_', ' '):>17}" for name in present) + "\n"
    for level, row in counts.items():
        if row:
            yield f"  {level:4}" + "".join(f"{row[name]:17,}" for name in present) + "\n"


def word(result: Result) -> str:
    """Give the word under which a result is counted."""
    from genspec.conform.kit.report import COUNTED

    return COUNTED[result.verdict.kind]


def unsupported(report: Report) -> Iterator[str]:
    """Count what the decoder did not take part in, by reason."""
    reasons = Counter(one.verdict.reason for one in report.results if one.verdict.kind is Kind.UNSUPPORTED)
    if reasons:
        yield "Unsupported\n"
    for reason, count in reasons.most_common(MOST):
        yield printable(f"  {count:6,}  {reason:.120}") + "\n"
    if len(reasons) > MOST:
        others = sum(count for _, count in reasons.most_common()[MOST:])
        yield f"  {others:6,}  for {len(reasons) - MOST} other reasons\n"


def deviations(report: Report) -> Iterator[str]:
    """Count the known deviations that showed."""
    names = Counter(one.verdict.deviation for one in report.results if one.verdict.deviation)
    if names:
        yield "Known deviations (docs/spec/deviations.md)\n"
    for name, count in sorted(names.items()):
        yield f"  {count:6,}  {name}\n"
    if report.run.stale_deviations:
        yield f"Stale deviations, seen in this release before: {', '.join(report.run.stale_deviations)}\n"


def laws(report: Report) -> Iterator[str]:
    """Say what the laws of samples were tested with (docs/guide/laws.md)."""
    tried = [one.verdict for one in report.results if one.verdict.draws is not None]
    if tried:
        powers = [one.power for one in tried if one.power is not None]
        draws, rate = sum(one.draws or 0 for one in tried), sum(one.error_rate or 0 for one in tried)
        yield (f"{len(tried)} laws of samples, {draws:,} draws: a right decoder violates one with a probability of at "
               f"most {rate:.1g}")
        yield f"; what each tells apart is found with at least {min(powers)}\n" if powers else "\n"


def expectations(report: Report) -> Iterator[str]:
    """Say what failed as expected, what is new, and which expectations are not true any more."""
    held = report.held
    if held is None:
        return
    yield printable(f"Expectations ({held.file})") + "\n"
    yield f"  {len(report.expected_failures):6,}  failed as expected\n"
    yield f"  {len(report.failures):6,}  failed and are not expected to\n"
    yield f"  {len(held.stale):6,}  expected and not true any more{': --update-expectations' if held.stale else ''}\n"
    for stale in held.stale[:MOST]:
        yield printable(f"          {stale.key:.80}: {stale.why}") + "\n"
    if len(held.stale) > MOST:
        yield f"          and {len(held.stale) - MOST:,} more\n"
    if held.unseen:
        yield f"  {len(held.unseen):6,}  groups of drawn calls did not show; other calls were drawn for the file\n"
