"""The reader of broken text: what a careful person still sees in it, and each slip reported once, where it is."""

import json
from typing import NamedTuple

import pytest
from support.work import characters_read, steps_of

from genspec.lint.sources import scanner
from genspec.lint.sources.document import ProblemKind
from genspec.lint.sources.json_text import parse_document


class Broken(NamedTuple):
    """A text that is no JSON, the value it is meant to have, and the (line, words of the message) of its faults."""

    text: str
    value: object
    faults: list[tuple[int, str]]


SLIPS = {
    "missing comma": Broken('{\n"do_sample": true\n"top_p": 0.9,\n"top_k": 5\n}',
                            {"do_sample": True, "top_p": 0.9, "top_k": 5}, [(2, "comma is missing")]),
    "missing comma on one line": Broken('{"a": 1 "b": 2 "c": 3}', {"a": 1, "b": 2, "c": 3},
                                        [(1, "comma is missing"), (1, "comma is missing")]),
    "missing comma after an object": Broken('{"a": {"x": 1}\n "b": 2}', {"a": {"x": 1}, "b": 2},
                                            [(1, "comma is missing")]),
    "missing comma in a list": Broken('{"eos_token_id": [1 2, 3], "b": 4}', {"eos_token_id": [1, 2, 3], "b": 4},
                                      [(1, "comma is missing")]),
    "missing commas in a list of lists": Broken('{"bad_words_ids": [[1] [2]\n[3]]}', {"bad_words_ids": [[1], [2], [3]]},
                                                [(1, "comma is missing"), (1, "comma is missing")]),
    "trailing comma": Broken('{\n"a": 1,\n"b": 2,\n}\n', {"a": 1, "b": 2}, [(3, "comma before `}`")]),
    "trailing comma in a list": Broken('{"eos": [1, 2,], "b": 3}', {"eos": [1, 2], "b": 3}, [(1, "comma before `]`")]),
    "two commas": Broken('{"a": 1,, "b": [1,,2]}', {"a": 1, "b": [1, 2]},
                         [(1, "comma too many"), (1, "comma too many")]),
    "leading comma": Broken('{, "a": 1}', {"a": 1}, [(1, "comma too many")]),
    "semicolons": Broken('{"a": 1; "b": 2}', {"a": 1, "b": 2}, [(1, "semicolon")]),
    "missing colon": Broken('{"a" 1, "b": 2}', {"a": 1, "b": 2}, [(1, "colon is missing")]),
    "missing comma and colon": Broken('{"a": 1\n"b" 2\n"c": 3}', {"a": 1, "b": 2, "c": 3},
                                      [(1, "comma is missing"), (2, "colon is missing"), (2, "comma is missing")]),
    "equals sign": Broken('{"a" = 1, b = 2}', {"a": 1, "b": 2},
                          [(1, "equals sign"), (1, "without quotes"), (1, "equals sign")]),
    "two colons": Broken('{"a":: 1, "b": 2}', {"a": 1, "b": 2}, [(1, "Unexpected `:`")]),
    "no value": Broken('{"a": , "b": 2, "c": }', {"a": None, "b": 2, "c": None},
                       [(1, "no value"), (1, "no value")]),
    "no value and no comma": Broken('{"a":\n"b": 2}', {"a": None, "b": 2}, [(1, "no value")]),
    "key alone": Broken('{"a", "b": 2}', {"a": None, "b": 2}, [(1, "no value")]),
    "no key": Broken('{: 1, "b": 2}', {"b": 2}, [(1, "key is missing")]),
    "object without a key": Broken('{{"x": 1}, "b": 2}', {"x": 1, "b": 2}, [(1, "key is missing")]),
    "list without a key": Broken('{[1, 2], "b": 2}', {"b": 2}, [(1, "key is missing")]),
    "line comments": Broken('{\n// sampling\n// of ours\n"a": 1, // one\n"b": 2 # two\n}', {"a": 1, "b": 2},
                            [(2, "comment"), (4, "comment"), (5, "comment")]),
    "block comment": Broken('{"a": 1, /* "x": 2,\n */ "b": 2}', {"a": 1, "b": 2}, [(1, "comment")]),
    "block comment never closed": Broken('{"a": 1, /* one\n"b": 2}', {"a": 1, "b": 2}, [(1, "never closed")]),
    "member in a comment": Broken('{"a": 1,\n// "b": 2,\n"c": 3}', {"a": 1, "c": 3}, [(2, "comment")]),
    "python dict": Broken("{'do_sample': True, 'top_p': 0.9, 'eos': None, 'x': False}",
                          {"do_sample": True, "top_p": 0.9, "eos": None, "x": False},
                          [(1, "Single quotes"), (1, "write `true`"), (1, "write `null`"), (1, "write `false`")]),
    "python dict over lines": Broken("{'a': 1,\n 'b': 'x'}", {"a": 1, "b": "x"},
                                     [(1, "Single quotes"), (2, "Single quotes")]),
    "python literal": Broken('{"a": True,\n"b": None,\n"c": 3}', {"a": True, "b": None, "c": 3},
                             [(1, "write `true`"), (2, "write `null`")]),
    "capital literals": Broken('{"a": TRUE, "b": Null}', {"a": True, "b": None},
                               [(1, "write `true`"), (1, "write `null`")]),
    "unquoted keys": Broken("{\na: 1,\n  top_k: 5}", {"a": 1, "top_k": 5},
                            [(2, "without quotes"), (3, "without quotes")]),
    "unquoted text": Broken('{"early_stopping": never, "b": 2}', {"early_stopping": None, "b": 2},
                            [(1, "no JSON value")]),
    "curly quotes": Broken("{\u201ctop_p\u201d: 0.9,\n\u2018b\u2019: 2}", {"top_p": 0.9, "b": 2},
                           [(1, "word processor"), (2, "word processor")]),
    "opening quote missing": Broken('{\ntop_p": 0.9,\n"b": 2}', {"top_p": 0.9, "b": 2}, [(2, "opening quote")]),
    "closing quote of a key missing": Broken('{"top_p: 0.9,\n"b": 2}', {"top_p": 0.9, "b": 2}, [(1, "not closed")]),
    "closing quote of a key missing on one line": Broken('{"top_p: 0.9, "b": 2}', {"top_p": 0.9, "b": 2},
                                                         [(1, "not closed")]),
    "closing quote of a value missing": Broken('{"a": "hello,\n"b": 2}', {"a": "hello", "b": 2}, [(1, "not closed")]),
    "closing quote of the last value missing": Broken('{"b": 2, "a": "hello}', {"a": "hello", "b": 2},
                                                      [(1, "not closed")]),
    "tab in a string": Broken('{"a": "x\ty", "b": 2}', {"a": "x\ty", "b": 2}, [(1, "control character")]),
    "line break in a string": Broken('{"a": "x\ny",\n"b": 2}', {"a": "x\ny", "b": 2}, [(1, "line break")]),
    "bad escape": Broken('{"a": "C:\\models", "b": 2}', {"a": "C:\\models", "b": 2}, [(1, "escape")]),
    "list not closed": Broken('{"eos": [1, 2, "b": 3}', {"eos": [1, 2], "b": 3},
                              [(1, "`[` at line 1, column 9 is not closed")]),
    "list of lists not closed": Broken('{"eos": [[1], [2\n"b": 3}', {"eos": [[1], [2]], "b": 3},
                                       [(2, "is not closed"), (2, "is not closed")]),
    "members in a list": Broken('["a": 1, "b": 2]', ["a", 1, "b", 2], [(1, "colon in a list"), (1, "colon in a list")]),
    "object not closed": Broken('{"a": {"x": 1, "b": 2}', {"a": {"x": 1, "b": 2}}, [(1, "text ends")]),
    "cut short": Broken('{\n"a": 1,\n"eos": [1, 2', {"a": 1, "eos": [1, 2]}, [(3, "2 brackets are open")]),
    "cut short in a string": Broken('{"a": 1, "b": "hel', {"a": 1, "b": "hel"}, [(1, "ends inside the string")]),
    "cut short in a word": Broken('{"a": 1, "b": tru', {"a": 1, "b": None}, [(1, "ends inside `tru`")]),
    "cut short after a key": Broken('{"a": 1, "b"', {"a": 1, "b": None}, [(1, "text ends")]),
    "cut short after a comma": Broken('{"a": 1,\n', {"a": 1}, [(1, "text ends")]),
    "wrong bracket": Broken('{"eos": [1, 2}, "b": 3}', {"eos": [1, 2], "b": 3}, [(1, "`}` closes a `[`")]),
    "wrong last bracket": Broken('{"a": 1]', {"a": 1}, [(1, "`]` closes a `{`")]),
    "bracket too many": Broken('{"eos": [1, 2]], "b": 3}', {"eos": [1, 2], "b": 3}, [(1, "closes nothing")]),
    "bracket too many at the end": Broken('{"a": 1}}', {"a": 1}, [(1, "closes nothing")]),
    "closed too early": Broken('{"a": 1},\n"b": 2}', {"a": 1, "b": 2}, [(1, "More keys follow")]),
    "opening bracket missing": Broken('"a": 1,\n"b": 2}', {"a": 1, "b": 2}, [(1, "opening `{`")]),
    "two objects": Broken('{"a": 1}\n{"b": 2}', {"a": 1}, [(2, "second value")]),
    "text behind": Broken('{"a": 1}\nthat is all', {"a": 1}, [(2, "after the end")]),
    "text before": Broken('The config:\n{"a": 1}', {"a": 1}, [(1, "not JSON")]),
    "markdown": Broken('```json\n{"a": 1}\n```\n', {"a": 1}, [(1, "Markdown"), (3, "Markdown")]),
    "assignment": Broken('config = {"a": 1}', {"a": 1}, [(1, "not JSON")]),
    "merge conflict": Broken('{\n<<<<<<< HEAD\n"a": 1,\n=======\n"a": 2,\n>>>>>>> theirs\n"b": 3\n}', {"a": 2, "b": 3},
                             [(2, "merge conflict")]),
    "template": Broken('{"a": {{ top_p }}, "b": ${K}, "c": 3}', {"a": None, "b": None, "c": 3},
                       [(1, "placeholder"), (1, "placeholder")]),
    "numbers of other languages": Broken('{"a": .5, "b": 1., "c": 01, "d": +1, "e": 0x10, "f": 1_000, "g": 0.7f}',
                                         {"a": 0.5, "b": 1.0, "c": 1, "d": 1, "e": 16, "f": 1000, "g": 0.7},
                                         [(1, "no JSON number")] * 7),
    "minus alone": Broken('{"a": -, "b": 2}', {"a": None, "b": 2}, [(1, "no JSON value")]),
    "decimal comma": Broken('{"a": 0,7, "b": 2}', {"a": 0, "b": 2}, [(1, "`7` is neither")]),
    "unit behind a number": Broken('{"a": 5 tokens, "b": 2}', {"a": 5, "b": 2}, [(1, "`tokens` does not belong")]),
    "quotes inside a string": Broken('{"a": "say "hi" now", "b": 2}', {"a": "say ", "b": 2}, [(1, "does not belong")]),
    "hard blanks": Broken('{\u00a0"a": 1,\n"b":\u200b2}', {"a": 1, "b": 2}, [(1, "blank"), (2, "blank")]),
    "yaml": Broken("temperature: 0.7\ntop_p: 0.9\n", None, [(1, "YAML")]),
    "prose": Broken("Entry not found", None, [(1, "not JSON")]),
    "only a comment": Broken("// nothing\n", None, [(1, "comment")]),
    "four slips": Broken('{\n"a": 1\n"b": True,\n"c": [1, 2,],\n"d": "x" // y\n}',
                         {"a": 1, "b": True, "c": [1, 2], "d": "x"},
                         [(2, "comma is missing"), (3, "write `true`"), (4, "comma before"), (5, "comment")]),
}


def read(text):
    return parse_document("generation_config.json", text.encode())


@pytest.mark.parametrize("name", SLIPS)
def test_a_slip_hides_no_other_key_and_is_reported_once(name):
    text, value, faults = SLIPS[name]
    document = read(text)
    assert document.value == value
    seen = [(problem.span.line, problem.message) for problem in document.problems]
    assert len(seen) == len(faults), seen
    for (line, message), (expected_line, words) in zip(seen, faults, strict=True):
        assert line == expected_line, seen
        assert words in message, seen
    assert {problem.kind for problem in document.problems} == {ProblemKind.SYNTAX}


@pytest.mark.parametrize("name", SLIPS)
@pytest.mark.parametrize("line_break", ["\r\n", "\r"])
def test_line_breaks_of_other_systems_change_nothing(name, line_break):
    text, value, faults = SLIPS[name]
    document = read(text.replace("\n", line_break))
    if name != "line break in a string":
        assert document.value == value
    assert [problem.span.line for problem in document.problems] == [line for line, _ in faults]


@pytest.mark.parametrize(("text", "key", "position"), [
    ('{\n  "a": 1\n  "b": 2\n}', "b", (3, 3, 3, 9)),
    ('{\n  "a": 1, // one\n  "b": [1, 2,]\n}', "b", (3, 3, 3, 15)),
    ("{'a': True,\n 'b': None}", "b", (2, 2, 2, 11)),
    ('{"a": 1}, "b": 2}', "b", (1, 11, 1, 17)),
    ('{\n b: 2', "b", (2, 2, 2, 6)),
    ('{"x": {{ y }}, "b": .5}', "b", (1, 16, 1, 23)),
])
def test_positions_hold_in_broken_text(text, key, position):
    span = read(text).locate((key,), False)
    assert (span.line, span.column, span.end_line, span.end_column) == position


def test_a_missing_comma_is_reported_where_it_belongs():
    problem = read('{\n  "do_sample": true\n  "top_p": 0.9\n}').problems[0]
    assert (problem.span.line, problem.span.column) == (2, 20)
    assert problem.span.end_column == 20
    assert '`"top_p"`' in problem.message


def test_a_fault_names_the_value_it_is_in():
    document = read('{"a": 1, "b": {"c": [1, 2, True]}}')
    assert document.problems[0].pointer == ("b", "c", 2)


def test_no_more_than_twenty_faults_of_a_file_are_listed():
    document = read("{" + "".join(f'"k{i}": True,\n' for i in range(50)) + '"z": 1}')
    assert len(document.problems) == 20
    assert "more faults" in document.problems[-1].message
    assert document.value["z"] == 1


def test_a_whole_file_in_another_style_is_read_to_its_end():
    document = read("{" + "".join(f"'k{i}': {i},\n" for i in range(500)) + "'z': 1}")
    assert len(document.value) == 501
    assert len(document.problems) == 20


def test_messages_show_no_control_characters():
    document = read('{"a\x1b[31m\u202e": 1, "a\x1b[31m\u202e": \x1b[2J}')
    assert document.problems
    assert all(problem.message.isprintable() for problem in document.problems)


def test_long_pieces_of_a_file_are_cut_in_messages():
    document = read('{"a": ' + "x" * 10_000 + "}")
    assert len(document.problems[0].message) < 200


@pytest.mark.parametrize("piece", [
    "[", "{", "]", "}", ",", ":", '"', "'", "`", "\\'", '\\"', "a", "1", "-", "/", "/*", "/*\n", "//\n", "/* */", "#",
    "{{", "${", "{%", "=", ";", "a:", '{"a":', '"a":', '"a:"b\n', '"a:1,\\"', "\n", "\ufeff", "\u201ca", "<<<<<<< a\n",
    "1 ", "[1,", "NaN,", "True ", '"abc\n', 'a"', '{"\n', "{]", "[}", "a b ", "\u00e9",
])
@pytest.mark.parametrize("start", ["", '{"a": '])
def test_the_work_for_garbage_grows_no_faster_than_its_length(piece, start):
    """Four times the text, four times the work: a step for each character before it would make it sixteen times."""
    few, many = (work_of((start + piece * (length // len(piece))).encode()) for length in (1_000, 4_000))
    for less, more in zip(few, many, strict=True):
        assert more <= 4 * less + 500, (few, many)


def work_of(data):
    """Count the steps that a text takes, and the characters that are looked at."""
    with characters_read(scanner) as characters:
        return steps_of(lambda: parse_document("x", data)), characters()


def test_fifteen_megabytes_of_garbage_are_read_with_bounded_work():
    data = "".join(chr(33 + (i * i * 7919) % 94) for i in range(15_000)).encode() * 1000
    steps, characters = work_of(data)
    assert steps < 100_000 and characters < 2 * len(data), (steps, characters)
    assert parse_document("x", data).problems


def test_reading_stops_where_a_text_is_too_long_to_be_a_config():
    document = read("[" + "1," * 500_000)
    assert "too long" in document.problems[-1].message
    assert len(document.value) > 50_000


def test_a_word_of_every_kind_reads_as_the_standard_library_has_it():
    values = [0, -0.0, 1, -12, 1.5, 1e-7, 2e300, "", "\u00e9\n\"", "\U0001f600", True, False, None, [], {}, [[]]]
    assert read(json.dumps(values) + " x").value == values
