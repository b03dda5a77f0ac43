"""The report as JUnit XML: what servers read of it, whatever a decoder or a person wrote."""

from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st
from support.kit_reports import held_reports, report_of
from support.strategies import described

from genspec.conform.kit.report import Report, Result
from genspec.conform.report import junit
from genspec.conform.verdict import Kind, Verdict

SHAPE = {
    "testsuites": (set(), ["testsuite*"]),
    "testsuite": ({"id", "package", "name", "hostname", "timestamp", "tests", "failures", "errors", "skipped", "time"},
                  ["properties", "testcase*", "system-out", "system-err"]),
    "properties": (set(), ["property*"]),
    "property": ({"name", "value"}, []),
    "testcase": ({"classname", "name", "time"}, ["failure?", "error?", "skipped?"]),
    "failure": ({"type", "message"}, []), "error": ({"type", "message"}, []), "skipped": ({"message"}, []),
    "system-out": (set(), []), "system-err": (set(), []),
}
"""Of each element the attributes, all of which are there, and the elements in it, in order: what the schemas of Ant and
of Jenkins have in common."""


def require_shape(element: ElementTree.Element) -> None:
    attributes, inside = SHAPE[element.tag]
    assert set(element.keys()) == attributes, described(tag=element.tag, attributes=element.attrib)
    left = [child.tag for child in element]
    for one in inside:
        name, many = one.rstrip("*?"), one[-1] == "*"
        count = next((place for place, tag in enumerate(left) if tag != name), len(left))
        assert many or count == 1 or (one[-1] == "?" and count == 0), described(tag=element.tag, wanted=one, left=left)
        left = left[count:]
    assert not left, described(tag=element.tag, left=left)
    for child in element:
        require_shape(child)


def read(report: Report) -> ElementTree.Element:
    return ElementTree.fromstring("".join(junit.lines(report)).encode())


@given(held_reports())
def test_every_report_is_valid_and_counts_right(report: Report) -> None:
    root = read(report)
    require_shape(root)
    cases = [case for suite in root for case in suite if case.tag == "testcase"]
    stale = 0 if report.held is None else len(report.held.stale)
    assert len(cases) == len(report.results) + stale, described(report=report)
    for suite in root:
        for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert int(suite.get(attribute, "")) == len(suite.findall(f"testcase/{tag}")), described(report=report)
        assert int(suite.get("tests", "")) == len(suite.findall("testcase"))
    failing = len(root.findall("*/testcase/failure")) + len(root.findall("*/testcase/error"))
    assert (failing > 0) == (report.status == 1) and failing == len(report.failures) + stale, described(report=report)


@given(st.text(st.characters(), max_size=12))
def test_any_text_arrives_or_is_spelled_out(said: str) -> None:
    verdict = Verdict(Kind.VIOLATES, said, ("TOP-P-2",), "scores", expected=[said], answered=said)
    failure = read(report_of([Result("a/b", "L0", ("TOP-P-2",), verdict, case="a/b")])).find("*/*/failure")
    assert failure is not None
    message = failure.get("message")
    assert message == f"violates: {junit.legal(said)}", described(said=said, message=message)
    assert "genspec conform simple:factory --case a/b" in (failure.text or "")


def test_the_fate_of_each_verdict() -> None:
    kinds = {
        Kind.CONFORMS: "", Kind.REJECTED: "", Kind.VIOLATES: "failure", Kind.ERRORED: "error", Kind.TIMED_OUT: "error",
        Kind.AMBIGUOUS: "skipped", Kind.UNSUPPORTED: "skipped", Kind.KNOWN_DEVIATION: "skipped",
    }
    assert set(kinds) == set(Kind)
    verdicts = [Verdict(kind, "why", deviation="DEV-14" if "known" in kind else None) for kind in kinds]
    results = [Result(f"a/{one.kind.value}", "L0", (), one) for one in verdicts]
    cases = read(report_of(results)).findall("*/testcase")
    assert ["".join(child.tag for child in case) for case in cases] == list(kinds.values())
    (known,) = (case[0].get("message") for case in cases if "known" in case.get("name", ""))
    assert known == "known deviation DEV-14: why"
