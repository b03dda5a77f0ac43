"""The summary of a campaign, for people."""

import json
from collections.abc import Iterator

from genspec.cli.campaigning.run import Ran
from genspec.conform.campaign.call_json import call_to_json
from genspec.conform.campaign.finding import Finding
from genspec.conform.verdict import Kind
from genspec.lint.report.printable import printable


def summary_lines(done: Ran) -> Iterator[str]:
    """Write a summary, findings first."""
    summary = done.summary
    for finding in summary.findings:
        yield from finding_lines(finding, done.folder)
        yield ""
    decoder, campaign = summary.decoder, summary.campaign
    yield f"{decoder.name} {decoder.version}, {decoder.dtype}, profile {campaign.profile}, seed {campaign.seed}"
    missing = f" ({summary.missing:,} not run)" if summary.missing else ""
    yield f"{summary.cases:,} cases in {done.seconds:.0f} s{missing}"
    for kind in Kind:
        if kind in summary.verdicts:
            count = summary.verdicts[kind]
            yield f"  {kind:22} {count:9,}  {count / summary.cases:8.3%}"
    yield "Modes"
    for mode, counts in summary.modes.items():
        apart = ", ".join(f"{count:,} {kind}" for kind, count in counts.items() if kind != Kind.CONFORMS)
        yield f"  {mode:22} {sum(counts.values()):9,}  {apart}".rstrip()
    if summary.deviations:
        yield "Known deviations that showed"
        for name, count in summary.deviations.items():
            yield f"  {name:22} {count:9,}"


def finding_lines(finding: Finding, folder: str) -> Iterator[str]:
    """Write a finding: what differs, the call, both answers, and how to run it again."""
    signature = finding.signature
    clauses = f" [{', '.join(signature.clauses)}]" if signature.clauses else ""
    yield printable(f"{finding.id}: {signature.verdict}, {signature.mode}, {signature.difference}{clauses}")
    yield printable(f"  {finding.message}")
    yield f"  seen {finding.occurrences:,} times, first in chunk {finding.chunk}, case {finding.index}"
    yield printable(f"  {json.dumps(call_to_json(finding.call))}")
    yield from (printable(f"  expected  {line}") for line in finding.expected.splitlines())
    yield from (printable(f"  answered  {line}") for line in finding.answer.splitlines())
    yield f"  genspec campaign --replay {folder}/findings/{finding.id}.json"
