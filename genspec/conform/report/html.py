"""The report as one web page that needs nothing but itself: no script, no font, no other file."""

from collections.abc import Iterator
from pathlib import Path

from genspec.conform.kit.report import Report
from genspec.conform.report.page.coverage import coverage
from genspec.conform.report.page.failures import expectations, failures
from genspec.conform.report.page.overview import overview
from genspec.conform.report.page.parts import code, shown
from genspec.conform.report.page.rest import ambiguous, deviations, everything, unsupported
from genspec.conform.report.page.semantics import laws, semantics

STYLE = Path(__file__).with_name("page") / "style.css"
SECTIONS = (overview, failures, expectations, semantics, laws, deviations, ambiguous, unsupported, coverage, everything)


def lines(report: Report) -> Iterator[str]:
    """Write a report: what is wrong first."""
    yield '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
    yield f"<title>{shown(report.decoder.name)}: genspec conform</title>\n"
    yield f"<style>\n{STYLE.read_text(encoding='utf-8')}</style></head><body><main>\n"
    for section in SECTIONS:
        yield from section(report)
    yield f"<footer>{code(' '.join([*report.verb, report.target]))} with genspec {shown(report.run.genspec)}</footer>\n"
    yield "</main></body></html>\n"
