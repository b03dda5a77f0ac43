"""Real engines, each where it is installed: what they do wrong is known."""

import json

import pytest
from support.strategies import described

from genspec.backends.engines.installed import is_installed
from genspec.conform import run
from genspec.conform.engines.finding import explained
from genspec.conform.engines.findings import findings_of
from genspec.conform.report import summary
from genspec.dialects import NAMES, dialect_named

LEVELS = {"vllm": ["L1", "L4"]}
"""Of engines of which only a part can be asked."""


@pytest.mark.parametrize("name", NAMES)
def test_an_engine_fails_only_where_a_finding_explains_it(name):
    if not is_installed(dialect_named(name)):
        pytest.skip(f"{name} is not installed: {dialect_named(name).install}")
    report = run(name, max_cases=60, levels=LEVELS.get(name, ["L3"]), shrink_seconds=0, infer_seconds=0,
                 case_seconds=60)
    data = json.loads("".join(summary.lines(report)))
    assert data["summary"]["conforms"] > 10, data["summary"]
    left = explained(data["failures"], [one for one in findings_of(name) if not one.label]).get("", ())
    assert not left, described(left=left, examples=data["examples"])
