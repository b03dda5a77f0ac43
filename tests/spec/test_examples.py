"""Every example of docs/spec, resolved. How a row is read stands in docs/spec/README.md."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from genspec.config.decision import Rejected
from genspec.config.generation_config import GenerationConfig
from genspec.config.mode import Mode
from genspec.config.profile import HF_ORDER
from genspec.config.resolve import Resolution

SPEC = Path(__file__).parents[2] / "docs" / "spec"
Row = dict[str, str]


def examples(page: Path) -> Iterator[Row]:
    """Rows of the tables whose last column is `result` and whose first is a config, by column."""
    header: list[str] = []
    for line in page.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" |")] if line.startswith("| ") else []
        if not cells:
            header = []
        elif not header:
            header = cells
        elif header[-1] == "result" and header[0] in ("config", "call") and cells[0] != "---":
            assert len(cells) == len(header), f"{page.name}: {line}"
            yield dict(zip(header, cells, strict=True))


CASES = [
    pytest.param(row, id=f"{page.stem}-{number}")
    for page in sorted(SPEC.glob("*.md"))
    for number, row in enumerate(examples(page), start=1)
]


def test_there_are_examples_on_every_page() -> None:
    without = {page.stem for page in SPEC.glob("*.md") if "\nExamples: none" in page.read_text(encoding="utf-8")}
    pages = {page.stem for page in SPEC.glob("*.md")} - {"README", "seed", "deviations"} - without
    assert {str(case.id).rpartition("-")[0] for case in CASES} == pages


@pytest.mark.parametrize("row", CASES)
def test_example(row: Row) -> None:
    try:
        resolution = resolve(row)
    except Rejected as rejected:
        clauses = ", ".join(sorted({reason.clause for reason in rejected.reasons}))
        assert row["result"] == f"refused ({clauses})", str(rejected)
        return
    assert not row["result"].startswith("refused"), "it is not refused"
    for part in row["result"].split("; "):
        check(part, resolution)


def resolve(row: Row) -> Resolution:
    """Resolve the config of a row under its facts."""
    return config_of(row).resolve(
        prompt_length=int(row.get("P") or 3),
        vocab_size=int(row.get("V") or 100),
        context_length=int(row["context"]) if row.get("context") else None,
        architecture="encoder-decoder" if row.get("model") == "encoder-decoder" else "decoder-only",
        on_overflow="error" if row.get("overflow") == "error" else "truncate",
        profile=row.get("profile") or "hf",
    )


def config_of(row: Row) -> GenerationConfig:
    """Read the config of a row, or merge its three sources."""
    if "config" in row:
        return GenerationConfig.from_json(row["config"].strip("`"))
    call, given, model = (json.loads(row[source].strip("`")) for source in ("call", "given", "model"))
    return GenerationConfig.layered(call=call, given=given, model=model)


def check(part: str, resolution: Resolution) -> None:
    """Hold one statement of a result to a resolution."""
    plan, decisions = resolution
    if part in list(Mode):
        assert plan.mode == part
    elif match := re.fullmatch(r"at most (\d+)|(\d+) to (\d+)", part):
        assert (plan.length.min_new_tokens, plan.length.max_new_tokens) == (
            int(match[2] or 0), int(match[3] or match[1])
        )
    elif match := re.fullmatch(r"cut (\d+)", part):
        assert plan.length.dropped_prompt_tokens == int(match[1])
    elif part.startswith("order "):
        assert [operation.name for operation in plan.operations] == re.findall(r"`(\w+)`", part)
    elif match := re.fullmatch(r"`(\w+)` (\w+) \(([A-Z-]+\d+)\)", part):
        said = [(decision.field, decision.status, decision.clause) for decision in decisions]
        assert (match[1], match[2], match[3]) in said
    elif match := re.fullmatch(r"`(\w+)` = (.+)", part):
        assert in_json(part_of_plan(plan, match[1])) == json.loads(match[2])
    elif match := re.fullmatch(r"(no )?`(\w+)`(?: (.+))?", part):
        check_operation(match[2], match[1] is None, match[3], resolution)
    else:
        raise AssertionError(f"nobody can read {part!r}")


def check_operation(name: str, wanted: bool, argument: str | None, resolution: Resolution) -> None:
    """Hold a plan to having an operation, with an argument, or to not having it."""
    assert name in HF_ORDER
    operation = resolution.plan.operation(name)
    assert (operation is not None) == wanted
    if operation is not None and argument is not None:
        assert json.loads(argument) in [in_json(value) for value in operation.arguments.values()]


def part_of_plan(plan: Any, name: str) -> object:
    """Find an attribute in a plan or in one of its parts."""
    parts = (plan, plan.beams, plan.outputs, plan.stopping, plan.tokens, plan.assistance, plan.contrastive, plan.length)
    return next(getattr(part, name) for part in parts if hasattr(part, name))


def in_json(value: object) -> object:
    """Write a value as JSON would read it back: tuples become lists."""
    return json.loads(json.dumps(dict(value) if isinstance(value, Mapping) else value))
