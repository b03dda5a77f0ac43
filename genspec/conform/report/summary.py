"""The report without its verdicts: counts, what each failure has to do with, and one example of each kind.

The pages of docs/conformance are made of these.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from genspec.conform.capabilities import acting, mode_of
from genspec.conform.kit.report import COUNTED, FAILING, Report, word_of
from genspec.conform.report.json import report_to_json

Json = Mapping[str, Any]
WORDS = {word_of(kind): word for kind, word in COUNTED.items()}
"""Under which word each verdict is counted."""
FAILED = frozenset(word_of(kind) for kind in FAILING)
EXAMPLE = ("reason", "prompt", "row", "step", "expected", "answered", "case", "shrunk", "input", "command")
"""The members of a verdict that an example keeps."""
FOLDERS = re.compile(r"(?<![\w:/.])(?:/[\w.+~-]+)+/(?=[\w.+-])")
"""The folders of an absolute path, up to the name of the file."""
MOST_REASONS = 20
"""Reasons why cases were not asked, the most frequent ones."""


def lines(report: Report) -> Iterator[str]:
    """Write a report."""
    yield json.dumps(without_folders(summary_of(report_to_json(report))), indent=1) + "\n"


def without_folders(value: Any) -> Any:
    """Leave the folders out of the absolute paths in texts: they tell of one machine, an engine's builder's perhaps."""
    if isinstance(value, str):
        return FOLDERS.sub("", value)
    if isinstance(value, Mapping):
        return {name: without_folders(item) for name, item in value.items()}
    return [without_folders(item) for item in value] if isinstance(value, list | tuple) else value


def summary_of(report: Json) -> dict[str, Any]:
    """Give the summary of a report, both as values that JSON has."""
    verdicts = report["verdicts"]
    failed = [one for one in verdicts if one["verdict"] in FAILED]
    return {
        **{name: value for name, value in report.items() if name not in ("verdicts", "coverage")},
        **({"coverage": report["coverage"]["classes"]} if "coverage" in report else {}),
        "levels": counts((one["level"], one) for one in verdicts),
        "pages": counts((page, one) for one in verdicts if one["asked"] for page in pages_of(one)),
        "unsupported": [
            {"reason": reason, "count": count} for reason, count in Counter(
                one.get("reason", "") for one in verdicts if one["verdict"] == "unsupported"
            ).most_common(MOST_REASONS)
        ],
        "failures": [failure_of(one) for one in failed],
        "deviations": [{**failure_of(one), "deviation": one["deviation"]} for one in by_size(
            one for one in verdicts if one["verdict"] == "known_deviation")],
        "examples": examples(failed),
    }


def counts(named: Iterator[tuple[str, Json]]) -> dict[str, dict[str, int]]:
    """Count verdicts by name, under the words of the summary."""
    found: dict[str, Counter[str]] = {}
    for name, one in named:
        found.setdefault(name, Counter())[WORDS[one["verdict"]]] += 1
    return {name: dict(found[name]) for name in sorted(found)}


def pages_of(verdict: Json) -> set[str]:
    """Name the pages of the specification that a case has to do with."""
    return {head if number.isdigit() else clause
            for clause in verdict["clauses"] for head, _, number in (clause.rpartition("-"),)}


def failure_of(verdict: Json) -> dict[str, Any]:
    """Say of a failure what it is, and what its case has to do with."""
    under = [one.get("point") or "several" for one in verdict.get("conforms_under", ())]
    return {
        "id": verdict["id"], "level": verdict["level"], "verdict": verdict["verdict"],
        "difference": verdict.get("difference", ""), "violated": verdict.get("violated", []),
        "features": features_of(verdict), **({"conforms_under": under} if under else {}),
    }


def features_of(verdict: Json) -> list[str]:
    """Name what is in the case of a failure: its mode, the fields that are set, its operations, how many prompts."""
    given = verdict.get("input") or {}
    if verdict["level"] in ("L0", "L1"):
        return sorted({one["operation"] for one in given.get("operations", [given]) if "operation" in one})
    config = given.get("config")
    found = set(acting(config, [])) | set(mode_of(config))
    if "prompts" in given:
        found.add("batch" if len({len(prompt) for prompt in given["prompts"]}) == 1 else "ragged batch")
    ends = config.get("eos_token_id") if isinstance(config, Mapping) else None
    found.add("no EOS" if ends is None or ends == [] else "several EOS ids" if several(ends) else "one EOS id")
    if isinstance(config, Mapping) and "model" in given:
        size, beams = given["model"]["vocab_size"], config.get("num_beams") or 1
        found |= {*(["one token"] if size == 1 else []), *(["more beams than tokens"] if beams > size else [])}
    if "source" in given:
        sources = given["source"] if "prompts" in given else [given["source"]]
        ids = set(ends if isinstance(ends, list) else [ends])
        found |= {"encoder-decoder", *("EOS in a source" for source in sources if ids.intersection(source))}
    return sorted(found)


def several(ends: object) -> bool:
    """Tell whether there is more than one id."""
    return isinstance(ends, Sequence) and len(ends) > 1


def examples(failed: Sequence[Json]) -> dict[str, Json]:
    """Give the shortest failure of each kind, by its id."""
    least: dict[object, Json] = {}
    for one in failed:
        kind = (one["level"], one["verdict"], one.get("difference"), tuple(one.get("violated", ())))
        if kind not in least or size(one) < size(least[kind]):
            least[kind] = one
    return {one["id"]: {name: one[name] for name in EXAMPLE if name in one} for one in least.values()}


def by_size(verdicts: Iterable[Json]) -> list[Json]:
    """Give the smallest case first."""
    return sorted(verdicts, key=size)


def size(verdict: Json) -> int:
    """Measure a case."""
    return len(json.dumps(verdict.get("input")))
