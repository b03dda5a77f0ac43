"""The command line with expectations: begun, held to, brought up to date."""

from pathlib import Path

import pytest

from genspec.cli.app import run
from genspec.conform.expectations.file import read

FAKES = "support.kit_fakes:"
WORDS = ("--level", "L3", "--max-cases", "24", "--expectations", "known.toml")


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def conform(capsys: pytest.CaptureFixture[str], name: str, *words: str) -> tuple[int, str, str]:
    status = run(["conform", FAKES + name, *words])
    return status, *capsys.readouterr()


def test_a_decoder_with_faults_is_green_until_something_changes(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = conform(capsys, "Deaf", *WORDS, "--update-expectations")
    known = read(Path("known.toml"))
    assert status == 0 and "known.toml: " in err and "failed as expected" in out and known.cases and known.drawn
    before = Path("known.toml").read_text()
    status, out, _ = conform(capsys, "Deaf", *WORDS)
    assert status == 0 and "violates: " not in out
    status, _, err = conform(capsys, "Deaf", *WORDS, "--update-expectations")
    assert status == 0 and " 0 added, 0 removed, " in err and Path("known.toml").read_text() == before
    status, out, _ = conform(capsys, "Greedy", *WORDS)
    assert status == 1 and "it conforms now" in out and "none of the drawn calls shows it any more" in out
    status, out, _ = conform(capsys, "Lowest", *WORDS, "--max-failures", "2")
    assert status == 1 and "violates: " in out and "enough failed" in out
    assert conform(capsys, "Greedy", *WORDS, "--update-expectations")[0] == 0 and not read(Path("known.toml")).cases


def test_a_run_that_has_shown_nothing_writes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert conform(capsys, "Greedy", *WORDS, "--select", "XTC", "--update-expectations")[0] == 3
    assert not Path("known.toml").exists()


@pytest.mark.parametrize(("text", "words", "said"), [
    (None, WORDS, "known.toml does not exist: --update-expectations makes it"), ("version = ", WORDS, "no TOML"),
    ("version = ", (*WORDS, "--update-expectations"), "no TOML"),
    (None, ("--update-expectations",), "needs the --expectations FILE"),
    (None, (*WORDS[:-1], "no/such/known.toml", "--update-expectations"), "cannot be written"),
])
def test_what_cannot_be_held_to_is_one_line(
    text: str | None, words: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if text is not None:
        Path("known.toml").write_text(text)
    status, out, err = conform(capsys, "Greedy", *words)
    assert status == 2 and not out and said in err and err.count("\n") == 1 and "internal error" not in err, err
    assert text is None or Path("known.toml").read_text() == text
