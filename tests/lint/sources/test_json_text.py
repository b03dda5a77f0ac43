"""Valid JSON, what the standard library lets through, and where everything stands."""

import json
import math
import os
import re
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.work import steps_of

from genspec.lint.finding import Span
from genspec.lint.sources.document import ProblemKind
from genspec.lint.sources.json_text import parse_document
from genspec.lint.sources.limits import DEEPEST, LONGEST_INTEGER
from genspec.lint.sources.positions import Locator
from genspec.lint.sources.recovery import Recovery

SCALARS = (
    st.none() | st.booleans() | st.integers(-10**40, 10**40) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
)
KEYS = st.text(max_size=5) | st.sampled_from(["top_p", "eos_token_id", "\ud800", '"', "\\"])
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=15,
)


@st.composite
def texts(draw):
    """Draw a JSON text in some style, and its value."""
    value = draw(VALUES)
    style = draw(st.sampled_from([{}, {"indent": 2}, {"indent": "\t"}, {"separators": (",", ":")}]))
    text = json.dumps(value, ensure_ascii=draw(st.booleans()) or "\\ud800" in json.dumps(value), **style)
    blank = draw(st.sampled_from(["", " ", "\n", "\r\n \t"]))
    return blank + text.replace("\n", draw(st.sampled_from(["\n", "\r\n", "\r"]))) + blank, value


def scalars(value, pointer=()):
    """Yield every pointer of a document, with its value."""
    yield pointer, value
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for part, inner in entries:
        yield from scalars(inner, (*pointer, part))


def cut(text, span):
    """Return the text that a span covers, found without the code under test."""
    lines = re.split(r"(\r\n|\r|\n)", text)
    starts = [0]
    for line, line_break in zip(lines[::2], lines[1::2], strict=False):
        starts.append(starts[-1] + len(line) + len(line_break))
    return text[starts[span.line - 1] + span.column - 1:starts[span.end_line - 1] + span.end_column - 1]


def problems(text):
    return parse_document("c.json", text.encode()).problems


@given(texts())
def test_valid_json_reads_the_same_on_both_ways_and_has_no_problems(case):
    text, value = case
    document = parse_document("c.json", text.encode())
    assert document.problems == ()
    assert repr(document.value) == repr(value)
    root, faults = Recovery(text).read()
    assert faults == ()
    assert repr(root.value) == repr(value)


@given(texts())
def test_positions_hold_and_are_the_same_on_both_ways(case):
    text, value = case
    lazy, complete = Locator(text), Locator(text, Recovery(text).read()[0], valid=False)
    for pointer, inner in scalars(value):
        span = lazy(pointer)
        assert span == complete(pointer)
        assert lazy(pointer, True) == complete(pointer, True)
        if pointer and isinstance(pointer[-1], str):
            assert json.loads("{" + cut(text, span) + "}") == {pointer[-1]: inner}
            assert json.loads(cut(text, lazy(pointer, True))) == pointer[-1]
        else:
            assert json.loads(cut(text, span)) == inner


def test_valid_json_needs_no_reader_of_broken_text():
    code = """if True:
        import sys
        from genspec.lint.sources.json_text import parse_document
        document = parse_document("c.json", b'{"a": [1, 2]}')
        assert document.value == {"a": [1, 2]} and not document.problems
        document.locate(("a", 1), False)
        slow = {"genspec.lint.sources.recovery", "genspec.lint.sources.decoding", "tree_sitter", "pathspec"}
        assert not slow & set(sys.modules)
    """
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)


def test_a_small_file_is_read_in_a_few_steps():
    data = json.dumps({f"key_{i}": [i, i / 7, None, "text"] for i in range(9)}, indent=2).encode()
    assert 300 < len(data) < 1000
    assert steps_of(lambda: parse_document("c.json", data)) < 80
    longer = json.dumps({f"key_{i}": i for i in range(900)}).encode()
    assert steps_of(lambda: parse_document("c.json", longer)) < 3000, "a few a member, none a character"


# Positions

TEXT = '{\n  "a": 1,\n  "b": [10, {"c": "\u00e9x"}],\n  "\U0001f600": "y", "d": {}\n}\n'


@pytest.mark.parametrize(("pointer", "on_key", "span"), [
    ((), False, (1, 1, 5, 2)),
    (("a",), False, (2, 3, 2, 9)),
    (("a",), True, (2, 3, 2, 6)),
    (("b",), False, (3, 3, 3, 25)),
    (("b", 0), False, (3, 9, 3, 11)),
    (("b", 0), True, (3, 9, 3, 11)),
    (("b", 1, "c"), False, (3, 14, 3, 23)),
    (("b", 1, "c"), True, (3, 14, 3, 17)),
    (("\U0001f600",), False, (4, 3, 4, 11)),
    (("d",), False, (4, 13, 4, 20)),
    (("d", "none"), False, (4, 13, 4, 20)),
    (("d", "none", 4), True, (4, 13, 4, 20)),
    (("b", 7), False, (3, 3, 3, 25)),
    (("a", "x"), True, (2, 3, 2, 9)),
    (("none",), True, (1, 1, 5, 2)),
    (("b", "0"), False, (3, 3, 3, 25)),
])
@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("broken", ["", " x"])
def test_spans(pointer, on_key, span, line_break, broken):
    document = parse_document("c.json", (TEXT + broken).replace("\n", line_break).encode())
    assert document.locate(pointer, on_key) == Span(*span)


def test_line_breaks_may_be_mixed_and_other_separators_are_none():
    document = parse_document("c.json", '{"a": "\u2028\x85\x7f",\r\n"b": 1,\r"c": 2,\n\r"d": 3}'.encode())
    assert [document.locate((key,), False).line for key in "abcd"] == [1, 2, 3, 5]


def test_a_document_without_a_value_has_the_first_position():
    assert parse_document("c.json", b"").locate(("a",), True) == Span(1, 1, 1, 1)


def test_positions_behind_very_many_items_are_those_of_the_whole():
    document = parse_document("c.json", b'{"a": [' + b"1," * 150_000 + b'1],\n"b": 2}')
    assert document.locate(("a", 99_999), False).column > 100_000
    assert document.locate(("a", 149_000), False) == document.locate(("a",), False)
    assert document.locate(("b",), False).line == 2


# What the standard library lets through

def test_a_key_that_is_repeated_is_reported_at_each_repeat_and_the_last_value_counts():
    document = parse_document("c.json", b'{"a": 1,\n "a": 2, "b": {"x": 1,\n "x": 2},\n "\\u0061": 3}')
    assert document.value == {"a": 3, "b": {"x": 2}}
    assert [(problem.span.line, problem.span.column, problem.pointer) for problem in document.problems] == [
        (2, 2, ("a",)), (3, 2, ("b", "x")), (4, 2, ("a",)),
    ]
    assert {problem.kind for problem in document.problems} == {ProblemKind.DUPLICATE_KEY}
    assert "on line 1" in document.problems[0].message
    assert document.locate(("a",), False).line == 4


@pytest.mark.parametrize("word", [
    "NaN", "Infinity", "-Infinity", "1e400", "-1e400", "1" + "0" * 200 + "e200", "nan", "inf",
])
def test_numbers_that_are_not_finite_are_reported_and_count_as_null(word):
    document = parse_document("c.json", f'{{"a": 1,\n"b": [{word}], "c": {word}}}'.encode())
    assert document.value == {"a": 1, "b": [None], "c": None}
    assert [problem.kind for problem in document.problems] == [ProblemKind.NOT_FINITE] * 2
    assert [problem.pointer for problem in document.problems] == [("b", 0), ("c",)]
    assert (document.problems[0].span.line, document.problems[0].span.column) == (2, 7)


def test_a_10000_digit_integer_is_reported_and_counts_as_null():
    for digits in ("9" * 10_000, "-" + "9" * 10_000, "9" * (LONGEST_INTEGER + 1)):
        document = parse_document("c.json", f'{{"a": {digits}, "b": 2}}'.encode())
        assert document.value == {"a": None, "b": 2}
        problem, = document.problems
        assert problem.kind is ProblemKind.NUMBER_TOO_LONG
        assert len(problem.message) < 200


def test_every_integer_that_is_read_fits_a_float():
    document = parse_document("c.json", b'{"a": ' + b"9" * LONGEST_INTEGER + b"}")
    assert document.problems == ()
    assert math.isfinite(float(document.value["a"]))


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}"), ('[{"a":', "}]")])
def test_nesting_is_allowed_to_a_depth_and_reported_beyond(opening, closing):
    levels = DEEPEST // (2 if len(opening) > 5 else 1)
    assert problems(opening * levels + "1" + closing * levels) == ()
    for depth in (levels + 1, 900, 100_000):
        problem, = problems(opening * depth + "1" + closing * depth)
        assert problem.kind is ProblemKind.TOO_DEEP
        assert len(problem.pointer) <= 1


def test_keys_beside_deep_nesting_are_still_read():
    document = parse_document("c.json", b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b', "b": "]", "c": True}')
    assert (document.value["b"], document.value["c"]) == ("]", True)
    assert [str(problem.kind) for problem in document.problems] == ["too-deep", "syntax"]


@pytest.mark.parametrize("data", [b"[" * 100_000, b'{"a":' * 100_000, b"[{" * 50_000, b"]" * 100_000])
def test_100000_nested_brackets_take_no_stack_and_a_few_steps_each(data):
    assert steps_of(lambda: parse_document("c.json", data)) < 20 * 100_000
    document = parse_document("c.json", data)
    assert document.problems
    document.locate(("a", "a"), False)


def test_brackets_inside_strings_are_no_nesting():
    assert problems(json.dumps({"template": "[{(" * 10_000, "list": [[]] * 1000})) == ()


def test_a_document_keeps_its_path_and_text():
    document = parse_document("a/b.json", b'{"a": 1}')
    assert (document.path, document.text) == ("a/b.json", '{"a": 1}')
