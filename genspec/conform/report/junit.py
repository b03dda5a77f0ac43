"""The report as JUnit XML, which CI servers show: a suite a level, a test case a case.

Valid by the schemas of Ant and of Jenkins, the two that servers go by.
"""

import json
import re
import socket
from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

from genspec.conform.kit.report import Report, Result
from genspec.conform.question import LEVELS
from genspec.conform.report.command import command
from genspec.conform.report.text import brief
from genspec.conform.verdict import Kind

NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 has not."""
BEGINNING = "1970-01-01T00:00:00"
"""The time of a run that does not know when it was."""


def lines(report: Report) -> Iterator[str]:
    """Write a report. What did not conform and does not fail is skipped, with the reason."""
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n'
    present = [level for level in LEVELS if any(one.level == level for one in report.results)]
    for number, level in enumerate(present):
        yield from suite(report, level, number)
    if report.held is not None and report.held.stale:
        yield from stale(report, len(present))
    yield "</testsuites>\n"


def suite(report: Report, level: str, number: int) -> Iterator[str]:
    """Write the cases of a level."""
    results = [one for one in report.results if one.level == level]
    failures = {one.id for one in report.failures}
    written = [(one, fate(report, one, one.id in failures)) for one in results]
    counts = {name: sum(made.startswith(f"<{name}") for _, made in written) for name in ("failure", "error", "skipped")}
    yield head(report, f"genspec conform {level}", number, {
        "tests": len(results), "failures": counts["failure"], "errors": counts["error"], "skipped": counts["skipped"],
        "time": f"{sum(one.seconds for one in results):.3f}",
    })
    for one, made in written:
        page = attribute(f"{level}.{one.id.partition('/')[0]}" if not one.id.startswith("{") else level)
        case = f'<testcase classname={page} name={attribute(one.id)} time="{one.seconds:.3f}"'
        yield f"{case}>{made}</testcase>\n" if made else f"{case}/>\n"
    yield from foot(report)


def head(report: Report, name: str, number: int, numbers: dict[str, object]) -> str:
    """Begin a suite."""
    info, run = report.decoder, report.run
    counts = " ".join(f'{key}="{value}"' for key, value in numbers.items())
    properties = {
        "decoder": info.name, "version": info.version, "dtype": info.dtype, "profile": run.profile, "seed": run.seed,
        "genspec": run.genspec, "target": report.target, "complete": str(run.complete).lower(),
    }
    listed = "".join(f"<property name={attribute(key)} value={attribute(str(value))}/>\n"
                     for key, value in properties.items())
    where = f'hostname={attribute(socket.gethostname() or "localhost")} timestamp="{run.started or BEGINNING}"'
    named = f'id="{number}" package={attribute(info.name or "decoder")} name={attribute(name)}'
    return (f"<testsuite {named} {where} {counts}>\n"
            f"<properties>\n{listed}</properties>\n")


def foot(report: Report) -> Iterator[str]:
    """End a suite. What the trivial questions have shown is an error output."""
    yield "<system-out></system-out>\n"
    yield f"<system-err>{text(chr(10).join(report.run.smoke))}</system-err>\n</testsuite>\n"


def fate(report: Report, result: Result, fails: bool) -> str:
    """Write what became of a case; nothing where it conforms."""
    verdict = result.verdict
    if fails:
        name = "failure" if verdict.kind is Kind.VIOLATES else "error"
        said = attribute(f"{verdict.kind}: {verdict.reason}")
        return f"<{name} type={attribute(verdict.difference or str(verdict.kind))} message={said}>" \
               f"{text(details(report, result))}</{name}>"
    if verdict.kind in (Kind.CONFORMS, Kind.REJECTED):
        return ""
    return f"<skipped message={attribute(why_skipped(report, result))}/>"


def why_skipped(report: Report, result: Result) -> str:
    """Say why a case neither passes nor fails."""
    verdict = result.verdict
    if result.failed:
        assert report.held is not None
        return f"expected failure ({verdict.kind}): {report.held.expected[result.id] or verdict.reason}"
    known = f" {verdict.deviation}" if verdict.deviation else ""
    return f"{verdict.kind}{known}: {verdict.reason}" if verdict.reason else f"{verdict.kind}{known}"


def details(report: Report, result: Result) -> str:
    """Write a failure for people."""
    verdict = result.verdict
    parts = [verdict.reason, f"clauses   {', '.join(verdict.clauses or result.clauses)}"]
    places = ((word, getattr(verdict, word)) for word in ("prompt", "row", "step"))
    parts += [f"{word:9} {number}" for word, number in places if number is not None]
    if verdict.expected is not None:
        parts += [f"expected  {brief(verdict.expected)}", f"came      {brief(verdict.answered)}"]
    if verdict.margin is not None:
        parts.append(f"margin    {verdict.margin:.3g}")
    if result.input is not None:
        parts.append(f"{'smallest' if result.shrunk else 'input':9} {json.dumps(result.input, separators=(',', ':'))}")
    if result.case:
        parts.append(f"again     {command(report, result)}")
    return "\n".join(parts)


def stale(report: Report, number: int) -> Iterator[str]:
    """Write expectations that are not true any more, each a failure."""
    assert report.held is not None
    found = report.held.stale
    yield head(report, "genspec conform expectations", number,
               {"tests": len(found), "failures": len(found), "errors": 0, "skipped": 0, "time": "0.000"})
    for one in found:
        said = text(f"{report.held.file}: {one.key}: {one.why}")
        yield (f'<testcase classname="expectations" name={attribute(one.key)} time="0.000">'
               f'<failure type="stale" message={attribute(one.why)}>{said}</failure></testcase>\n')
    yield from foot(report)


def text(value: str) -> str:
    """Write a text. What XML has not is spelled out."""
    return escape(legal(value))


def attribute(value: str) -> str:
    """Write an attribute, in quotes."""
    return quoteattr(legal(value))


def legal(value: str) -> str:
    """Spell out the characters that XML has not."""
    return NO_XML.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), value)
