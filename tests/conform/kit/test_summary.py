"""Reports without verdicts, as they are stored: of no machine."""

import pytest

from genspec.conform.report.summary import summary_of, without_folders


@pytest.mark.parametrize(("text", "left"), [
    ("failed at /a/ci/build 2/x.cpp:4", "failed at build 2/x.cpp:4"),
    ("File '/a/b/c.py', line 3", "File 'c.py', line 3"), ("see https://a.org/b/c", "see https://a.org/b/c"),
    ("tokens/second and a/b", "tokens/second and a/b"), ("top_p/p-1", "top_p/p-1"), ("1 / 2", "1 / 2"),
])
def test_folders_of_absolute_paths_are_left_out(text, left):
    assert without_folders({"reasons": [text], "count": 1}) == {"reasons": [left], "count": 1}


def test_of_the_coverage_the_counts_are_left():
    classes, rows = {"run": 2, "skipped": 1, "no case": 0}, [{"parameter": "top_k", "run": 2}]
    report = {"version": 1, "coverage": {"classes": classes, "rows": rows}, "verdicts": []}
    assert summary_of(report)["coverage"] == classes
    assert "coverage" not in summary_of({"version": 1, "verdicts": []}), "one case covers nothing"
