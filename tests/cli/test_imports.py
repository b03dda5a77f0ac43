"""What a command loads is what its user waits for."""

import subprocess
import sys

import pytest

PROBE = """
import sys
sys.argv = ["genspec", *{arguments!r}]
from genspec.cli.main import main
try:
    main()
except SystemExit:
    pass
print("LOADED", *sys.modules, file=sys.stderr)
"""


def loaded(*arguments):
    done = subprocess.run(
        [sys.executable, "-c", PROBE.format(arguments=arguments)], capture_output=True, text=True, check=True
    )
    return set(done.stderr.rpartition("LOADED ")[2].split())


def test_version_loads_next_to_nothing():
    modules = loaded("--version")
    assert {name for name in modules if name.startswith("genspec")} == {"genspec", "genspec.cli", "genspec.cli.main"}
    assert not modules & {"pydantic", "numpy", "json", "dataclasses", "argparse"}


def test_help_loads_no_verb():
    assert not loaded("--help") & {"genspec.cli.check", "genspec.cli.explain", "pydantic", "numpy"}


@pytest.mark.parametrize("form", ["text", "json"])
def test_check_loads_neither_pydantic_nor_numpy_nor_torch(model, form):
    modules = loaded("check", f"--format={form}", str(model()))
    assert "genspec.lint.check" in modules
    assert not modules & {"pydantic", "numpy", "torch", "transformers", "tomllib", "difflib"}
    assert not {name for name in modules if name.startswith(("genspec_reference", "genspec.cli.trac"))}


LATE = {
    "genspec.lint.report.json", "genspec.lint.report.block", "genspec.lint.report.frame", "genspec.config.decision",
    "genspec.lint.sources.decoding", "genspec.lint.sources.recovery", "genspec.lint.sources.gitignore",
    "pathlib", "tomllib", "difflib", "textwrap", "shutil", "inspect", "dataclasses",
}


def test_a_clean_check_loads_only_what_it_needs(model):
    assert not loaded("check", str(model('{"max_new_tokens": 20}'))) & LATE


def test_explain_loads_neither_numpy_nor_torch(model):
    assert not loaded("explain", str(model())) & {"numpy", "torch", "transformers"}


def test_the_help_of_trace_loads_neither_numpy_nor_the_reference():
    assert not loaded("trace", "--help") & {"numpy", "torch", "genspec_reference", "genspec.cli.tracing.run"}


def test_the_help_of_checkpoint_loads_neither_numpy_nor_the_reference():
    assert not loaded("checkpoint", "--help") & {"numpy", "torch", "genspec_reference", "safetensors"}


def test_checkpoint_loads_no_torch(tmp_path):
    assert not loaded("checkpoint", str(tmp_path / "model")) & {"torch", "transformers", "gguf"}


def test_trace_loads_the_reference_and_no_torch():
    modules = loaded("trace", '{"max_new_tokens": 1}', "--model", "table:7", "--prompt", "1")
    assert "genspec_reference" in modules and not modules & {"torch", "transformers"}


def test_import_genspec_loads_no_pydantic():
    code = "import genspec, sys; assert not {'pydantic', 'numpy'} & set(sys.modules); genspec.GenerationConfig"
    subprocess.run([sys.executable, "-c", code], check=True)
