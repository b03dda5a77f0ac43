"""The report as JSON, version 1. Every string in it is valid Unicode, whatever the names of files and keys are."""

import json
import math
from collections.abc import Iterator

from genspec.lint.check import Report
from genspec.lint.finding import Edit, Finding, Fix, Severity, json_pointer

VERSION = 1
SURROGATE = "\\ud"
"""How half of a surrogate pair begins in JSON; whether it is a lone one, a closer look tells."""

LARGEST = 10**300
"""Beyond, no reader takes an integer, and Python does not write those of more than 4,300 digits."""


def json_report(report: Report) -> Iterator[str]:
    """Yield a report as one JSON object."""
    findings = ",".join(f"\n{encoded(finding_value(finding))}" for finding in report.findings)
    summary = {
        "files": len(report.files),
        "errors": report.count(Severity.ERROR),
        "warnings": report.count(Severity.WARNING),
        "infos": report.count(Severity.INFO),
        "fixed": report.fixed,
    }
    rest = f'"summary": {encoded(summary)}, "notes": {encoded(list(report.notes))}'
    yield f'{{"version": {VERSION}, "findings": [{findings}], {rest}}}\n'


def finding_value(finding: Finding) -> dict[str, object]:
    """Return a finding as JSON spells it."""
    return {
        "code": finding.code,
        "name": finding.name,
        "severity": str(finding.severity),
        "message": finding.message,
        "path": finding.path,
        "pointer": json_pointer(finding.pointer),
        "line": finding.span.line,
        "column": finding.span.column,
        "end_line": finding.span.end_line,
        "end_column": finding.span.end_column,
        "clause": finding.clause,
        "help": finding.help,
        "url": finding.url,
        "fix": fix_value(finding.fix) if finding.fix else None,
        "confidence": finding.confidence,
    }


def fix_value(fix: Fix) -> dict[str, object]:
    """Return a fix; its edits are a JSON Patch (RFC 6902)."""
    return {"message": fix.message, "safe": fix.safe, "edits": [edit_value(edit) for edit in fix.edits]}


def edit_value(edit: Edit) -> dict[str, object]:
    """Return one operation of a JSON Patch."""
    where = json_pointer(edit.pointer)
    if edit.op == "move":
        return {"op": "move", "from": where, "path": json_pointer(edit.to or ())}
    value = {} if edit.op == "remove" else {"value": edit.value}
    return {"op": edit.op, "path": where, **value}


def encoded(value: object) -> str:
    """Encode a value, on one line, in the fast way unless it holds what strict readers refuse."""
    try:
        text = json.dumps(value, allow_nan=False)
    except ValueError:                          # NaN, an infinity, an integer of thousands of digits
        text = SURROGATE
    return json.dumps(clean(value), allow_nan=False) if SURROGATE in text else text


def clean(value: object) -> object:
    """Spell out what strict JSON readers refuse: lone surrogates, NaN, the infinities, endless integers."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, int) and abs(value) > LARGEST:
        return f"{value:#x}"
    if isinstance(value, dict):
        return {str(clean(key)): clean(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [clean(item) for item in value]
    return value
