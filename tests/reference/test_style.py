"""The files of reference/ are short, documented, typed, and know nothing of engines."""

import ast
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

import pytest
from test_clauses import prefix_of

ROOT = Path(__file__).parents[2] / "reference" / "genspec_reference"
FILES = {path.relative_to(ROOT).as_posix(): path for path in sorted(ROOT.rglob("*.py"))}
MEDIAN, LONGEST, LONGEST_FILE = 12, 40, 400
ENGINES = re.compile(
    r"transformers|vllm|sglang|llama|mlx|ctranslate|onnx|openvino|fairseq|t5x|tensorrt|\btorch\b|"
    r"profile\.(?:name|version)", re.IGNORECASE,
)
ALLOWED = re.compile(r"(numpy|genspec\.config|genspec_reference)(\.|$)")


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef]:
    """Find all functions and methods, those inside others too."""
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def code_lines(function: ast.FunctionDef, source: list[str]) -> int:
    """Count the lines of a function from its `def` on, without its docstring, blank lines and comments."""
    lines = set(range(function.lineno, (function.end_lineno or 0) + 1))
    if ast.get_docstring(function) is not None:
        text = function.body[0]
        lines -= set(range(text.lineno, (text.end_lineno or 0) + 1))
    written = (source[number - 1].strip() for number in lines)
    return sum(bool(line) and not line.startswith("#") for line in written)


def parsed(name: str) -> ast.Module:
    return ast.parse(FILES[name].read_text("utf-8"))


def sizes() -> dict[str, int]:
    return {
        f"{name}::{function.name}": code_lines(function, FILES[name].read_text("utf-8").splitlines())
        for name in FILES for function in functions(parsed(name))
    }


def test_functions_are_short() -> None:
    counted = sizes()
    assert len(counted) > 100
    assert {name: size for name, size in counted.items() if size > LONGEST} == {}
    assert median(counted.values()) <= MEDIAN


def test_files_are_short() -> None:
    lengths = {name: len(path.read_text("utf-8").splitlines()) for name, path in FILES.items()}
    assert {name: length for name, length in lengths.items() if length >= LONGEST_FILE} == {}


def undocumented(tree: ast.Module) -> Iterator[str]:
    defined = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    inner = {node for outer in functions(tree) for node in functions(outer) if node is not outer}
    if tree.body and not ast.get_docstring(tree):
        yield "the module"
    yield from (node.name for node in defined if ast.get_docstring(node) is None and node not in inner)


def without_annotation(tree: ast.Module) -> Iterator[str]:
    for function in functions(tree):
        given = function.args
        arguments = [*given.posonlyargs, *given.args, *given.kwonlyargs, *filter(None, (given.vararg, given.kwarg))]
        bare = [one.arg for one in arguments if one.annotation is None and one.arg not in ("self", "cls")]
        yield from (f"{function.name}({name})" for name in bare)
        if function.returns is None:
            yield f"{function.name} ->"


def foreign_imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        modules = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        modules += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        yield from (name for name in modules
                    if not ALLOWED.match(name) and name.partition(".")[0] not in sys.stdlib_module_names)


def engines_named(tree: ast.Module) -> Iterator[str]:
    """Docstrings and comments may say where something comes from; the code may not ask who it is."""
    yield from ENGINES.findall(ast.unparse(without_docstrings(tree)))


def without_docstrings(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            node.body = [part for part in node.body if not is_text(part)] or [ast.Pass()]
    return tree


def is_text(part: ast.AST) -> bool:
    return isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant) and isinstance(part.value.value, str)


@pytest.mark.parametrize("faults", [undocumented, without_annotation, foreign_imports, engines_named])
def test_no_file_has(faults: Callable[[ast.Module], Iterator[str]]) -> None:
    assert {name: found for name in FILES if (found := list(faults(parsed(name))))} == {}


def test_operations_and_modes_cite_clauses_of_their_pages() -> None:
    pages = {name: path for name, path in FILES.items() if re.match(r"(operations|modes)/[a-z]", name)}
    silent = {name for name, path in pages.items()
              if not re.search(rf"\b{prefix_of(path.stem)}-\d", path.read_text("utf-8"))}
    assert silent == {"operations/processor.py"}, "this one's clause is PIPELINE-4"


PLANTED = """
import torch
from genspec.lint import check
def f(x, *rest: int, y: int) -> int:
    if x == "vllm":
        return 1
class C:
    def m(self) -> None:
        def inner() -> None: ...
"""


def test_the_checks_see_what_is_wrong() -> None:
    found = {faults.__name__: sorted(faults(ast.parse(PLANTED)))
             for faults in (undocumented, without_annotation, foreign_imports, engines_named)}
    assert found == {
        "undocumented": ["C", "f", "m", "the module"], "without_annotation": ["f(x)"],
        "foreign_imports": ["genspec.lint", "torch"], "engines_named": ["torch", "vllm"],
    }
    source = 'def f() -> int:\n    """Say.\n\n    More.\n    """\n    # why\n\n    return 1\n'
    assert code_lines(next(functions(ast.parse(source))), source.splitlines()) == 2
