"""Programs that go wrong in every way: each way is the verdict of its case, and the run goes on to the end."""

import os
import shlex
import signal
import sys
import time
from pathlib import Path

import pytest

from genspec.cli.app import run as command_line
from genspec.conform import run
from genspec.conform.address import Address
from genspec.conform.protocol.client import Commanded
from genspec.conform.question import Question
from genspec.conform.verdict import Kind
from genspec.conform.workers.told import Broken, NoDecoder, Overdue

FAKE = Path(__file__).with_name("fake.py")
CASES = 6


def command(name, file=None):
    words = [sys.executable, str(FAKE), name, *([str(file)] if file else [])]
    return f"cmd:{shlex.join(words)}"


def report_on(name, file=None, seconds=10.0, clauses=("TEMPERATURE",), **more):
    return run(command(name, file), levels=["L0"], clauses=list(clauses), max_cases=CASES, case_seconds=seconds, **more)


def question(number=0, scores=(1.0, "-inf")):
    given = {"operation": "temperature", "scores": list(scores), "arguments": {"temperature": 2.0}, "context": {}}
    return Question(f"temperature/{number}", "L0", "hf", given)


@pytest.fixture
def asked():
    """Start fakes, and end them."""
    started = []

    def start(name, file=None, loading=30.0, **more):
        started.append(Commanded(Address(command(name, file), **more), loading))
        return started[-1]

    yield start
    for target in started:
        target.stop()


def test_a_program_that_does_nothing_wrong_conforms():
    report = report_on("nothing")
    assert report.status == 0, report.failures
    assert report.summary["conforms"] == report.run.asked == CASES
    assert report.decoder.name == "fake"


WRONG = {
    "garbage": "no JSON", "bytes": "no JSON", "dies": "status 3. It said: assertion failed: scores != NULL",
    "half a line": "status 0", "segfault": "SIGSEGV", "floods a line": "without ending a line",
    "floods lines": "no JSON", "other id": "where", "no id": "without an id", "twice": "after the answer came",
    "nan": 'NaN is no number of JSON; write it as text, "nan"', "null": "`scores` is to be", "nested": "no JSON",
    "other level": "an answer to L0 has `scores`", "extra member": "`score` is no member",
    "same name twice": "a name twice", "failed": "IndexError: beyond the end",
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_answer_is_the_verdict_of_its_case(asked, name):
    target = asked(name)
    assert target.info.name == "fake"
    for number in range(2):
        assert target.ask(question(number)) == {"scores": [0.5, "-inf"]}
    told = target.ask(question(2))
    assert isinstance(told, Broken) and WRONG[name] in str(told), told
    after = target.ask(question(3))
    assert after == {"scores": [0.5, "-inf"]} or name in IN_STEP, (told, after)


IN_STEP = ("null", "other level", "extra member", "failed")
"""What does not lose the place is no reason to start the program again, and so it goes on being wrong."""


@pytest.mark.parametrize("name", ["garbage", "dies", "other id", "nan"])
def test_the_run_goes_on_and_its_report_is_whole(name):
    report = report_on(name)
    assert report.status == 1
    assert report.run.complete and report.run.asked == CASES
    kinds = [result.verdict.kind for result in report.results if result.asked]
    assert Kind.ERRORED in kinds and Kind.CONFORMS in kinds, kinds


def test_a_hang_costs_its_case_the_time_of_one(asked):
    target = asked("hangs", seconds=0.3)
    began = [target.ask(question(number)) for number in range(2)]
    started = time.monotonic()
    assert target.ask(question(2)) == Overdue(0.3), began
    assert time.monotonic() - started < 5
    assert target.ask(question(3), 10.0) == {"scores": [0.5, "-inf"]}


def test_a_program_that_reads_nothing_is_not_waited_for(asked):
    target = asked("hangs", seconds=0.3)
    for number in range(2):
        target.ask(question(number), 10.0)
    assert target.ask(question(2, scores=[1.0] * 300_000)) == Overdue(0.3)      # more than a pipe holds


def test_a_program_that_closes_its_output_has_ended_its_part(asked, monkeypatch):
    monkeypatch.setattr("genspec.conform.protocol.child.PARTING_SECONDS", 0.2)
    target = asked("closes")
    told = [target.ask(question(number)) for number in range(3)]
    assert isinstance(told[2], Broken) and told[2].error == "ClosedOutput", told


def test_answers_out_of_order_are_seen(asked):
    target = asked("out of order", seconds=0.5)
    told = [target.ask(question(number), 0.5 if number == 2 else 10.0) for number in range(4)]
    assert isinstance(told[2], Overdue), told           # the answer is held back until the next question
    assert told[3] == {"scores": [0.5, "-inf"]}, told


def test_a_second_answer_is_not_taken_for_that_to_the_next_question(asked):
    target = asked("twice, later")
    for _ in range(3):
        assert target.ask(question()) == {"scores": [0.5, "-inf"]}
    time.sleep(0.5)
    told = target.ask(question(scores=(3.0, 2.0)))       # under the same id
    assert isinstance(told, Broken) and "before this was asked came" in str(told), told
    assert target.ask(question(scores=(3.0, 2.0))) == {"scores": [1.5, 1.0]}


def test_what_a_program_has_started_ends_with_it(asked, tmp_path):
    place = tmp_path / "pid"
    target = asked("has a child", place)
    assert target.info.name == "fake"
    child = int(place.read_text())
    target.stop()
    assert gone(child), "the child of the program goes on running"


def gone(pid, seconds=5.0):
    """Wait until a process is no more, or has been left to be collected."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False


def test_memory_is_bounded(asked):
    target = asked("memory", memory_mib=100)
    if not Path("/proc/self/statm").exists():
        pytest.skip("this system does not tell the memory of a process in /proc")
    told = [target.ask(question(number)) for number in range(3)]
    assert isinstance(told[2], Broken) and told[2].error == "MemoryError", told


@pytest.mark.parametrize("name", ["count", "nan as text", "always wrong", "nondeterministic"])
def test_a_wrong_answer_violates(name):
    report = report_on(name)
    assert report.status == 1
    assert report.summary["violates"] > 0 and report.summary["errored"] == 0, report.summary


def test_what_changes_from_time_to_time_is_told(tmp_path):
    report = report_on("segfault once", tmp_path / "gone wrong")
    (failure,) = report.failures
    assert "Asked twice" in failure.verdict.reason and "SIGSEGV" in failure.verdict.reason, failure


def test_off_by_one_ulp_conforms():
    report = report_on("one ulp")
    assert report.status == 0, report.failures


def test_a_capability_that_it_has_not_is_a_violation():
    report = run(command("claims top_p"), levels=["L0"], clauses=["TOP-P"], max_cases=CASES)
    assert report.status == 1 and report.summary["violates"] > 0, report.summary


STARTS = {
    "crash at start": "status 1. It said: no model file here",
    "garbage at start": "Standard output carries one message a line",
    "unknown capability": "did you mean `operations`?", "capability of another kind": "`levels` is to be a list",
    "another protocol": "it speaks the protocol 2, and this is 1", "no name": "`info` is to be",
    "another dtype": "float8",
}


@pytest.mark.parametrize("name", STARTS)
def test_a_program_that_does_not_start_is_no_decoder(asked, name):
    with pytest.raises(NoDecoder) as caught:
        asked(name).info        # noqa: B018  it starts now
    assert STARTS[name] in str(caught.value)


def test_too_slow_a_start_is_no_decoder(asked):
    with pytest.raises(NoDecoder, match=r"no answer to start within 0\.3 s"):
        asked("slow start", loading=0.3).info       # noqa: B018  it starts now


@pytest.mark.parametrize(("target", "words"), [
    ("cmd:", "no command"), ("cmd:'./decoder", "No closing quotation"), ("cmd:./no-such-program", "cannot be run"),
    (command("crash at start"), "no model file here"),
])
def test_the_command_line_says_why_there_is_no_decoder(capsys, target, words):
    assert command_line(["conform", target, "--level", "L0"]) == 2
    assert words in capsys.readouterr().err


def test_a_program_that_starts_only_once_breaks_what_is_left(asked, tmp_path):
    target = asked("starts once", tmp_path / "started")
    assert target.ask(question()) == {"scores": [0.5, "-inf"]}
    os.kill(target.child.process.pid, signal.SIGKILL)
    told = [target.ask(question(number)) for number in range(6)]
    assert isinstance(told[0], Broken) and told[0].error == "SIGKILL", told
    assert all(isinstance(one, Broken) and one.error == "NoDecoder" for one in told[1:]), told
    assert len(target.failed) == 3      # and no more starts


def test_starts_that_failed_are_forgotten_after_one_that_did_not(asked):
    target = asked("nothing")
    target.failed.extend([NoDecoder("busy")] * 2)
    assert target.ask(question()) == {"scores": [0.5, "-inf"]}
    assert target.failed == []


def test_a_program_that_does_not_stop_is_ended(asked, monkeypatch):
    monkeypatch.setattr("genspec.conform.protocol.child.PARTING_SECONDS", 0.2)
    target = asked("stays")
    target.ask(question())
    process = target.child.process
    target.stop()
    assert process.poll() is not None
