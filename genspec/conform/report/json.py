"""The report as JSON. Its members: docs/guide/conform.md."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from genspec.conform.kit.report import VERSION, Report, result_to_json
from genspec.conform.report.command import command


def lines(report: Report) -> Iterator[str]:
    """Write a report, a line a verdict."""
    data = report_to_json(report)
    verdicts = data.pop("verdicts")
    head = json.dumps(data, indent=1)
    yield head[:-2] + ',\n "verdicts": ['
    yield ",".join("\n  " + json.dumps(verdict, separators=(",", ":")) for verdict in verdicts)
    yield "\n ]\n}\n"


def report_to_json(report: Report) -> dict[str, Any]:
    """Give a report as values that JSON has."""
    return {
        "version": VERSION,
        "decoder": {"target": report.target, **asdict(report.decoder), "capabilities": dict(report.capabilities)},
        "run": {**asdict(report.run), "status": report.status},
        "summary": report.summary,
        "verdicts": [
            result_to_json(result) | ({"command": command(report, result)} if result.failed and result.case else {})
            for result in report.results
        ],
    }
