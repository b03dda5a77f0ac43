"""The published vectors are current, well formed, and understood from their files alone. Text: docs/spec/vectors.md."""

import json
from collections import Counter
from typing import Any

import jsonschema
import pytest

from genspec.config.profiles import PROFILES
from genspec.conform.vectors.reference import Reference
from genspec.conform.vectors.runner import Verdict, cases, run
from genspec_reference import FinishReason, Table
from genspec_reference.context import Context
from genspec_reference.layered import Layered
from genspec_reference.scripted import KINDS
from vectors.rules import ROOT, faults, flags, schema
from vectors.write import FOLDER, files_of, is_current, pages, same

PAGES = pages()
FILES = sorted(path for path in FOLDER.glob("*/*"))
LEAST_CASES, MOST_BYTES = 1_500, 20_000_000


def first_difference(page: str, name: str) -> str:
    """Name the first case of a file that is not what the tests would write now."""
    path = FOLDER / name
    present = json.loads(path.read_text("utf-8"))["cases"] if path.exists() else []
    now = json.loads(files_of(page)[name])["cases"]
    for one, other in zip(present, now, strict=False):
        if not same(one, other):
            return f"{name}: {one['id']}\n  in the file: {json.dumps(one)}\n  now:         {json.dumps(other)}"
    return f"{name}: {len(present)} cases in the file, {len(now)} now"


@pytest.mark.parametrize("page", PAGES)
def test_the_files_of_a_page_are_what_its_tests_write(page: str) -> None:
    stale = [name for name, text in files_of(page).items() if not is_current(FOLDER / name, text)]
    assert not stale, "run `make vectors`\n" + "\n".join(first_difference(page, name) for name in stale)


@pytest.mark.parametrize("page", PAGES)
def test_the_cases_of_a_page_follow_the_rules(page: str) -> None:
    found = list(cases(FOLDER, page))
    wrong = [fault for level, case in found for fault in faults(page, level, [case])]
    assert not wrong, "\n".join(wrong)
    ids = Counter(case["id"] for _, case in found)
    assert [name for name, count in ids.items() if count > 1] == []
    assert {case["profile"] for _, case in found} <= PROFILES.keys()


@pytest.mark.parametrize("page", PAGES)
def test_the_reference_conforms_from_the_files_alone(page: str) -> None:
    wrong = [outcome for outcome in run(FOLDER, Reference(), page) if outcome.verdict is not Verdict.CONFORMS]
    assert not wrong, "\n".join(f"{one.id} {one.verdict}: {one.expected} and not {one.given}" for one in wrong[:5])


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_file_satisfies_the_schema(path: Any) -> None:
    file = json.loads(path.read_text("utf-8"))
    jsonschema.Draft202012Validator(schema()).validate(file)
    assert (file["page"], f"{file['level']}.json") == (path.parent.name, path.name)


def test_no_file_is_left_over() -> None:
    wanted = {name for page in PAGES for name in files_of(page)}
    assert {path.relative_to(FOLDER).as_posix() for path in FILES} == wanted, "run `make vectors`"


def test_there_are_many_small_vectors() -> None:
    counts = Counter(level for level, _ in cases(FOLDER))
    assert sum(counts.values()) >= LEAST_CASES, counts
    assert min(counts[level] for level in ("L0", "L1", "L2", "L3")) > 0, counts
    assert sum(path.stat().st_size for path in FILES) < MOST_BYTES


def test_every_flag_and_every_kind_is_used() -> None:
    everything = [case for _, case in cases(FOLDER)]
    assert {flag for case in everything for flag in case["flags"]} == flags().keys()
    assert {case["expected"]["kind"] for case in everything} == {"exact", "any-of", "distribution", "reject"}
    used = {case["input"]["model"]["kind"] for case in everything if "model" in case["input"]}
    assert used == {*KINDS, "layers", "lines"}


def objects(part: Any, path: str = "") -> Any:
    """Find the schemas of objects in a schema, with the way to them."""
    if isinstance(part, dict):
        if part.get("type") == "object":
            yield path, part
        for key, value in part.items():
            yield from objects(value, f"{path}/{key}")
    if isinstance(part, list):
        for item in part:
            yield from objects(item, path)


def test_the_schema_is_one_and_allows_no_other_keys() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    closed = {path: part.get("additionalProperties") is False for path, part in objects(schema())}
    open_ones = [path for path, is_closed in closed.items() if not is_closed]
    assert len(closed) > 10
    assert open_ones == [f"/$defs/L3/properties/input/properties/sources/properties/{name}"
                         for name in ("call", "given", "file")], "configs alone are not the schema's to rule on"


def test_the_schema_names_what_the_reference_has() -> None:
    defined = schema()["$defs"]
    assert set(defined["context"]["properties"]) == set(Context.__dataclass_fields__)
    assert defined["model"]["properties"]["kind"]["enum"] == [*KINDS, "layers", "lines"]
    assert set(defined["model"]["properties"]) == {*Layered.__dataclass_fields__, *Table.__dataclass_fields__}
    reasons = defined["L3"]["properties"]["expected"]["oneOf"][0]["properties"]["finish_reasons"]["items"]["enum"]
    assert reasons == list(FinishReason)


def test_the_schema_names_the_arguments_that_occur_and_no_other() -> None:
    operations = [part for _, case in cases(FOLDER)
                  for part in (case["input"], *case["input"].get("operations", ())) if "operation" in part]
    used = {name for operation in operations for name in operation["arguments"]}
    assert set(schema()["$defs"]["arguments"]["properties"]) == used


def test_the_example_of_the_readme_runs(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(ROOT)
    text = (ROOT / "reference" / "vectors" / "README.md").read_text("utf-8")
    exec(text.partition("```python\n")[2].partition("```")[0], {})
    said = capsys.readouterr().out.split()
    assert said[0] == said[2] and int(said[0]) > 0, said        # "40 of 40 agree"
