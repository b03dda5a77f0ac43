"""The report for programs."""

import json

from hypothesis import given
from hypothesis import strategies as st

from genspec.lint.check import Report
from genspec.lint.finding import Edit, Finding, Fix, Severity, Span
from genspec.lint.report.json import json_report


def finding(**changes):
    usual = {
        "code": "GS201", "name": "some-rule", "severity": Severity.WARNING, "message": "message", "path": "path",
        "pointer": ("eos_token_id", 0), "span": Span(2, 3, 4, 5), "clause": "MODE-2", "help": "help", "url": "url",
        "fix": None,
    }
    return Finding(**(usual | changes))


def written(*findings):
    return json.loads("".join(json_report(Report(findings, ("path", "other")))))


def test_the_shape_is_the_documented_one():
    assert written(finding()) == {
        "version": 1,
        "findings": [
            {
                "code": "GS201", "name": "some-rule", "severity": "warning", "message": "message", "path": "path",
                "pointer": "/eos_token_id/0", "line": 2, "column": 3, "end_line": 4, "end_column": 5,
                "clause": "MODE-2", "help": "help", "url": "url", "fix": None, "confidence": "high",
            }
        ],
        "summary": {"files": 2, "errors": 0, "warnings": 1, "infos": 0, "fixed": 0},
        "notes": [],
    }


def test_edits_are_a_json_patch():
    edits = (
        Edit("add", ("do_sample",), True),
        Edit("replace", ("top_k",), None),
        Edit("remove", ("a/b",)),
        Edit("move", ("do_sampling",), to=("do_sample",)),
    )
    assert written(finding(fix=Fix("Do it", edits, safe=False)))["findings"][0]["fix"] == {
        "message": "Do it",
        "safe": False,
        "edits": [
            {"op": "add", "path": "/do_sample", "value": True},
            {"op": "replace", "path": "/top_k", "value": None},
            {"op": "remove", "path": "/a~1b"},
            {"op": "move", "from": "/do_sampling", "path": "/do_sample"},
        ],
    }


@given(st.text(st.characters()), st.floats() | st.sampled_from([10**5000, -(10**5000)]))
def test_every_name_and_number_gives_strict_unicode_json(name, number):
    fix = Fix("f", (Edit("add", (name,), {name: [number]}),), safe=True)
    text = "".join(json_report(Report((finding(path=name, message=name, fix=fix),), (name,))))
    text.encode()
    json.dumps(json.loads(text), ensure_ascii=False, allow_nan=False).encode()
