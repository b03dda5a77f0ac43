"""Whatever is asked wrongly is answered on one line, with status 2, and never with a traceback."""

import errno
import json
import os
import pty
import signal
import subprocess
import sys

import pytest

import genspec.cli.check
from genspec.cli.app import VERBS


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["chekc"], "no verb is called 'chekc': did you mean `check`?"),
        (["xyz"], f"there are {', '.join(VERBS)}."),
        (["--versoin"], "no option is called '--versoin': did you mean `--version`?"),
        (["check", "--formt", "json"], "no option is called '--formt': did you mean `--format`?"),
        (["check", "--formt=json"], "no option is called '--formt': did you mean `--format`?"),
        (["check", "--no-colour"], "did you mean `--no-color`?"),
        (["check", "--exit"], "no option is called '--exit'"),
        (["check", "-x"], "there are --format, --select,"),
        (["check", "--exit-zero=yes"], "--exit-zero: takes no value"),
        (["check", ""], "an argument is empty"),
        (["explain", ""], "an argument is empty"),
        (["check", "--output", ""], "--output names no file"),
        (["check", "--format", "yaml"], "'yaml' is not one of 'text', 'json'"),
        (["check", "--select", "GS999"], "--select: no rule is called 'GS999': did you mean `GS909`? `genspec rule`"),
        (["check", "--select", ""], "--select: no rule is called ''"),
        (["check", "--ignore", "samplin-flag-without-do-sample"], "did you mean `sampling-flag-without-do-sample`?"),
        (["check", "--min-severity", "fatal"], "--min-severity: 'fatal' is no severity"),
        (["check", "--target", "vlm==0.9"], "--target: "),
        (["check", "--target", "transformers>=5<"], "--target: "),
        (["check", "--target"], "requires an argument"),
        (["check", "-", "other"], "standard input is checked alone"),
        (["check", "--stdin-filename", "a", "b"], "standard input is checked alone"),
        (["check", "--stdin-filename", ""], "--stdin-filename names no file"),
        (["explain"], "missing argument 'PATH'"),
        (["explain", ".", "--prompt-length", "-1"], "-1 is not in the range"),
        (["explain", ".", "--prompt-length", "many"], "'many' is not a valid integer"),
        (["explain", "a", "b"], "unexpected extra argument 'b'"),
        (["explain", ".", "--profile", "vLLM"], "--profile: 'vLLM' is not one of 'hf', 'hf-4.50', "),
        (["explain", ".", "--on-overflow", "cut"], "--on-overflow: 'cut' is not one of 'truncate', 'error'"),
        (["trace", ".", "--prompt", "1"], "--model is missing"),
        (["trace", ".", "--model", "table:7"], "--prompt is missing"),
        (["trace", ".", "--model", "tabel:7"], "--model: no kind of model is called 'tabel': did you mean `table`?"),
        (["trace", ".", "--model", "table"], "--model: 'table' has no seed: write table:7"),
        (["trace", ".", "--model", "table:x"], "--model: the seed is an integer, not 'x'"),
        (["trace", ".", "--model", "table:-1"], "--model: the seed is at least 0, not -1"),
        (["trace", ".", "--model", "table:1,vocab=0"], "--model: vocab is at least 1, not 0"),
        (["trace", ".", "--model", "table:1,vocab=9999999"], "--model: vocab is at most 1,000,000"),
        (["trace", ".", "--model", "table:1,size=9"], "--model: 'size=9' is no setting of a model"),
        (["trace", ".", "--model", "table:1,eos"], "--model: 'eos' is no setting of a model"),
        (["trace", ".", "--model", "table:1,eos=2;x"], "--model: '2;x' is not a list of token ids like 1;2;3"),
        (["trace", ".", "--prompt", "1,x"], "--prompt: '1,x' is not a list of token ids like 1,2,3"),
        (["trace", ".", "--prompt", "-1"], "--prompt: -1 is no token id"),
        (["trace", "{}", "--model", "table:7", "--prompt", "16"], "--prompt: the model has 16 tokens, 0 to 15, and 16"),
        (["trace", "{}", "--model", "ties:7,vocab=3", "--prompt", "1", "--source", "9"], "--source: the model has"),
        (["trace", "{}", "--model", "table:7,eos=99", "--prompt", "1"], "--model table:7,eos=99,vocab=100 has it"),
        (["trace", ".", "--profile", "hf-9"], "--profile: 'hf-9' is not one of 'hf',"),
        (["trace", ".", "--top", "0"], "--top: 0 is not in the range"),
        (["trace", ".", "--seed", "-1"], "--seed: -1 is not in the range"),
        (["rule", "GS9999"], "no rule is called 'GS9999'"),
        (["rule", "sampling-flag"], "no rule is called 'sampling-flag'"),
        (["rule", "\x1b[2J"], "no rule is called"),
        (["schema", "x"], "unexpected extra argument"),
    ],
)
def test_a_usage_error_is_one_line_and_leaves_two(genspec, arguments, says):
    status, out, err = genspec(*arguments)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("genspec: error: ") and says in err and "--help`)" in err and err[:-1].isprintable()


def test_without_a_verb_the_help_is_shown(genspec):
    result = genspec()
    assert (result.status, result.out) == (2, "") and all(verb in result.err for verb in VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help(genspec, verb):
    result = genspec(verb, "--help")
    assert result.status == 0 and result.out.startswith(f"Usage: genspec {verb}")


@pytest.mark.parametrize("option", ["-h", "--help"])
def test_help_names_the_verbs_and_goes_before_errors(genspec, option):
    result = genspec(option)
    assert result.status == 0 and not result.err and all(verb in result.out for verb in VERBS)
    assert genspec("check", "--formt", option) == genspec("check", option)


def test_the_help_of_check_names_every_option_and_status(genspec):
    out = genspec("check", "-h").out
    lines, last = out.splitlines(), " ".join(out.rpartition("\n\n")[2].split())
    assert max(map(len, lines)) <= 88 and last.startswith("Status: 0 ") and last.endswith("130 interrupted."), last
    assert {"--format", "--select", "--ignore", "--target", "--min-severity", "--exit-zero", "--output"} <= {
        line.split()[0] for line in lines if line.startswith("  -")
    }


@pytest.mark.parametrize("option", ["--version", "-V"])
def test_version(genspec, process, option):
    assert process(option) == genspec(option) == (0, "genspec 0.1.0\n", "")


def test_a_broken_project_file_leaves_two(genspec, tmp_path):
    (tmp_path / "genspec.toml").write_text("select = [")
    result = genspec("check")
    assert result.status == 2 and "genspec.toml: is not valid TOML" in result.err and "--help" not in result.err


def test_a_report_that_cannot_be_written_leaves_two(genspec, model):
    result = genspec("check", model(), "--output", "no/such/folder/report")
    assert (result.status, result.err) == (
        2, "genspec: error: no/such/folder/report: cannot be written: No such file or directory\n"
    )


def fails(error):
    def check_paths(*_):
        raise error

    return check_paths


def test_an_internal_error_asks_for_a_report(genspec, monkeypatch):
    monkeypatch.setattr(genspec_check, "check_paths", fails(KeyError("x")))
    result = genspec("check")
    assert result.status == 2 and result.err.count("\n") == 1
    assert result.err.startswith("genspec: error: internal error: KeyError: 'x'. Please report it")


def test_a_traceback_is_shown_when_asked_for(genspec, monkeypatch):
    monkeypatch.setattr(genspec_check, "check_paths", fails(KeyError("x")))
    monkeypatch.setenv("GENSPEC_TRACEBACK", "1")
    assert "Traceback (most recent call last)" in genspec("check").err


def test_an_error_of_the_system_names_the_file(genspec, monkeypatch):
    monkeypatch.setattr(genspec_check, "check_paths", fails(OSError(errno.EIO, "Input/output error", "a/b")))
    assert genspec("check") == (2, "", "genspec: error: a/b: Input/output error\n")


def test_an_interrupt_leaves_130_quietly(genspec, monkeypatch):
    monkeypatch.setattr(genspec_check, "check_paths", fails(KeyboardInterrupt()))
    status, out, err = genspec("check")
    assert (status, out, err.strip()) == (130, "", "")      # a line break, so that the prompt does not follow ^C


genspec_check = genspec.cli.check


def command(*arguments):
    return [sys.executable, "-m", "genspec", *arguments]


def test_a_reader_that_leaves_early_ends_the_run_quietly(model):
    for number in range(200):
        model(folder=f"m{number}")
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(command("check"), stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (128 + signal.SIGPIPE, b"")


def test_a_reader_that_leaves_early_leaves_the_files_of_the_report(model, tmp_path):
    model()
    reading, writing = os.pipe()
    os.close(reading)
    files = [f"sarif={tmp_path}/report.sarif", f"junit={tmp_path}/report.xml"]
    done = subprocess.run(command("check", *(word for file in files for word in ("--output", file))),
                          stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (128 + signal.SIGPIPE, b"")
    assert json.loads((tmp_path / "report.sarif").read_text())["runs"][0]["results"]
    assert (tmp_path / "report.xml").read_text().rstrip().endswith("</testsuites>")


def test_a_file_of_the_report_that_cannot_be_written_costs_no_other(genspec, model, tmp_path):
    model()
    result = genspec("check", "--output", "sarif=no/such/folder/x", "--output", f"json={tmp_path}/x.json")
    assert result.status == 2 and "GS201" in result.out and result.err.count("\n") == 1, result
    assert json.loads((tmp_path / "x.json").read_text())["findings"]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is always full")
def test_a_full_disk_is_one_line(model):
    model()
    with open("/dev/full", "wb") as full:
        done = subprocess.run(command("check"), stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 2
    assert done.stderr == b"genspec: error: standard output cannot be written: No space left on device\n"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no device that is always full")
@pytest.mark.parametrize("verb", ["--version", "-V", "--help", "schema"])
def test_a_full_disk_is_one_line_for_every_verb(verb):
    with open("/dev/full", "w") as full:
        done = subprocess.run(command(verb), stdout=full, stderr=subprocess.PIPE, check=False)
    assert (done.returncode, done.stderr.count(b"\n")) == (2, 1) and b"cannot be written" in done.stderr


def test_a_closed_standard_output_is_no_error(model):
    model()
    done = subprocess.run(f"{sys.executable} -m genspec check >&-", shell=True, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (1, b"")


def test_a_folder_that_is_gone_is_one_line(tmp_path):
    gone = tmp_path / "gone"
    gone.mkdir()
    done = subprocess.run(
        f"cd {gone} && rmdir {gone} && {sys.executable} -m genspec check", shell=True, capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (
        2, b"genspec: error: the current folder was removed: change to one that is there\n"
    )


@pytest.mark.parametrize("name", [b"m\xff.json", "温度.json".encode(), b"a\nb.json", b"-.json"])
def test_odd_file_names_are_reported_whole(name, tmp_path):
    with open(os.fsencode(tmp_path) + b"/" + name, "w") as file:
        file.write('{"temperature": 0.5}')
    for form in (b"text", b"json"):
        done = subprocess.run(
            [*map(os.fsencode, command("check")), b"--format", form, b"--", name],
            capture_output=True, env=os.environ | {"PYTHONUTF8": "0", "LC_ALL": "C"}, check=False,
        )
        assert done.returncode == 1 and not done.stderr
    assert json.loads(done.stdout)["findings"]


def on_a_terminal(**environment):
    """Run a check with a terminal as its standard output and return what it printed."""
    ours, theirs = pty.openpty()
    plain = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "TERM")}
    arguments = environment.pop("arguments", [])
    started = subprocess.Popen(command("check", *arguments), stdout=theirs, env=plain | environment)
    os.close(theirs)
    printed = b""
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:                     # the other side is closed
            break
        if not piece:
            break
        printed += piece
    started.wait()
    os.close(ours)
    return printed


def test_a_terminal_gets_colours_unless_the_user_wants_none(model):
    model()
    assert b"\x1b[" in on_a_terminal(TERM="xterm")
    assert b"\x1b[" not in on_a_terminal(TERM="xterm", NO_COLOR="1")
    assert b"\x1b[" not in on_a_terminal(TERM="dumb")
    assert b"\x1b[" not in on_a_terminal(TERM="xterm", arguments=["--no-color"])
    assert b"\x1b[" not in on_a_terminal(TERM="xterm", arguments=["--format=json"])
