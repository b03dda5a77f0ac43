"""The plugin of pytest: every case a test, and nothing at all without its option."""

import re
import subprocess
import sys
import tomllib
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from genspec.conform import pytest_cases
from genspec.conform.verdict import Kind, Verdict

pytest_plugins = ["pytester"]
ROOT = Path(__file__).resolve().parents[3]
ADAPTER = re.findall(r"^```python\n(.*?)^```$", (ROOT / "docs/guide/conform.md").read_text(), re.M | re.S)[0]
NAME = "genspec.conform.pytest_plugin"
LOADED = () if entry_points(group="pytest11", name="genspec") else ("-p", NAME)
FEW = ("--genspec-level", "L0", "--genspec-select", "TOP-K-3")


@pytest.fixture(autouse=True)
def adapters(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    pytester.makepyfile(simple=ADAPTER, wrong=ADAPTER.replace(">= least", "> least"), test_mine="def test_mine(): pass")
    pytester.syspathinsert()


def ran(pytester: pytest.Pytester, decoder: str, *words: str) -> pytest.RunResult:
    return pytester.runpytest(*LOADED, "-p", "no:cacheprovider", "--genspec-decoder", decoder, *words)


def test_each_case_is_a_test_with_its_id_beside_the_others(pytester: pytest.Pytester) -> None:
    found = ran(pytester, "simple:Simple", *FEW, "--genspec-select", "TOP-P-2", "-v", "-rs")
    text = found.stdout.str()
    assert found.ret == 0 and "top_k/random-12 PASSED" in text and "test_mine PASSED" in text, text
    passed = found.parseoutcomes()
    assert passed["passed"] > 10 and passed["skipped"] >= 1, passed
    assert "unsupported: has not the operation top_p" in text


def test_marks_choose_by_level_page_and_clause(pytester: pytest.Pytester) -> None:
    words = ("--genspec-level", "L0", "--genspec-level", "L2", "--genspec-select", "TOP-K",
             "--genspec-select", "SAMPLE", "--strict-markers", "--collect-only", "-q", "-m")
    listed = {mark: ran(pytester, "simple:Simple", *words, mark).stdout.str()
              for mark in ("genspec", "L0", "L2", "TOP-K", "TOP-K-3", "L0 and SAMPLE")}
    collected = {mark: set(re.findall(r"^genspec::(\S+)", text, re.M)) for mark, text in listed.items()}
    assert collected["genspec"] == collected["L0"] | collected["L2"] and not collected["L0"] & collected["L2"]
    assert collected["TOP-K-3"] < collected["TOP-K"] <= collected["genspec"] and collected["L2"]
    assert not collected["L0 and SAMPLE"], collected


def test_a_failure_shows_what_was_expected_what_came_the_clause_and_the_command(pytester: pytest.Pytester) -> None:
    found = ran(pytester, "wrong:Simple", *FEW, "-m", "genspec")
    found.stdout.fnmatch_lines([
        "violates: top_k/* (L0) [[]TOP-K*", "*was expected, and -inf came",
        "  expected *", '  came *"-inf"', "  input *",
        "  again     genspec conform wrong:Simple --case top_k/*",
    ])
    text = found.stdout.str()
    assert found.ret == 1 and "Traceback" not in text and "FAILED genspec::top_k/" in text, text


def test_expectations_are_kept_here_too(pytester: pytest.Pytester) -> None:
    known = pytester.path / "known.toml"
    known.write_text('version = 1\n[cases]\n"top_k/random-21" = { verdict = "violates", reason = "issue 17" }\n')
    words = (*FEW, "--genspec-expectations", "known.toml", "-k", "random-21", "-rx")
    found = ran(pytester, "wrong:Simple", *words)
    assert found.ret == 0 and "issue 17" in found.stdout.str()
    assert found.parseoutcomes()["xfailed"] == 1
    stale = ran(pytester, "simple:Simple", *words)
    assert stale.ret == 1 and "take it out of known.toml" in stale.stdout.str()


def test_processes_of_xdist_collect_the_same(pytester: pytest.Pytester) -> None:
    pytest.importorskip("xdist")
    words = ("--genspec-max-cases", "12", "--genspec-level", "L3", "-m", "genspec")
    alone, shared = ran(pytester, "simple:Simple", *words), ran(pytester, "simple:Simple", *words, "-n", "2")
    assert alone.ret == shared.ret == 0, shared.stdout.str()
    assert alone.parseoutcomes()["passed"] == shared.parseoutcomes()["passed"] == 12


@pytest.mark.parametrize(("decoder", "words", "said"), [
    ("nowhere:X", (), "nowhere cannot be imported"), ("simple", (), "nor module:factory"),
    ("simple:Simple", ("--genspec-select", "TOPP"), "did you mean TOP-P"),
    ("simple:Simple", ("--genspec-level", "L9"), "no level is called"),
    ("simple:Simple", ("--genspec-profile", "hff"), "no profile is called"),
    ("simple:Simple", ("--genspec-expectations", "none.toml"), "none.toml does not exist"),
    ("mute:Simple", (), "the adapter is broken"),
])
def test_what_means_nothing_is_a_usage_error(
    decoder: str, words: tuple[str, ...], said: str, pytester: pytest.Pytester
) -> None:
    pytester.makepyfile(mute=ADAPTER.replace("return [row]", "return None"))
    found = ran(pytester, decoder, *words)
    errors = found.stderr.str()
    assert found.ret == pytest.ExitCode.USAGE_ERROR and said in errors and "Traceback" not in errors, errors


def test_verdicts_that_neither_pass_nor_fail() -> None:
    with pytest.raises(pytest.xfail.Exception, match="known deviation DEV-14: off"):
        pytest_cases.told(Verdict(Kind.KNOWN_DEVIATION, "off", deviation="DEV-14"))
    for kind in (Kind.UNSUPPORTED, Kind.AMBIGUOUS):
        with pytest.raises(pytest.skip.Exception, match=f"{kind}: why"):
            pytest_cases.told(Verdict(kind, "why"))
    pytest_cases.told(Verdict(Kind.CONFORMS))


def test_without_the_option_next_to_nothing_is_imported() -> None:
    code = (f"import sys; before = set(sys.modules); import {NAME}; "
            "print(sorted(name for name in set(sys.modules) - before if not name.startswith('__editable__')))")
    out = subprocess.run([sys.executable, "-S", "-c", f"import sys; sys.path[:0] = {[str(ROOT)]!r}; {code}"],
                         capture_output=True, text=True, check=True).stdout
    assert out.strip() == str(["genspec", "genspec.conform", NAME]), out


def test_pytest_finds_the_plugin() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]["pytest11"]
    assert declared == {"genspec": NAME}
