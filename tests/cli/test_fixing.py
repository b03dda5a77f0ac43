"""genspec check --fix, --unsafe-fixes and --diff."""

import io
import json

import pytest

FAULTY = '{\n  "temperature": 0.7,\n  "max_new_tokens": 20,\n  "eos_token_id": "2",\n  "pad_token_id": 0\n}\n'
SAFE = FAULTY.replace('"2"', "2")


def test_fix_applies_what_is_safe_and_reports_the_rest(genspec, model):
    path = model(FAULTY)
    result = genspec("check", "--fix", path)
    assert result.status == 1
    assert "GS201" in result.out and "GS405" not in result.out
    assert "1 fault fixed.\ngenspec can fix 1 with --fix --unsafe-fixes.\n" in result.out
    assert path.read_text() == SAFE


def test_unsafe_fixes_are_asked_for(genspec, model):
    path = model(FAULTY)
    result = genspec("check", "--fix", "--unsafe-fixes", "--format", "json", path, "--ignore", "GS205")
    assert (result.status, json.loads(result.out)["summary"]["fixed"]) == (0, 2)
    assert json.loads(path.read_text()) == {**json.loads(SAFE), "do_sample": True}
    assert genspec("check", "--unsafe-fixes", path).status == 2


def test_diff_prints_and_changes_nothing(genspec, model):
    path = model(FAULTY)
    result = genspec("check", "--diff", path)
    assert result.status == 1
    assert '-  "eos_token_id": "2",\n+  "eos_token_id": 2,\n' in result.out
    assert path.read_text() == FAULTY
    assert genspec("check", "--diff", model(SAFE)) == (0, "", "")


def test_standard_input_comes_out_fixed(genspec, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(FAULTY.encode())))
    result = genspec("check", "--fix", "-")
    assert (result.status, result.out) == (1, SAFE)
    assert "1 fault fixed." in result.err


def test_a_file_that_cannot_be_written_is_an_error(genspec, model, monkeypatch):
    from genspec.lint.fixing import run

    def refuse(path, data):
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(run, "write_whole", refuse)
    path = model(FAULTY)
    result = genspec("check", "--fix", path)
    assert result.status == 2 and "cannot be written: Permission denied" in result.err
    assert path.read_text() == FAULTY



@pytest.mark.parametrize(("arguments", "message"), [
    (["--diff", "--output=x"], "--diff prints a diff, and no report: leave out --output"),
    (["--diff", "--format=json", "--baseline=x"], "--diff prints a diff, and no report: leave out --format and --base"),
    (["--fix", "-", "--format=json"], "--fix prints the fixed text of standard input, and no report: leave out --form"),
    (["--fix", "--prune-baseline"], "--update-baseline and --prune-baseline need the file: --baseline FILE"),
])
def test_options_that_would_do_nothing_are_refused(genspec, model, arguments, message):
    path = model(FAULTY)
    result = genspec("check", *arguments, *([path] if "-" not in arguments else []))
    assert (result.status, result.out, path.read_text()) == (2, "", FAULTY)
    assert message in result.err, result.err


def test_fix_leaves_known_findings_out_of_its_report(genspec, model):
    path = model(FAULTY.replace("20", "-20"))
    assert genspec("check", path, "--baseline", "known.json", "--update-baseline").status == 0
    result = genspec("check", path, "--fix", "--baseline", "known.json")
    assert (result.status, "fault fixed" in result.out, "left out" in result.out) == (0, True, True), result.out


def test_standard_input_that_is_closed_is_an_error(genspec, monkeypatch):
    monkeypatch.setattr("sys.stdin", None)
    result = genspec("check", "-")
    assert (result.status, result.err) == (2, "genspec: error: standard input is closed: there is nothing to check\n")
