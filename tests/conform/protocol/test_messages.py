"""Every message against the schema, and what is read against both."""

import json
from pathlib import Path

import jsonschema
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from support.strategies import described

from genspec.conform import protocol
from genspec.conform.capabilities import INPUTS, Capabilities
from genspec.conform.cases.drawn import chunk
from genspec.conform.cases.published import all_published
from genspec.conform.kit.smoke import SMOKE
from genspec.conform.protocol.messages import (
    Malformed,
    line_of,
    parsed,
    ready_from,
    reply_from,
    run_message,
    start_message,
    stop_message,
    with_texts,
)
from genspec.conform.protocol.shapes import WANTED, fault_of, form_of
from genspec.conform.question import Question
from genspec.conform.vectors import folder
from genspec.conform.workers.told import Broken

SCHEMA = json.loads(Path(protocol.__file__).with_name("schema.json").read_text("utf-8"))


def validator(name=None):
    schema = SCHEMA if name is None else {"$defs": SCHEMA["$defs"], "$ref": f"#/$defs/{name}"}
    return jsonschema.Draft202012Validator(schema)


def require_sent(message):
    """Check what a decoder sees: the line as it is read back, under the schema, and nothing of the answer in it."""
    line = line_of(message)
    assert line.endswith(b"\n") and line.count(b"\n") == 1 and line.isascii()
    again = json.loads(line)
    assert again == message
    validator(message["type"]).validate(again)


def test_the_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_no_message_of_the_schema_has_room_for_more():
    for name in ("start", "ready", "run", "stop", *[name for name in SCHEMA["$defs"] if name.endswith("_answer")]):
        assert SCHEMA["$defs"][name]["additionalProperties"] is False, name


def test_inputs_are_those_of_the_published_vectors():
    known = json.loads((folder() / "schema.json").read_text("utf-8"))["$defs"]
    for name in ("arguments", "context", "operations", "model", "scores", "given_scores", "noise", "id"):
        assert SCHEMA["$defs"][name] == known[name], name
    for level in ("L0", "L1", "L2"):
        assert SCHEMA["$defs"][level] == known[level]["properties"]["input"], level
    wider = set(SCHEMA["$defs"]["L3"]["properties"]) - set(known["L3"]["properties"]["input"]["properties"])
    assert wider == {"generator_seed"}


def test_the_first_and_the_last_message():
    require_sent(start_message())
    require_sent(stop_message())


def test_every_published_question_can_be_sent_without_its_answer():
    run = validator("run")
    for number, case in enumerate(all_published(folder())):
        message = json.loads(line_of(run_message(case.question)))
        if case.level == "L3" or number % 5 == 0:       # the other levels have the very schemas of the vectors
            run.validate(message)
        assert set(message) == {"type", "id", "level", "profile", "input"}
        assert not {"expected", "clauses", "flags", "margin"} & set(message["input"]), case.question.id


def test_trivial_questions_can_be_sent():
    for trivial in SMOKE:
        require_sent(run_message(Question("smoke/x", trivial.level, "hf", trivial.input)))


EVERYTHING = Capabilities(inputs=INPUTS)


@pytest.mark.parametrize("profile", ["hf", "vllm", "llama.cpp"])
def test_drawn_questions_can_be_sent(profile):
    from genspec.conform.cases.drawn import Drawn

    for can in (Capabilities(), EVERYTHING):
        calls = chunk(profile, can, seed=1, number=0)
        assert calls
        for number, call in enumerate(calls):
            require_sent(run_message(Drawn(f"drawn/1/{number}", call).question))


QUESTIONS = {level: Question("a/b", level, "hf", {}) for level in WANTED}
RIGHT = [
    ("L0", {"scores": [1.0, "-inf"]}), ("L1", {"scores": [0, 2]}), ("L1", {"probabilities": [0.5, 0.5]}),
    ("L2", {"token": 3}), ("L2", {"tokens": [3, 1]}), ("L3", {"sequences": [[1, 2]]}),
    ("L3", {"sequences": [[1, 2]], "finish_reasons": ["eos"], "sequences_scores": [-0.5], "beam_indices": [[0, -1]],
            "scores": [[[[1.0, "-inf"]]]], "logits": [[[1.0, 2.0]], [None]]}),
    ("L3", {"prompts": [{"sequences": [[1]]}, {"sequences": [[2]], "finish_reasons": ["length"]}]}),
    ("L0", {"reject": []}), ("L3", {"reject": ["TOP-P-1"], "error": "ValueError: p"}),
    ("L2", {"unsupported": "no noise"}), ("L0", {"failed": "IndexError: 3"}),
]


@pytest.mark.parametrize(("level", "reply"), RIGHT)
def test_what_is_right_is_read_as_it_is(level, reply):
    message = {"id": "a/b", **reply}
    validator("answer").validate(message)
    told = reply_from(json.loads(line_of(message)), QUESTIONS[level])
    assert told == (Broken("IndexError", "3") if "failed" in reply else reply)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 9) | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["-inf", "inf", "nan", "eos", "length", "x", ""]),
    lambda inner: st.lists(inner, max_size=3) | st.fixed_dictionaries({"sequences": inner}), max_leaves=8,
)
NAMES = st.sampled_from([*sorted({name for _, reply in RIGHT for name in reply}), "score", "sequence"])


@st.composite
def spoilt(draw):
    """Draw an answer that was right, and may not be any more: a value, or a part of one, is another one."""
    _, reply = draw(st.sampled_from(RIGHT))
    changed = json.loads(json.dumps(reply))
    for _ in range(draw(st.integers(0, 2))):
        what = draw(st.sampled_from(["set", "part", "remove"]))
        if what == "set":
            changed[draw(NAMES)] = draw(VALUES)
        elif what == "remove" and changed:
            changed.pop(draw(st.sampled_from(sorted(changed))))
        else:
            lists = [value for value in changed.values() if isinstance(value, list) and value]
            if lists:
                one = draw(st.sampled_from(lists))
                one[draw(st.integers(0, len(one) - 1))] = draw(VALUES)
    return changed


@given(spoilt())
@example({"token": True})
@example({"token": 3.0})
@example({"sequences": [[True]]})
@example({"prompts": [{"sequences": [[1]], "token": 1}]})
@example({"scores": [[1.0]]})
@example({"scores": [None]})
@example({"error": "x"})
def test_what_is_read_and_the_schema_say_the_same(reply):
    level = next((level for level, forms in WANTED.items() if form_of(reply) in forms), "L3")
    schema_says = validator("answer").is_valid({"id": "a/b", **reply})
    assert (fault_of(level, reply) is None) == schema_says, described(level=level, reply=reply)


READY = {"protocol": 1, "info": {"name": "x"}}


@pytest.mark.parametrize(("changed", "right"), [
    ({}, True), ({"capabilities": {}}, True), ({"capabilities": {"levels": ["L0"], "refuses": False}}, True),
    ({"capabilities": {"outputs": ["scores"], "kinds": ["lines"], "fields": ["top_k"]}}, True),
    ({"info": {"name": "x", "version": "1", "dtype": "float32", "profile": "llama.cpp"}}, True),
    ({"protocol": 2}, False), ({"protocol": "1"}, False), ({"info": {}}, False), ({"info": None}, False),
    ({"info": {"name": "x", "dtype": "float8"}}, False), ({"info": {"name": "x", "version": 1}}, False),
    ({"info": {"name": "x", "vendor": "y"}}, False), ({"more": 1}, False), ({"capabilities": []}, False),
    ({"capabilities": {"levels": "L0"}}, False), ({"capabilities": {"levels": 3}}, False),
    ({"capabilities": {"levels": ["L9"]}}, False), ({"capabilities": {"refuses": "no"}}, False),
    ({"capabilities": {"operation": []}}, False), ({"capabilities": {"kinds": [1]}}, False),
])
def test_the_answer_to_start_is_read_as_the_schema_has_it(changed, right):
    message = {**READY, **changed}
    assert validator("ready").is_valid(message) == right
    if right:
        info, can = ready_from(message)
        assert info.name == "x" and can.refuses == message.get("capabilities", {}).get("refuses", True)
    else:
        with pytest.raises(Malformed):
            ready_from(message)


def test_whole_numbers_are_ids_however_they_are_written():
    told = reply_from(parsed(b'{"id": "a/b", "sequences": [[1.0, 2e0]], "sequences_scores": [-1.0]}'), QUESTIONS["L3"])
    assert repr(told["sequences"]) == "[[1, 2]]" and repr(told["sequences_scores"]) == "[-1.0]"


@pytest.mark.parametrize(("line", "words"), [
    (b"", "no JSON"), (b"[]", "no JSON object"), (b'{"id": NaN}', "write it as text"), (b'{"a": 1} x', "no JSON"),
    (b'{"a": -Infinity}', '"-inf"'), (b"\xff", "no JSON"), (b"1" * 5000, "no JSON"), (b'{"a": 1, "a": 2}', "twice"),
])
def test_what_is_no_message_is_shown(line, words):
    with pytest.raises(Malformed) as caught:
        parsed(line)
    assert words in str(caught.value) and len(str(caught.value)) < 400


def test_numbers_that_json_has_not_travel_as_texts():
    with pytest.raises(ValueError, match="JSON"):
        line_of({"scores": [float("nan")]})
    given = {"scores": [1.0, float("-inf")], "logits": [[float("nan")], (float("inf"), 2)], "token": 3}
    assert with_texts(given) == {"scores": [1.0, "-inf"], "logits": [["nan"], ["inf", 2]], "token": 3}
