"""The report as GitLab's code quality report."""

import json
from collections import Counter
from collections.abc import Iterator

from genspec.lint.check import Report
from genspec.lint.finding import Finding, Severity
from genspec.lint.report.json import clean
from genspec.lint.report.sarif import fingerprint, short_hash

SEVERITIES = {Severity.ERROR: "critical", Severity.WARNING: "major", Severity.INFO: "info"}


def gitlab_report(report: Report) -> Iterator[str]:
    """Yield a report as one JSON list. Fingerprints are unique in it, which GitLab asks for."""
    seen: Counter[str] = Counter()
    issues = []
    for finding in report.findings:
        name = fingerprint(finding)
        seen[name] += 1
        issues.append(issue(finding, name if seen[name] == 1 else short_hash((name, str(seen[name])))))
    yield json.dumps(clean(issues), indent=1) + "\n"


def issue(finding: Finding, name: str) -> dict[str, object]:
    """Write one finding."""
    span = finding.span
    return {
        "description": finding.message,
        "check_name": f"{finding.code} {finding.name}",
        "fingerprint": name,
        "severity": SEVERITIES[finding.severity],
        "location": {"path": finding.path, "positions": {
            "begin": {"line": span.line, "column": span.column},
            "end": {"line": span.end_line, "column": span.end_column},
        }},
    }
