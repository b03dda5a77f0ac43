"""Page, function, test module and folder of vectors are one to one, and every clause has a test and a vector."""

import ast
import json
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest
from test_clauses import CLAUSES, PAGES, definitions

ROOT = Path(__file__).parent.parent
REFERENCE = ROOT / "reference" / "genspec_reference"
TESTS = ROOT / "tests" / "reference"
VECTORS = ROOT / "reference" / "vectors" / "v1"

NO_PAGE_OF_ITS_OWN = {"processor": "the caller's own operation: pipeline"}
"""Functions among the operations whose clauses stand on another page."""

TOPICS = {
    "beams": "genspec.config.resolve.beams",
    "cache": "genspec.config.fields.cache",
    "config": "genspec.config.generation_config",
    "forced_decoder_ids": "genspec.config.fields.moved",
    "length": "genspec.config.resolve.length",
    "mode": "genspec.config.resolve.mode",
    "outputs": "genspec_reference.output",
    "performance": "genspec.config.fields.performance",
    "pipeline": "genspec_reference.pipeline",
    "profiles": "genspec.config.profiles",
    "scores": "genspec_reference.scores",
    "special_tokens": "genspec.config.resolve.tokens",
    "stopping": "genspec_reference.stopping",
    "token_healing": "genspec_reference.healing",
    "vectors": "genspec_reference.scripted",
}
"""Pages that are about no one function: the module where what they say is done, or begins."""

OF_NO_PAGE = {
    "decode": "the call itself",
    "papers": "what papers publish, of several pages",
    "style": "how the files of reference/ are written",
}
"""Test modules of the reference that are about no page."""

NO_VECTOR = {
    "PIPELINE-4": "an operation of the caller's own is a function, which no JSON holds",
    "SAMPLE-8": "speaks of a decoder's own chance over several calls: L4 has laws for it, and no vectors",
    "SAMPLE-9": "speaks of what is free at one step and is not at the next: a law of L4 rests on it",
    "VECTORS-8": "says how a result is compared, which is no result",
    "VECTORS-11": "speaks of ids over time",
    "VECTORS-12": "speaks of a run over many vectors",
    "VECTORS-15": "says what the flag of vectors means that show other clauses",
}
"""Clauses that no vector can show, and why. A test that they have nonetheless shows them."""


def functions_in(folder: str) -> dict[str, Path]:
    return {path.stem: path for path in sorted((REFERENCE / folder).glob("*.py")) if path.stem != "__init__"}


FUNCTIONS = functions_in("operations") | functions_in("modes")


def test_pages_are_functions_and_topics() -> None:
    functions = FUNCTIONS.keys() - NO_PAGE_OF_ITS_OWN.keys()
    assert functions & TOPICS.keys() == set()
    assert functions | TOPICS.keys() == PAGES.keys()
    assert NO_PAGE_OF_ITS_OWN.keys() <= FUNCTIONS.keys(), "an entry is stale"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_module_has_the_function_of_its_name_and_names_its_page(name: str) -> None:
    tree = ast.parse(FUNCTIONS[name].read_text("utf-8"))
    assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    page = NO_PAGE_OF_ITS_OWN.get(name, name).rpartition(" ")[2]
    assert f"docs/spec/{page}.md" in (ast.get_docstring(tree) or "")


@pytest.mark.parametrize("page", TOPICS)
def test_the_module_of_a_topic_cites_its_page_or_its_clauses(page: str) -> None:
    text = Path(import_module(TOPICS[page]).__file__ or "").read_text("utf-8")
    ids = [clause for clause, _ in definitions(PAGES[page])]
    assert f"docs/spec/{page}.md" in text or any(clause in text for clause in ids)


def test_pages_and_test_modules_are_the_same() -> None:
    modules = {path.stem.removeprefix("test_") for path in TESTS.glob("test_*.py")}
    more = {name for name in modules if name not in PAGES and any(name.startswith(f"{page}_") for page in PAGES)}
    assert modules - more - OF_NO_PAGE.keys() == PAGES.keys()
    assert OF_NO_PAGE.keys() <= modules, "an entry is stale"


@pytest.mark.parametrize("page", PAGES)
def test_the_test_module_of_a_page_names_the_page_and_has_vectors(page: str) -> None:
    tree = ast.parse((TESTS / f"test_{page}.py").read_text("utf-8"))
    assert f"docs/spec/{page}.md" in (ast.get_docstring(tree) or "")
    assert "vectors" in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_pages_and_folders_of_vectors_are_the_same() -> None:
    assert {path.name for path in VECTORS.iterdir() if path.is_dir()} == PAGES.keys(), "run `make vectors`"


def named_in(path: Path) -> Iterator[tuple[str, str]]:
    """Find the clauses that the marks of a test module name, with the places."""
    text = path.read_text("utf-8")
    tree = ast.parse(text)
    marks = {"pytest.mark.clauses", *(("clauses",) if "from support.clauses import clauses" in text else ())}
    texts = {target.id: node.value.value for node in tree.body if isinstance(node, ast.Assign)
             for target in node.targets if isinstance(target, ast.Name) and isinstance(node.value, ast.Constant)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in marks:
            ids = ", ".join(map(ast.unparse, node.args))        # they may be put together from constants of the module
            for clause in eval(f"[{ids}]", {"__builtins__": {}}, texts):
                yield f"{path.relative_to(ROOT)}:{node.lineno}", clause


@cache
def places_of_tests() -> dict[str, list[str]]:
    """Give the places of the tests of each clause."""
    places: dict[str, list[str]] = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for place, clause in named_in(path):
            places.setdefault(clause, []).append(place)
    return places


@cache
def shown() -> dict[str, list[str]]:
    """Give the ids of the vectors of each clause."""
    ids: dict[str, list[str]] = {}
    for path in sorted(VECTORS.glob("*/*.json")):
        for case in json.loads(path.read_text("utf-8"))["cases"]:
            for clause in case["clauses"]:
                ids.setdefault(clause, []).append(case["id"])
    return ids


def test_tests_and_vectors_name_clauses_that_exist() -> None:
    assert {clause: places for clause, places in places_of_tests().items() if clause not in CLAUSES} == {}
    assert {clause: ids for clause, ids in shown().items() if clause not in CLAUSES} == {}


@pytest.mark.parametrize("page", PAGES)
def test_every_clause_has_a_test(page: str) -> None:
    ids = [clause for clause, _ in definitions(PAGES[page])]
    assert [clause for clause in ids if clause not in places_of_tests()] == []


@pytest.mark.parametrize("page", PAGES)
def test_every_clause_has_a_vector_or_a_reason_why_not(page: str) -> None:
    ids = [clause for clause, _ in definitions(PAGES[page])]
    assert [clause for clause in ids if clause not in shown() and clause not in NO_VECTOR] == []


@pytest.mark.parametrize("clause", NO_VECTOR)
def test_a_clause_without_a_vector_still_has_none(clause: str) -> None:
    assert clause in CLAUSES and clause not in shown(), "the entry is stale"
    assert len(NO_VECTOR[clause]) > 20


def test_at_least_one_test_of_a_page_is_in_its_own_module() -> None:
    elsewhere = [page for page in PAGES if not any(
        place.startswith(f"tests/reference/test_{page}.py:")
        for clause, _ in definitions(PAGES[page]) for place in places_of_tests().get(clause, ())
    )]
    assert elsewhere == []
