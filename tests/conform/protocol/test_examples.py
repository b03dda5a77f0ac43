"""The decoders of docs/examples conform, and what the guide shows is what happens."""

import json
import re
import shlex
import shutil
import subprocess
import sys
from collections import Counter

import jsonschema
import pytest
from support.guides import ROOT, blocks, tables

from genspec.conform import protocol, run
from genspec.conform.address import Address
from genspec.conform.kit.smoke import SMOKE
from genspec.conform.protocol.client import Commanded
from genspec.conform.protocol.messages import ready_from, reply_from, run_message
from genspec.conform.question import Question
from genspec.conform.verdict import Kind
from genspec.conform.workers.told import Broken

EXAMPLES = ROOT / "docs/examples/decoders"
NODE, COMPILER = shutil.which("node"), shutil.which("cc")
SCHEMA = json.loads((ROOT / protocol.__file__).with_name("schema.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def commands(tmp_path_factory):
    """Build what has to be built, and give the command of each language; None where it cannot run."""
    folder = tmp_path_factory.mktemp("decoders")
    found = {"python": [sys.executable, EXAMPLES / "python/decoder.py"], "javascript": None, "first": None, "c": None}
    if NODE is not None:
        (folder / "first.mjs").write_text(blocks("javascript", "protocol.md")[0])
        found |= {"javascript": [NODE, EXAMPLES / "javascript/decoder.mjs"], "first": [NODE, folder / "first.mjs"]}
    if COMPILER is not None:
        strict = ["-O2", "-Wall", "-Wextra", "-Werror"]
        words = [COMPILER, *strict, "-o", folder / "decoder", EXAMPLES / "c/decoder.c", "-lm"]
        subprocess.run(words, check=True)
        found["c"] = [folder / "decoder"]
    return found


def command(commands, name):
    if commands[name] is None:
        pytest.skip(f"{'no C compiler is called cc' if name == 'c' else 'no program is called node'}")
    return "cmd:" + shlex.join(map(str, commands[name]))


LEVELS = {"first": {"L3"}}
CASES = 120


@pytest.mark.parametrize("name", ["c", "javascript", "python", "first"])
def test_an_example_conforms(commands, name):
    report = run(command(commands, name), max_cases=CASES)
    assert report.run.smoke == () and report.status == 0, report.failures[:3]
    asked = [result for result in report.results if result.asked]
    assert len(asked) == report.run.asked >= CASES / 2
    assert {result.verdict.kind for result in asked} <= {Kind.CONFORMS, Kind.AMBIGUOUS}, Counter(
        result.verdict.kind for result in asked)
    assert {result.level for result in asked} == LEVELS.get(name, {"L0", "L1", "L2", "L3"})


def test_the_example_in_javascript_draws_by_the_law(commands):
    report = run(command(commands, "javascript"), levels=["L4"], max_cases=3)
    assert report.status == 0 and report.run.asked == 3, report.failures[:3]


FAULTS = {
    "c": ("scores[t] < least", "scores[t] <= least", "TOP-K", "L0"),
    "javascript": ("rank < beams)", "rank < 2 * beams)", "BEAM-SEARCH", "L3"),
    "python": ("scores - np.log", "scores + np.log", "SAMPLE", "L2"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_in_an_example_is_found(commands, name, tmp_path):
    command(commands, name)
    right, wrong, clause, level = FAULTS[name]
    (source,) = (EXAMPLES / name).iterdir() if name == "c" else (EXAMPLES / name).glob("decoder.*")
    text = source.read_text("utf-8")
    assert text.count(right) == 1
    spoilt = tmp_path / source.name
    spoilt.write_text(text.replace(right, wrong))
    words = [*map(str, commands[name][:-1]), str(spoilt)]
    if name == "c":
        subprocess.run([COMPILER, "-o", tmp_path / "decoder", spoilt, "-lm"], check=True)
        words = [str(tmp_path / "decoder")]
    report = run("cmd:" + shlex.join(words), levels=[level], clauses=[clause], max_cases=80, shrink_seconds=0.0)
    assert report.status == 1 and report.summary["violates"] > 0, report.summary


def shown_messages():
    """Give every message that the guide shows, with the line it stands in."""
    (conversation,) = blocks("json", "protocol.md")
    cells = [cell for table in tables("protocol.md") for row in table for cell in row]
    return [*conversation.splitlines(), *[cell.strip("`") for cell in cells if cell.startswith('`{"id"')]]


def test_the_messages_of_the_guide_are_under_the_schema():
    messages = [json.loads(line) for line in shown_messages()]
    assert len(messages) == 14
    for message in messages:
        jsonschema.Draft202012Validator(SCHEMA).validate(message)
    forms = {name for message in messages for name in message}
    assert forms >= {"protocol", "input", "scores", "token", "tokens", "sequences", "prompts", "reject", "failed"}


def test_the_inputs_of_the_guide_are_under_the_schema():
    inputs = [row for table in tables("protocol.md") for row in table if re.fullmatch("L[0-4]", row[0])]
    assert [level for level, _ in inputs] == ["L0", "L1", "L2", "L3", "L4"]
    for level, text in inputs:
        given = json.loads(text.strip("`"))
        jsonschema.Draft202012Validator(SCHEMA).validate(run_message(Question("a", level, "hf", given)))


def test_the_conversation_of_the_guide_takes_place(commands):
    start, ready, asked, answer, stop = map(json.loads, blocks("json", "protocol.md")[0].splitlines())
    trivial = SMOKE[1]
    assert asked == run_message(Question("smoke/three-tokens", trivial.level, "hf", trivial.input))
    assert (start["type"], stop) == ("start", {"type": "stop"})
    target = Commanded(Address(command(commands, "first")))
    try:
        assert (target.info, target.capabilities) == ready_from(ready)
        question = Question(asked["id"], asked["level"], asked["profile"], asked["input"])
        assert target.ask(question) == reply_from(answer, question)
    finally:
        target.stop()


SERVED = """
import sys
from genspec.conform import Unsupported
from genspec.conform.protocol import serve

class Decoder:
    info = {"name": "served", "dtype": "float32"}
    def process(self, request):
        print("on standard output")
        name, arguments = request.operations[0]
        if name == "temperature":
            return [float("-inf"), float("nan"), 1.0]
        if name == "top_k":
            raise Unsupported("no top_k")
        if name == "top_p":
            raise ValueError("p")
        if name == "min_p":
            request.scores.clear()
            return []
        return [][3]

serve(Decoder())
"""


def test_a_decoder_is_served_with_all_that_it_may_say(tmp_path):
    (tmp_path / "served.py").write_text(SERVED)
    target = Commanded(Address("cmd:" + shlex.join([sys.executable, str(tmp_path / "served.py")])))

    def told(operation):
        given = {"operation": operation, "scores": [1.0, 2.0, 3.0], "arguments": {}, "context": {}}
        return target.ask(Question("a", "L0", "hf", given))

    try:
        assert (target.info.name, target.info.dtype, target.info.profile) == ("served", "float32", "hf")
        assert target.capabilities.levels == {"L0", "L1"}
        assert told("temperature") == {"scores": ["-inf", "nan", 1.0]}
        assert told("top_k") == {"unsupported": "no top_k"}
        assert told("top_p") == {"reject": [], "error": "ValueError: p"}
        changed, broken = told("min_p"), told("suppress")
        assert isinstance(changed, Broken) and changed.error == "MutatedInput"
        assert isinstance(broken, Broken) and broken.error == "IndexError" and "served.py, line 20" in broken.message
    finally:
        target.stop()
