"""Notebooks: the cells are one program, magics are passed over, and a finding points into the file."""

import json

import pytest

from genspec.lint.check import check_document, default_rules
from genspec.lint.judge import Judge
from genspec.lint.settings import Settings
from genspec.lint.sources.python.notebook import parse_notebook
from genspec.lint.target import Target


def notebook(*cells, **options):
    return json.dumps({"cells": [
        {"cell_type": "code", "source": cell} if not isinstance(cell, dict) else cell for cell in cells
    ], "nbformat": 4}, **options)


def found(text):
    target = Target()
    document = parse_notebook("a.ipynb", text.encode())
    findings = check_document(document, target, default_rules(target))
    lines = document.text.split("\n")
    return [(one.code, lines[one.span.line - 1][one.span.column - 1:one.span.end_column - 1]) for one in findings]


LOAD = ["%pip install transformers\n", "from transformers import AutoModel\n", "!ls\n", "P = \"é\\t\"\n"]
CALL = ["out = model.generate(x, max_new_tokens=5,\n", "    prompt=\"\\u00e9\\t\\\"\", top_p=1.5)"]


@pytest.mark.parametrize("options", [{"indent": 1}, {}, {"indent": 1, "ensure_ascii": False}])
@pytest.mark.parametrize("join", [False, True])
def test_cells_are_one_program_and_findings_point_into_the_file(options, join):
    cells = ["".join(LOAD), "".join(CALL)] if join else [LOAD, CALL]
    text = notebook(cells[0], {"cell_type": "markdown", "source": ["model.generate(top_p=3)"]}, cells[1], **options)
    assert found(text) == [("GS204", "top_p=1.5")]


def test_a_cell_that_is_no_python_leaves_the_others():
    assert found(notebook(LOAD, ["%%bash\n", "pip install (\n"], "broken (", CALL)) == [("GS204", "top_p=1.5")]


@pytest.mark.parametrize("text", [
    "", "{}", "[]", '{"cells": 3}', '{"cells": [{"cell_type": "code"}]}', '{"cells": ["generate"]}',
    notebook("generate( ("), notebook(["%%bash\n", "generate it"]),
    '{"cells": [{"cell_type": "code", "source": 3}], "x": "generate"}',
])
def test_what_is_no_notebook_or_no_python_holds_nothing(text):
    assert found(text) == []


WRONG = "model.generate(x, max_new_tokens=5, top_p=1.5)"
SILENT = "# genspec: ignore[GS204]"


@pytest.mark.parametrize("options", [{"indent": 1}, {}])
@pytest.mark.parametrize("join", [False, True])
@pytest.mark.parametrize(("lines", "codes"), [
    ([f"{WRONG}  {SILENT}\n", f"{WRONG}\n"], ["GS204"]),
    ([f"{WRONG}\n", f"{SILENT}\n", WRONG], ["GS204"]),
    ([f"{WRONG}  {SILENT}\n", "%ls\n", f"\"é\t\"; {WRONG}  # genspec: ignore"], []),
    ([f"{WRONG}\n", f"model.generate(x, max_new_tokens=5)  {SILENT}"], ["GS204", "GS913"]),
    ([f"{WRONG}\n", SILENT], ["GS204", "GS913"]),
])
def test_a_comment_silences_its_line_of_the_program(options, join, lines, codes):
    """Whether the file has the lines of a cell on lines of their own, or all of them on one."""
    text = notebook(LOAD, "".join(lines) if join else lines, **options)
    findings = Judge(Settings())(parse_notebook("a.ipynb", text.encode()))
    assert [one.code for one in findings] == codes, findings


def test_what_cannot_be_fixed_offers_no_fix():
    """A notebook is read and never changed."""
    text = notebook(LOAD, "model.generate(x, do_sample=False, temperature=0.7, max_new_tokens=5)")
    (finding,) = Judge(Settings())(parse_notebook("a.ipynb", text.encode()))
    assert (finding.code, finding.fix) == ("GS201", None)
