"""The command line of genspec conform, and the guide that explains it."""

import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from genspec.cli.app import run
from genspec.conform import vectors

ROOT = Path(__file__).resolve().parents[3]
GUIDE = (ROOT / "docs/guide/conform.md").read_text(encoding="utf-8")
ADAPTER, USE = re.findall(r"^```python\n(.*?)^```$", GUIDE, re.M | re.S)


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "simple.py").write_text(ADAPTER)
    monkeypatch.syspath_prepend(str(tmp_path))


def conform(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    status = run(["conform", *words])
    return status, *capsys.readouterr()


def test_the_adapter_of_the_guide_is_short_and_conforms(capsys: pytest.CaptureFixture[str]) -> None:
    assert len(ADAPTER.splitlines()) <= 40
    status, out, _ = conform(capsys, "simple:Simple", "--format", "json")
    data = json.loads(out)
    failed = [verdict for verdict in data["verdicts"] if verdict["verdict"] not in ("conforms", "unsupported")]
    assert status == 0 and not failed and data["summary"]["conforms"] > 500
    assert {verdict["level"] for verdict in data["verdicts"] if verdict["verdict"] == "conforms"} == {
        "L0", "L1", "L2", "L3"}


def test_the_python_of_the_guide_runs(capsys: pytest.CaptureFixture[str]) -> None:
    exec(USE, {})
    assert capsys.readouterr().out.splitlines() == re.findall(r"print\(.*\)\s+# (.+)", USE)


@pytest.mark.parametrize("wrong", [
    ("ends if isinstance", "[] if isinstance"), ("score / temperature", "score * temperature"),
    ("max(k, min_keep)", "max(k + 1, min_keep)"),
    (">= least", "> least"), ("math.log(number)", "number"), ("(0, step,", "(0, 0,"), ('("top_k", 50)', '("top_k", 0)'),
    ("-race[token]", "race[token]"), ("max_new_tokens\", 20", "max_new_tokens\", 19"), ("[:request.count]", "[:1]"),
    ("row.append(first(scores, noise)[0])", "row.append(first(scores, noise)[-1])"),
])
def test_every_fault_in_the_adapter_of_the_guide_is_found(
    wrong: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ADAPTER.count(wrong[0]) == 1, "it stands there once"
    (tmp_path / "wrong.py").write_text(ADAPTER.replace(*wrong))
    status, out, _ = conform(capsys, "wrong:Simple", "--max-cases", "400", "--max-failures", "1")
    assert status == 1 and "violates" in out and "again" in out


def test_the_statuses(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert conform(capsys, "simple:Simple", "--max-cases", "10")[0] == 0
    assert conform(capsys, "simple:Simple", "--select", "XTC")[0] == 3
    (tmp_path / "mute.py").write_text(ADAPTER.replace("return [row]", "return None"))
    status, out, err = conform(capsys, "mute:Simple")
    assert status == 2 and not out and "the adapter is broken" in err and "return rows of token ids" in err


@pytest.mark.parametrize(("words", "said"), [
    ((), "missing argument 'TARGET'"), (("nowhere:X",), "cannot be imported"), (("simple",), "nor module:factory"),
    (("simple:Simple", "--level", "L9"), "is not one of"), (("simple:Simple", "--select", "TOPP"), "did you mean"),
    (("simple:Simple", "--profile", "hff"), "did you mean `hf`"),
    (("simple:Simple", "--max-cases", "0"), "range from 1"),
    (("simple:Simple", "--resume"), "--resume needs the --output"), (("simple:Simple", "--case", "x/y"), "no case has"),
    (("simple:Simple", "--format", "xml"), "is not one of"), (("simple:Simple", "--sed", "1"), "no option is called"),
    (("simple:Simple", "--max-cases", "3", "--output", "no/such/folder.json"), "no folder no/such"),
    (("simple:Simple", "--output", "."), "is a folder"),
    ((":Simple",), "nor module:factory"), (("openai:questions",), "openai:DIR@http://HOST:PORT/v1"),
    (("simple:Simple", "--case", '{"config":{}}'), "`prompt` is missing"),
    (("cmd:./nothing",), ""),
])
def test_a_command_line_that_means_nothing_is_one_line(
    words: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status, _, err = conform(capsys, *words)
    assert status == 2 and said in err and err.count("\n") == 1 and "internal error" not in err, err


def test_a_report_is_written_whole(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    words = ("simple:Simple", "--max-cases", "10", "--format", "json", "--output", "report.json")
    assert conform(capsys, *words)[:2] == (0, "")
    assert json.loads((tmp_path / "report.json").read_text())["run"]["complete"] is True
    assert sorted(path.name for path in tmp_path.iterdir() if "report" in path.name) == ["report.json"]
    assert conform(capsys, *words, "--resume")[0] == 0


def test_an_interrupted_run_says_how_it_goes_on(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("genspec.conform.kit.run.run", interrupted)
    assert conform(capsys, "simple:Simple", "--output", "report.json")[::2] == (
        130, "\ngenspec: interrupted: the same command with --resume goes on\n\n")
    assert "a run with --output FILE can go on" in conform(capsys, "simple:Simple")[2]


def test_two_workers_give_the_report_of_one(capsys: pytest.CaptureFixture[str]) -> None:
    words = ("simple:Simple", "--max-cases", "45", "--format", "json")
    one, two = (json.loads(conform(capsys, *words, "--workers", number)[1]) for number in ("1", "2"))
    assert one["verdicts"] == two["verdicts"]


def test_the_environment_reaches_the_worker(tmp_path: Path, capsys: pytest.CaptureFixture[str],
                                            monkeypatch: pytest.MonkeyPatch) -> None:
    text = ADAPTER.replace("import math", "import math, os").replace('"1.0"', 'os.environ["OF_THE_TEST"]')
    (tmp_path / "surrounded.py").write_text(text)
    monkeypatch.setenv("OF_THE_TEST", "7.7")
    assert "simple 7.7" in conform(capsys, "surrounded:Simple", "--max-cases", "3")[1]


def test_the_help_imports_nothing_heavy() -> None:
    code = ("import sys; from genspec.cli.app import run; run(['conform', '--help']);"
            "print(sorted({'numpy', 'torch', 'hypothesis', 'pydantic'} & set(sys.modules)))")
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.endswith("[]\n")


def test_vectors_are_found_in_a_checkout_and_in_an_installed_package(tmp_path: Path) -> None:
    assert vectors.folder() == ROOT / "reference" / "vectors" / "v1"
    inside, beside = tmp_path / "package" / "vectors" / "v1", tmp_path / "vectors" / "v1"
    with pytest.raises(FileNotFoundError, match="no vectors in"):
        vectors.found(inside, beside)
    for place in (beside, inside):      # the installed ones first
        place.mkdir(parents=True)
        (place / "schema.json").write_text("{}")
        assert vectors.found(inside, beside) == place


def test_a_wheel_holds_the_vectors(tmp_path: Path) -> None:
    builder = pytest.importorskip("hatchling.builders.wheel")
    (made,) = builder.WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"])
    names = zipfile.ZipFile(made).namelist()
    assert "genspec_reference/vectors/v1/schema.json" in names
    assert sum(name.startswith("genspec_reference/vectors/v1/") for name in names) > 100
