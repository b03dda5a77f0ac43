"""The report as SARIF 2.1.0, which code hosts show beside the lines of a change."""

import json
from collections.abc import Iterable, Iterator
from pathlib import PurePath
from urllib.parse import quote

from genspec import __version__
from genspec.lint.check import Report
from genspec.lint.finding import Finding, Severity, Span, json_pointer
from genspec.lint.report.json import clean
from genspec.lint.rule import RULES, Rule

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}


def sarif_report(report: Report) -> Iterator[str]:
    """Yield a report as one SARIF log."""
    codes = sorted({finding.code for finding in report.findings})
    driver = {
        "name": "genspec", "version": __version__, "informationUri": "https://genspec.readthedocs.io",
        "rules": [descriptor(RULES[code]) for code in codes],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "artifacts": [{"location": place(path)} for path in report.files],
        "results": [result(finding, codes) for finding in report.findings],
    }
    yield json.dumps(clean({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}), indent=1) + "\n"


def descriptor(rule: Rule) -> dict[str, object]:
    """Describe a rule, as viewers show it beside its results."""
    return {
        "id": rule.code,
        "name": rule.name,
        "shortDescription": {"text": rule.name.replace("-", " ").capitalize()},
        "fullDescription": {"text": rule.rationale},
        "help": {"text": rule.help},
        "helpUri": rule.url,
        "defaultConfiguration": {"level": LEVELS[rule.severity]},
        "properties": {"clauses": list(rule.clauses)},
    }


def result(finding: Finding, codes: list[str]) -> dict[str, object]:
    """Write one finding. Its fingerprint does not change when lines are moved."""
    location = {"artifactLocation": place(finding.path), "region": region(finding.span)}
    logical = [{"fullyQualifiedName": json_pointer(finding.pointer)}] if finding.pointer else []
    return {
        "ruleId": finding.code,
        "ruleIndex": codes.index(finding.code),
        "level": LEVELS[finding.severity],
        "message": {"text": finding.sentences},
        "locations": [{"physicalLocation": location, **({"logicalLocations": logical} if logical else {})}],
        "partialFingerprints": {"genspec/v1": fingerprint(finding)},
    }


def place(path: str) -> dict[str, object]:
    """Write a path as a URI: relative ones stay so, since a log is read where the files are."""
    pure = PurePath(path)
    return {"uri": pure.as_uri() if pure.is_absolute() else quote(pure.as_posix(), errors="backslashreplace")}


def region(span: Span) -> dict[str, int]:
    """Write a span."""
    return {"startLine": span.line, "startColumn": span.column,
            "endLine": span.end_line, "endColumn": span.end_column}


def fingerprint(finding: Finding) -> str:
    """Name a finding by what stays when its file is edited elsewhere: rule, file, place in the document, message."""
    return short_hash((finding.code, finding.path, json_pointer(finding.pointer), finding.message))


def short_hash(parts: Iterable[str]) -> str:
    """Hash a few texts."""
    from hashlib import sha256

    return sha256("\0".join(parts).encode("utf-8", "backslashreplace")).hexdigest()[:32]
