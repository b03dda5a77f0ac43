"""Reports as JSON against their schema, and as pages: whatever is in them."""

import json
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.kit_reports import held_reports, report_of
from support.strategies import described

from genspec.conform import report as reports
from genspec.conform import run
from genspec.conform.kit.report import Report, Result
from genspec.conform.report import html
from genspec.conform.report import json as as_json
from genspec.conform.report.page.parts import both
from genspec.conform.verdict import Kind, Verdict

VOID = {"meta"}
FOREIGN = ("src", "href", "srcset", "action", "onclick", "onload")


@cache
def validator() -> Any:
    schema = json.loads((Path(reports.__file__).parent / "schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@given(held_reports())
def test_every_report_is_as_the_schema_says(report: Report) -> None:
    validator().validate(json.loads("".join(as_json.lines(report))))


@pytest.mark.parametrize("name", ["Levelled", "Deaf", "Raising", "Crashing", "NotANumber"])
def test_the_report_of_a_run_is_as_the_schema_says(name: str) -> None:
    report = run(f"support.kit_fakes:{name}", max_cases=30, levels=["L0", "L3"], shrink_seconds=2.0)
    validator().validate(json.loads("".join(as_json.lines(report))))
    assert page("".join(html.lines(report))).text.count("genspec conform support.kit_fakes:") > len(report.failures[:2])


@pytest.mark.parametrize("change", [
    lambda data: data.update(version=2), lambda data: data.pop("run"), lambda data: data.update(more=1),
    lambda data: data["verdicts"][0].update(verdict="fine"), lambda data: data["verdicts"][0].update(step=-1),
    lambda data: data["summary"].update(violates=-1), lambda data: data["run"].update(status=2),
])
def test_the_schema_refuses_what_is_no_report(change: Any) -> None:
    data = json.loads("".join(as_json.lines(report_of([Result("a/b", "L0", (), Verdict(Kind.CONFORMS))]))))
    validator().validate(data)
    change(data)
    with pytest.raises(jsonschema.ValidationError):
        validator().validate(data)


class Page(HTMLParser):
    """Reads a page, and notices what does not belong there."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.faults: list[str] = []
        self.text = ""
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.faults += [f"<{tag} {name}>" for name, _ in attrs if name in FOREIGN]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        self.text += data


def page(text: str) -> Page:
    read = Page()
    read.feed(text)
    read.close()
    assert not read.faults and not read.open, described(faults=read.faults, open=read.open)
    assert not read.seen & {"script", "link", "img", "iframe", "a"} and "url(" not in text and "@import" not in text
    return read


@given(held_reports())
def test_every_report_is_a_page_that_needs_nothing_else(report: Report) -> None:
    read = page("".join(html.lines(report)))
    for word, count in report.summary.items():
        assert not count or f"{word.replace('_', ' ')} {count}" in read.text, described(word=word, text=read.text)
    for one in report.held.stale if report.held is not None else ():
        assert one.key.isprintable() <= (one.key in read.text), described(key=one.key)


@given(st.text(st.characters(), max_size=12))
def test_no_text_becomes_markup(said: str) -> None:
    verdict = Verdict(Kind.VIOLATES, f"<script>{said}</script>", (said,), said, expected=[said], answered=f"<b>{said}")
    read = page("".join(html.lines(report_of([Result(f"a/{said}", "L0", (said,), verdict, case=said)]))))
    assert "<script>" in read.text and (not said.isprintable() or said in read.text), described(said=said)


def test_what_differs_in_two_lists_is_marked() -> None:
    assert both([1, 2], [1, 3, 4]) == ("[1, <mark>2</mark>]", "[1, <mark>3</mark>, <mark>4</mark>]")
    assert both([1.0], [1.0]) == ("[1.0]", "[1.0]") and both([[1]], [2]) == ("[[1]]", "[2]")
    assert both("a", None) == ("&quot;a&quot;", "null")
