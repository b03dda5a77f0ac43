"""Every worked example of an operation's page gives what its row says."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from genspec.config.plan import Operation
from genspec.config.profiles import profile_named
from genspec_reference.context import Context
from genspec_reference.pipeline import apply_operation

SPEC = Path(__file__).parents[2] / "docs" / "spec"
HEADER = "| scores | arguments | context | profile | result |"


def rows() -> list[tuple[str, ...]]:
    found = []
    for page in sorted(SPEC.glob("*.md")):
        for table in page.read_text(encoding="utf-8").split(HEADER)[1:]:
            for line in table.strip("\n").splitlines()[1:]:
                if not line.startswith("|"):
                    break
                found.append((page.stem, *(cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1])))
    return found


def numbers(text: str) -> list[float]:
    """Read `1 2 -inf`, or probabilities: `log 0.5 0.5 0`."""
    words = text.split()
    if words[0] != "log":
        return [float(word) for word in words]
    return [float(np.log(float(word))) if float(word) > 0 else -np.inf for word in words[1:]]


def test_the_examples_are_found() -> None:
    assert len(rows()) > 0


@pytest.mark.parametrize("row", rows(), ids=lambda row: f"{row[0]}: {row[1]} {row[2]}")
def test_worked(row: tuple[str, ...]) -> None:
    page, scores, arguments, context, profile, result = row
    given = {name: tuple(value) if isinstance(value, list) else value
             for name, value in json.loads(context.strip("`") or "{}").items()}
    if "allowed_tokens" in given:
        allowed = given["allowed_tokens"]
        given["allowed_tokens"] = lambda tokens: allowed
    for name in {"unconditional_logits", "unfiltered"} & given.keys():
        given[name] = np.array(given[name])
    operation = Operation(page, json.loads(arguments.strip("`") or "{}"), "")
    known = Context(**{"tokens": (), "prompt_length": 0, **given})
    applied = apply_operation(operation, np.array(numbers(scores)), known, profile_named(profile or "hf"))
    np.testing.assert_allclose(applied.scores, numbers(result), rtol=1e-12, atol=1e-12)
