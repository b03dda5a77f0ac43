"""The guide to conformance in CI names what there is."""

import re
from pathlib import Path

import pytest

from genspec.cli.app import run
from genspec.conform.expectations.file import parsed
from genspec.conform.pytest_plugin import OPTIONS

GUIDE = (Path(__file__).resolve().parents[2] / "docs/guide/engine_ci.md").read_text(encoding="utf-8")


def test_the_example_of_expectations_is_read() -> None:
    (text,) = re.findall(r"^```toml\n(.*?)^```$", GUIDE, re.M | re.S)
    read = parsed(text, "known.toml")
    assert list(read.cases) == ["top_p/nothing-left", "beam_search/late"] and list(read.groups) and read.drawn


def test_the_options_of_the_guide_are_there(capsys: pytest.CaptureFixture[str]) -> None:
    known = {name for name, _ in OPTIONS}
    for verb in ("conform", "vectors"):
        assert run([verb, "--help"]) == 0
        known |= set(re.findall(r"--[a-z][a-z-]+", capsys.readouterr().out))
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", GUIDE))
    assert named and named <= known, named - known
    assert {name for name, _ in OPTIONS} <= named
