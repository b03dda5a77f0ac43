"""Pages of engines: made of stored runs, every finding explains something, and what nothing explains is seen."""

import json

import pytest
from support.strategies import described
from test_docs import ROOT

from genspec.conform import run
from genspec.conform.engines.data import LABELS, Runs, runs_in
from genspec.conform.engines.finding import Finding, explained, stale
from genspec.conform.engines.findings import findings_of
from genspec.conform.engines.matrix import engine_pages, matrix_page
from genspec.conform.engines.page import engine_page
from genspec.conform.report import summary
from genspec.dialects import NAMES, dialect_named

STORED = ROOT / "docs" / "conformance" / "data" / "engines"
EVERY = {runs.dialect.name: runs for runs in runs_in(STORED)}


def failure(**given):
    return {"id": "drawn/0/1", "level": "L3", "verdict": "violates", "difference": "tokens",
            "violated": ["TOP-K-2"], "features": ["sample", "top_k"], **given}


@pytest.mark.parametrize("name", NAMES)
def test_every_finding_explains_a_failure_of_a_stored_run(name):
    runs, known = EVERY.get(name), findings_of(name)
    assert runs is not None or not known, f"{name} has findings and no run"
    assert not stale({} if runs is None else runs.by_label, known)
    assert len({one.id for one in known}) == len(known), "an id is used twice"
    assert {one.label for one in known} <= set(LABELS)


@pytest.mark.parametrize(("finding", "explains"), [
    (Finding("A-1", "", "", "bug", clauses=("TOP-K",)), True),
    (Finding("A-1", "", "", "bug", clauses=("TOP-K-2",), differences=("tokens",), features=("sample",)), True),
    (Finding("A-1", "", "", "bug", clauses=("TOP-K-21",)), False),
    (Finding("A-1", "", "", "bug", clauses=("TOP",)), True),
    (Finding("A-1", "", "", "bug", differences=("batch",)), False),
    (Finding("A-1", "", "", "bug", features=("beam_search",)), False),
    (Finding("A-1", "", "", "bug", without=("top_k",)), False),
])
def test_a_finding_explains_what_it_names_and_nothing_else(finding, explains):
    assert finding.explains(failure()) is explains


def test_the_first_finding_that_fits_explains_and_the_rest_is_stale():
    first, second = Finding("A-1", "", "", "bug"), Finding("A-2", "", "", "bug")
    assert list(explained([failure()], [first, second])) == ["A-1"]
    assert stale({"": {"failures": [failure()]}}, [first, second]) == ["A-2"]
    assert list(explained([failure()], [])) == [""]


def test_a_process_that_a_case_has_damaged_ends_in_any_case_or_in_none():
    damages = Finding("A-1", "x", "y", "bug", features=("beam_search",), anywhere=("SIGABRT",))
    assert damages.explains(failure(difference="SIGABRT", features=["greedy"]))
    assert not damages.explains(failure(difference="tokens", features=["greedy"]))
    assert not stale({"": {"failures": []}}, [damages])


class Wrong:
    """A decoder that takes the second best token."""

    def __init__(self):
        self.info = {"name": "wrong", "version": "1.0", "dtype": "float64", "profile": "hf"}
        self.capabilities = {"modes": ["greedy"], "fields": ["max_new_tokens"], "refuses": False}

    def decode(self, request):
        row = list(request.prompt)
        for _ in range(request.config.get("max_new_tokens", 20)):
            scores = request.model(row)
            row.append(sorted(range(len(scores)), key=lambda token: -scores[token])[min(1, len(scores) - 1)])
        return [row]


def test_a_summary_keeps_counts_features_and_an_example_of_each_kind():
    report = run(Wrong(), max_cases=12, levels=["L3"], shrink_seconds=0, infer_seconds=0)
    data = json.loads("".join(summary.lines(report)))
    said = described(summary=data["summary"], pages=data["pages"], failures=data["failures"])
    assert len(data["failures"]) == data["summary"]["violates"] > 0, said
    assert data["pages"]["GREEDY"]["violates"] > 0 and data["levels"]["L3"], said
    assert "verdicts" not in data
    assert all({"greedy", "no EOS"} <= set(one["features"]) for one in data["failures"]), said
    kinds = {(one["difference"], tuple(one["violated"])) for one in data["failures"]}
    assert len(data["examples"]) == len(kinds), said
    assert all("input" in one and "command" in one for one in data["examples"].values())


def test_what_nothing_explains_stands_on_the_page():
    report = run(Wrong(), max_cases=12, levels=["L3"], shrink_seconds=0, infer_seconds=0)
    data = json.loads("".join(summary.lines(report)))
    page = engine_page(Runs(dialect_named("ctranslate2"), "0.0", {"": data}))
    assert "### Not explained: GREEDY-1, tokens" in page
    assert "again     genspec conform" in page
    assert "**" in matrix_page([Runs(dialect_named("ctranslate2"), "0.0", {"": data})])


def test_pages_are_made_of_all_runs(tmp_path):
    for name in ("ctranslate2-4.8.5", "ctranslate2-4.10.0", "ctranslate2-4.10.0-as-hf"):
        version = name.split("-")[1]
        (tmp_path / f"{name}.json").write_text(json.dumps(stored(version)))
    pages = engine_pages(tmp_path)
    assert set(pages) == {"README.md", "ctranslate2.md"}
    assert "Version 4.10.0" in pages["ctranslate2.md"] and "## Held to transformers" in pages["ctranslate2.md"]


def stored(version):
    """Give a run of nothing."""
    return {
        "decoder": {"target": "ctranslate2", "name": "ctranslate2", "version": version, "profile": "ctranslate2"},
        "run": {"profile": "ctranslate2", "seed": 0, "max_cases": None}, "summary": {"conforms": 1}, "levels": {},
        "pages": {"GREEDY": {"conforms": 1}}, "unsupported": [], "failures": [], "examples": {},
    }
