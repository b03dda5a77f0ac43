"""What writes the vectors writes the same bytes again, and leaves what is current."""

import json
import re
from pathlib import Path

import pytest
from support.clauses import clauses
from support.vectors import operation_case, written

from vectors import write
from vectors.rules import faults, faults_of_schema

PAGE = "top_p"


def test_two_runs_write_the_same_bytes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for folder in ("one", "two"):
        write.main([PAGE, "greedy", "--to", str(tmp_path / folder)])
    assert re.search(rf"^{PAGE}/L0.json: \d+ new$", capsys.readouterr().out, re.MULTILINE)
    files = sorted(path.relative_to(tmp_path / "one") for path in (tmp_path / "one").glob("*/*"))
    assert files
    assert all((tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes() for name in files)


@clauses("VECTORS-11")
def test_an_id_that_would_mean_something_else_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = f"{PAGE}/L0.json"
    file = json.loads(write.files_of(PAGE)[name])
    file["cases"][0]["input"]["arguments"]["p"] = 0.03125
    file["cases"][1]["id"] = f"{PAGE}/another"
    path = tmp_path / name
    path.parent.mkdir()
    path.write_text(json.dumps(file))
    write.main([PAGE, "--to", str(tmp_path)])
    assert f"{name}: 1 new; changed: {file['cases'][0]['id']}; gone: {PAGE}/another" in capsys.readouterr().out


def test_a_file_that_differs_in_last_bits_is_left(tmp_path: Path) -> None:
    """NumPy's exp differs in the last bit from one processor to another."""
    text = write.files_of(PAGE)[f"{PAGE}/L0.json"]
    file = json.loads(text)
    margins = [case["expected"] for case in file["cases"] if case["expected"].get("margin")]
    path = tmp_path / "L0.json"
    path.write_text(json.dumps(file))
    assert write.is_current(path, text)
    margins[0]["margin"] *= 1 + 1e-15
    path.write_text(json.dumps(file))
    assert write.is_current(path, text)
    margins[0]["margin"] *= 1 + 1e-9
    path.write_text(json.dumps(file))
    assert not write.is_current(path, text)
    assert not write.is_current(tmp_path / "missing.json", text)


@pytest.mark.parametrize(("one", "other"), [
    (1, 1.0), (1, True), ([1.0], [1.0, 1.0]), ({"a": 1.0}, {"b": 1.0}), ("-inf", -1e300), (1.0, 1.001), ([1.0], 1.0),
])
def test_what_is_not_the_same(one: object, other: object) -> None:
    assert not write.same(one, other) and not write.same(other, one)


def test_files_that_no_test_writes_are_removed(tmp_path: Path) -> None:
    for name in ("a/L0.json", "b/L0.json"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text("{}")
    (tmp_path / "schema.json").write_text("{}")
    write.remove_others({"a/L0.json"}, tmp_path)
    assert list(tmp_path.glob("*/*")) == [tmp_path / "a" / "L0.json"]
    assert (tmp_path / "schema.json").exists()


def test_what_is_wrong_with_a_case_is_said() -> None:
    case = operation_case(
        "Not_Kebab", ["TOP-P-99"], "top_p", [0.1, 0.0], {"p": 0.5}, flags=("strange", "boundary"),
    )
    vectors = [written(case, "top_p")]
    said = "\n".join((*faults("top_k", "L0", vectors), *faults_of_schema("L0", vectors)))
    for part in ("kebab-case", "TOP-P-99 is no clause", "strange is no flag", "a note", "about top_k", "not exact"):
        assert part in said, said
    assert "does not match" in said, "the schema asks for kebab-case too"
    there = written(operation_case("fine", ["TOP-P-2"], "top_p", [0.0], {"p": 0.5}), "another")
    assert list(faults("top_p", "L0", [there])) != [], "the id begins with the page"
    fine = operation_case("fine", ["TOP-P-2"], "top_p", [0.0], {"p": 0.5})
    assert list(faults("top_p", "L0", [written(fine, PAGE)])) == []
    assert list(faults_of_schema("L0", [written(fine, PAGE)])) == []


def test_a_page_without_cases_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        write.main(["top_p", "top_q"])
    assert "for top_q" in capsys.readouterr().err


def test_the_command_says_what_a_page_has(capsys: pytest.CaptureFixture[str]) -> None:
    write.main([PAGE, "--check"])
    assert capsys.readouterr().out.startswith(f"{PAGE}: ")
