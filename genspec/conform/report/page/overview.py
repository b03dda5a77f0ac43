"""The top of a page: which decoder, what a run was, what it has shown, level by level."""

from collections import Counter
from collections.abc import Iterator

from genspec.conform.kit.report import AGREED, COUNTED, NOTHING_RAN, Report
from genspec.conform.question import LEVELS
from genspec.conform.report.page.parts import bar, code, shown, table, tag, verdict
from genspec.conform.report.text import end_of

MEANING = {
    "L0": "one operation", "L1": "the pipeline", "L2": "selection", "L3": "the whole loop",
    "L4": "the law of the samples",
}


def overview(report: Report) -> Iterator[str]:
    """Write the top."""
    info, run = report.decoder, report.run
    yield '<header><div class="over">genspec conform</div>'
    yield f"<h1>{shown(info.name)} <small>{shown(info.version)}</small></h1>\n"
    yield tag("p", status(report)) + "\n"
    facts = {"numbers": info.dtype, "profile": run.profile, "seed": run.seed, "cases asked": f"{run.asked:,}",
             "took": f"{run.seconds:.1f} s", "genspec": run.genspec, "started": run.started.replace("T", " ")}
    yield tag("div", "".join(f"<span>{shown(name)} <b>{shown(value)}</b></span>"
                             for name, value in facts.items() if value != ""), "facts") + "</header>\n"
    yield from notes(report)
    yield f'<div class="card">{bar(report.summary.items())}<div class="legend">'
    yield from (f"<span>{verdict(word)} <b>{count:,}</b></span>" for word, count in report.summary.items() if count)
    yield "</div></div>\n"
    yield from levels(report)


def status(report: Report) -> str:
    """Say in a few words what the run has shown."""
    if report.status == NOTHING_RAN:
        return tag("span", "Nothing was run", "status")
    if report.status == AGREED:
        expected = len(report.expected_failures)
        return tag("span", f"As expected: {expected:,} known failures" if expected else "No violation", "status good")
    stale = len(report.held.stale) if report.held is not None else 0
    failed = "failed" if report.held is None else "failed unexpectedly"
    parts = [f"{len(report.failures):,} {failed}"] if report.failures else []
    parts += [f"{stale:,} stale"] if stale else []
    return tag("span", ", ".join(parts), "status bad")


def notes(report: Report) -> Iterator[str]:
    """Say what has to be known before the numbers are read."""
    if not report.run.complete:
        yield tag("p", f"The run is not complete{shown(end_of(report))}.", "note") + "\n"
    for wrong in report.run.smoke:
        yield tag("p", f"A trivial question: {shown(wrong)}", "note alarm") + "\n"
    if report.run.clauses:
        yield tag("p", f"Only cases of {', '.join(map(code, report.run.clauses))}.", "note") + "\n"


def levels(report: Report) -> Iterator[str]:
    """Write the verdicts level by level."""
    words = [word for word, count in report.summary.items() if count]
    counts = {level: Counter(COUNTED[one.verdict.kind] for one in report.results if one.level == level)
              for level in LEVELS}
    rows = [
        [f"<b>{level}</b> {tag('span', MEANING[level], 'soft')}", *(number(found[word]) for word in words),
         bar((word, found[word]) for word in words)]
        for level, found in counts.items() if found
    ]
    yield '<div class="card">'
    yield from table(("level", *(word.replace("_", " ") for word in words), ""), rows,
                     ("name", *["number"] * len(words), "wide"))
    yield "</div>\n"


def number(count: int) -> str:
    """Write a number; zero quietly."""
    return f"{count:,}" if count else tag("span", "0", "zero")
