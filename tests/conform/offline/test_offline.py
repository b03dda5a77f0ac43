"""Questions that are written down, and answers that come back: judged as if they had been asked."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from genspec.cli.app import run
from genspec.conform import protocol
from genspec.conform.protocol.messages import with_texts
from genspec.conform.vectors.reference import Reference

SELECT = ("--select", "TEMPERATURE", "--select", "TOKENS")
SCHEMA = json.loads((Path(protocol.__file__).parent / "schema.json").read_text())


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def vectors(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    status = run(["vectors", *words])
    return status, *capsys.readouterr()


def questions(capsys: pytest.CaptureFixture[str], *words: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in vectors(capsys, "emit", *SELECT, *words)[1].splitlines()]


def answer(question: dict[str, Any]) -> dict[str, Any]:
    return {"id": question["id"], **Reference().answer(question["level"], question["profile"], question["input"])}


def write(*answers: object) -> str:
    lines = [one if isinstance(one, str) else json.dumps(with_texts(one)) for one in answers]
    Path("answers.jsonl").write_text("\n".join(lines))
    return "answers.jsonl"


def test_questions_are_messages_of_the_protocol_and_hold_no_answer(capsys: pytest.CaptureFixture[str]) -> None:
    asked = questions(capsys)
    assert {one["level"] for one in asked} == {"L0", "L1", "L3"} and len(asked) > 60
    for one in asked:
        jsonschema.validate(one, {"$ref": "#/$defs/run", "$defs": SCHEMA["$defs"]})
        assert set(one) == {"type", "id", "level", "profile", "input"}
    talk = questions(capsys, "--conversation")
    assert [one["type"] for one in talk] == ["start", *["run"] * len(asked), "stop"] and talk[1:-1] == asked
    assert {one["level"] for one in questions(capsys, "--level", "L0")} == {"L0"}
    assert [one["id"] for one in questions(capsys, "--case", "temperature/half")] == ["temperature/half"]


def test_right_answers_conform_and_every_format_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    asked = questions(capsys)
    name = write(*map(answer, asked))
    for words in (("--format", "json"), ("--format", "junit"), ("--format", "html"), ()):
        status, out, _ = vectors(capsys, "verify", name, *SELECT, *words, "--name", "mine")
        assert status == 0 and "mine" in out
    data = json.loads(vectors(capsys, "verify", name, *SELECT, "--format", "json")[1])
    assert data["summary"]["conforms"] == len(asked) == data["run"]["asked"]


def test_what_is_missing_twice_there_wrong_or_garbage_is_the_verdict_of_its_case(
    capsys: pytest.CaptureFixture[str],
) -> None:
    asked = questions(capsys, "--level", "L0")
    first, second, third, fourth, fifth, sixth, *rest = map(answer, asked)
    name = write(
        {**second, "scores": [*second["scores"][:-1], 7.5]}, third, {**third, "scores": third["scores"][::-1]},
        f'{{"id": "{fourth["id"]}", "scores": [inf', {"id": fifth["id"], "tokens": [1]},
        {"id": sixth["id"], "failed": "IndexError: row 3"}, *rest, rest[0], "",
    )
    status, out, _ = vectors(capsys, "verify", name, *SELECT, "--level", "L0", "--format", "json")
    found = {one["id"]: (one["verdict"], one.get("difference")) for one in json.loads(out)["verdicts"]}
    assert status == 1 and [found[one["id"]] for one in (first, second, third, fourth, fifth, sixth)] == [
        ("errored", "Missing"), ("violates", "scores"), ("errored", "Duplicate"), ("errored", "Malformed"),
        ("errored", "Malformed"), ("errored", "IndexError"),
    ], found
    assert {found[one["id"]][0] for one in rest} == {"conforms"}
    again = next(one["command"] for one in json.loads(out)["verdicts"] if one["id"] == second["id"])
    assert again == f"genspec vectors verify answers.jsonl --case {second['id']}"
    assert vectors(capsys, *again.split()[2:])[0] == 1


def test_a_decoder_is_judged_by_what_it_says_of_itself(capsys: pytest.CaptureFixture[str]) -> None:
    ready = {"protocol": 1, "info": {"name": "mine", "version": "3", "dtype": "float32"},
             "capabilities": {"levels": ["L0"], "refuses": False}}
    asked = [one for one in questions(capsys, "--level", "L0") if "reject" not in answer(one)]
    name = write(ready, *map(answer, asked))
    status, out, _ = vectors(capsys, "verify", name, *SELECT, "--format", "json")
    data = json.loads(out)
    assert status == 0 and data["decoder"]["dtype"] == "float32" and data["decoder"]["version"] == "3"
    assert data["summary"]["conforms"] == len(asked) and data["summary"]["unsupported"] > 0
    out = vectors(capsys, "verify", name, *SELECT, "--format", "json", "--dtype", "float64")[1]
    assert json.loads(out)["decoder"]["dtype"] == "float64"


def test_expectations_hold_here_too(capsys: pytest.CaptureFixture[str]) -> None:
    asked = questions(capsys, "--level", "L0")
    words = ("verify", write(*map(answer, asked[1:])), *SELECT, "--level", "L0", "--expectations", "known.toml")
    assert vectors(capsys, *words)[0] == 2
    status, _, err = vectors(capsys, *words, "--update-expectations")
    assert status == 0 and err == "known.toml: 1 added, 0 removed, 0 kept\n"
    assert vectors(capsys, *words)[0] == 0
    write(*map(answer, asked))
    status, out, _ = vectors(capsys, *words)
    assert status == 1 and "it conforms now" in out


@pytest.mark.parametrize(("lines", "words", "said"), [
    (["garbage"], (), "line 1: no JSON"), (['{"id": "temperature/nope", "token": 1}'], (), "no question has the id"),
    (['{"token": 1}'], (), "is to have the `id`"), (["[]"], (), "no JSON object"), ([""], (), "has no answers"),
    (['{"id": 3}'], (), "is to have the `id`"), (["\x00"] * 9, (), "and 6 more lines are wrong"),
    (['{"protocol": 1, "info": {}}'], (), "`info` is to be"),
    (['{"protocol": 9, "info": {"name": "x"}}'], (), "protocol 9"),
    (['{"id": "temperature/half", "scores": []}', '{"protocol": 1, "info": {"name": "x"}}'], (), "says once what"),
    (['{"id": "temperature/half", "scores": []}'], ("--select", "TOP-P"), "answers none of the"),
    (['{"id": "temperature/half", "scores": []}'], ("--profile", "vllm"), "of the profile vllm"),
    (['{"id": "temperature/half", "scores": []}'], ("--profile", "hff"), "did you mean `hf`"),
    (['{"id": "temperature/half", "scores": []}'], ("--case", "x/y"), "has the id 'x/y'"),
    (['{"id": "temperature/half", "scores": []}'], ("--conversation",), "is for `genspec vectors emit`"),
    (['{"id": "temperature/half", "scores": []}'], ("--output", "no/such/file"), "no/such"),
])
def test_what_cannot_be_judged_is_one_line(
    lines: list[str], words: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, err = vectors(capsys, "verify", write(*lines), *words)
    assert status == 2 and not out and said in err and err.count("\n") == 1 and "internal error" not in err, err


@pytest.mark.parametrize(("words", "said"), [
    ((), "missing argument"), (("frob",), "neither emit nor verify"), (("emit", "x"), "unexpected extra argument"),
    (("verify",), "missing argument RESULTS"), (("verify", "none.jsonl"), "none.jsonl: No such file"),
    (("emit", "--format", "json"), "is for `genspec vectors verify`"), (("emit", "--select", "TOPP"), "did you mean"),
    (("emit", "--level", "L4"), "is not one of"), (("emit", "--output", "no/such/file"), "no/such"),
    (("verify", "."), "Is a directory"), (("verify", "x", "--update-expectations"), "needs the --expectations"),
])
def test_a_command_line_that_means_nothing_is_one_line(
    words: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, err = vectors(capsys, *words)
    assert status == 2 and not out and said in err and err.count("\n") == 1 and "internal error" not in err, err


@pytest.mark.parametrize(("words", "said"), [
    (("--select", "BEAM-SEARCH", "--level", "L0", "--level", "L2"),
     "no question is of L0 or L2: --select BEAM-SEARCH has questions at L3: give these levels, or no --level"),
    (("--profile", "vllm", "--level", "L2"), "no question is of L2: the profile vllm has questions at L1, L3: give"),
    (("--case", "temperature/half", "--level", "L3"), "--case temperature/half has questions at L0: give"),
    (("--case", "temperature/half", "--select", "TOP-K"), "is of none of the clauses: leave out --select"),
    (("--profile", "vllm", "--select", "CONTRASTIVE-SEARCH"),
     "no question of the profile vllm is of CONTRASTIVE-SEARCH: give another --profile"),
])
def test_nothing_selected_says_what_selects_something(
    words: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """And leaves a file of questions as it is."""
    Path("questions.jsonl").write_text("of before")
    for further in ((), ("--conversation",), ("--output", "questions.jsonl")):
        status, out, err = vectors(capsys, "emit", *words, *further)
        assert status == 3 and not out and said in err and err.count("\n") == 1, (status, out, err)
    assert Path("questions.jsonl").read_text() == "of before"


def test_the_command_of_a_failure_shows_it_again(capsys: pytest.CaptureFixture[str]) -> None:
    """What the command line says of the decoder is part of it: the file does not say it."""
    words = ("--profile", "llama.cpp", "--select", "TOP-K", "--level", "L0")
    asked = [json.loads(line) for line in vectors(capsys, "emit", *words)[1].splitlines()]
    file = write(*({"id": one["id"], "scores": [9.0]} for one in asked))
    out = vectors(capsys, "verify", file, *words, "--dtype", "float32")[1]
    command = re.findall(r"^  again +genspec vectors (.+)$", out, re.MULTILINE)[0]
    status, again, err = vectors(capsys, *shlex.split(command))
    assert status == 1 and "float32, profile llama.cpp" in again and not err, (command, again, err)


def test_answers_show_semantics_and_coverage(capsys: pytest.CaptureFixture[str]) -> None:
    """A decoder that keeps exactly k of equal scores, and says that it is as hf."""
    words = ("--select", "TOP-K", "--level", "L0")
    asked = [json.loads(line) for line in vectors(capsys, "emit", *words)[1].splitlines()]
    given = [{"id": one["id"], **Reference().answer("L0", with_exact_top_k(), one["input"])} for one in asked]
    status, out, _ = vectors(capsys, "verify", write(*given), *words, "--format", "json")
    data = json.loads(out)
    points = {one["point"]: one for one in data["profile"]["points"]}
    assert status == 1 and points["top_k_ties"]["option"] == "exact", points["top_k_ties"]
    assert all(one["conforms_under"] for one in data["verdicts"] if one["verdict"] == "violates")
    run_classes = {row["value_class"] for row in data["coverage"]["rows"] if row["parameter"] == "top_k" and row["run"]}
    assert run_classes, data["coverage"]["classes"]
    page = vectors(capsys, "verify", "answers.jsonl", *words, "--format", "html")[1]
    assert "<h2>Coverage " in page and "<h2>Semantics " in page


def with_exact_top_k() -> Any:
    from dataclasses import replace

    from genspec.config.profiles import HF

    return replace(HF, top_k_ties="exact")
