"""What `import hypothesis` alone makes of genspec's types."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

REGISTER = "import genspec.conform.entry_point as e; e.register()\n"
IMPORTS = """
from genspec import GenerationConfig
from genspec.backends.call import Call
from genspec_reference import Scripted, Table
"""
DRAWN = """
from hypothesis import find, settings, strategies as st
for kind in (GenerationConfig, Call, Scripted, Table):
    found = find(st.from_type(kind), lambda one: True, settings=settings(database=None, max_examples=5))
    assert type(found) is kind, found
"""


def run(code):
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT,
                          env={"HYPOTHESIS_NO_PLUGINS": "1", "PYTHONPATH": f"{ROOT}:{ROOT / 'reference'}"})
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("order", [("import hypothesis\n", REGISTER, IMPORTS), (IMPORTS, REGISTER)])
def test_from_type_draws_the_types_whichever_is_imported_first(order):
    run("".join(order) + DRAWN)


def test_registering_imports_nothing_heavy():
    loaded = run(REGISTER + "import sys; print(*sys.modules)").split()
    heavy = {"numpy", "pydantic", "torch", "hypothesis", "genspec.config.generation_config"}
    assert not heavy & set(loaded)


def test_watching_ends_and_leaves_modules_as_they_were():
    run(REGISTER + "import sys, genspec.backends.call, genspec_reference.scripted as s;"
        "assert not [one for one in sys.meta_path if type(one).__name__ == 'Watch'], sys.meta_path;"
        "assert type(s.__loader__).__name__ == type(s.__spec__.loader).__name__ == 'SourceFileLoader'")


def test_the_entry_point_is_declared():
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]["hypothesis"]
    assert declared == {"genspec": "genspec.conform.entry_point:register"}
