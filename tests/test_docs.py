"""The generated pages, and the outputs in the README, are what the code says now."""

import importlib.util
import re
from pathlib import Path

import pytest

from genspec.lint.settings import load_settings

ROOT = Path(__file__).resolve().parents[1]
WRITTEN = ["README.md", "docs/examples/README.md", "docs/guide/checkpoints.md", "docs/guide/ci.md",
           "docs/guide/conform.md", "docs/guide/python.md", "docs/guide/trace.md"]


@pytest.fixture(scope="module")
def generate():
    """Return docs/generate.py as a module."""
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_generated_pages_do_not_drift(generate):
    stale = [
        name for name, text in generate.pages().items()
        if not (ROOT / name).exists() or (ROOT / name).read_text(encoding="utf-8") != text
    ]
    assert not stale and not generate.superfluous(), "run `make docs`"


def blocks(language, page="README.md"):
    return re.findall(rf"^```{language}\n(.*?)^```$", (ROOT / page).read_text(encoding="utf-8"), re.M | re.S)


def test_the_python_of_the_readme_runs(monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    for block in blocks("python"):
        exec(block, {})
        said = re.findall(r"print\(.*\)\s+# (.+)", block)
        assert capsys.readouterr().out.splitlines() == said


def test_the_python_of_the_guide_runs(monkeypatch):
    monkeypatch.chdir(ROOT)
    exec("\n".join(blocks("python", "docs/guide/python.md")), {})


def test_the_python_of_the_guide_to_checkpoints_runs(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    for block in blocks("python", "docs/guide/checkpoints.md"):
        exec(block, {})


def test_the_settings_of_the_readme_are_understood(tmp_path):
    (block,) = blocks("toml")
    (tmp_path / "pyproject.toml").write_text(block)
    assert load_settings(tmp_path, {}).ignore == ("GS402", "GS2")


@pytest.mark.parametrize("name", WRITTEN)
def test_every_link_to_a_file_leads_to_one(name):
    page = ROOT / name
    targets = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_the_page_of_the_examples_speaks_of_each():
    page = (ROOT / "docs/examples/README.md").read_text(encoding="utf-8")
    assert {folder.name for folder in (ROOT / "docs/examples").iterdir() if folder.is_dir()} == set(
        re.findall(r"^## (.+)$", page, re.MULTILINE)
    )
