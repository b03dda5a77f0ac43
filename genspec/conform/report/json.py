"""The report as JSON. Its members: docs/guide/conform.md."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from genspec.conform.coverage.table import coverage_to_json
from genspec.conform.inference.finding import semantics_to_json
from genspec.conform.kit.report import VERSION, Held, Report, Result, result_to_json
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
        **({} if report.held is None else {"expectations": expectations_to_json(report, report.held)}),
        **({} if report.semantics is None else {"profile": semantics_to_json(report.semantics)}),
        **({} if report.coverage is None else {"coverage": coverage_to_json(report.coverage)}),
        "verdicts": [verdict_to_json(report, result) for result in report.results],
    }


def verdict_to_json(report: Report, result: Result) -> dict[str, Any]:
    """Give a verdict: with the command of one that failed, and the reason of one that was expected to."""
    more: dict[str, Any] = {"command": command(report, result)} if result.failed and result.case else {}
    if report.held is not None and result.failed and result.id in report.held.expected:
        more["expected_failure"] = report.held.expected[result.id]
    return result_to_json(result) | more


def expectations_to_json(report: Report, held: Held) -> dict[str, Any]:
    """Give how the run compares with what was expected of it."""
    return {
        "file": held.file, "expected": len(report.expected_failures), "unexpected": len(report.failures),
        "stale": [asdict(stale) for stale in held.stale], "unseen": list(held.unseen),
    }
