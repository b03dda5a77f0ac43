"""Modelfiles: read as Ollama's parser reads them, with places, and edits that leave all else as it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genspec.lint.finding import Edit
from genspec.lint.sources.document import Source
from genspec.lint.sources.modelfile import instructions, parse_modelfile

FILE = '''\
# A heron that answers. # genspec: ignore
FROM ./heron-8b.gguf

parameter temperature 0.7
PARAMETER stop "<|im_end|>"
PARAMETER stop <|eot_id|>
\tPARAMETER num_ctx 8192
SYSTEM """You are
PARAMETER top_k 3
a heron."""
TEMPLATE """{{ .Prompt }}"""
MESSAGE user Who are you?
'''


def read(text):
    return parse_modelfile("Modelfile", text.encode())


def given_in(text):
    (place,) = read(text).places
    return place.values


def test_a_file_with_everything():
    document = read(FILE)
    (place,) = document.places
    assert place.source is Source.OLLAMA_MODELFILE
    assert place.values == {"temperature": 0.7, "stop": ["<|im_end|>", "<|eot_id|>"], "num_ctx": 8192}
    assert document.value["FROM"] == "./heron-8b.gguf"
    assert document.value["SYSTEM"] == "You are\nPARAMETER top_k 3\na heron."
    assert document.value["TEMPLATE"] == "{{ .Prompt }}"
    assert document.value["faults"] == []
    assert [comment.line for comment in document.comments] == [1]


@pytest.mark.parametrize(("pointer", "on_key", "span"), [
    (("PARAMETER", "temperature"), False, (4, 1, 4, 26)),
    (("PARAMETER", "temperature"), True, (4, 1, 4, 22)),
    (("PARAMETER", "stop"), False, (6, 1, 6, 26)),
    (("PARAMETER", "stop", 0), False, (5, 1, 5, 28)),
    (("PARAMETER", "num_ctx"), False, (7, 2, 7, 24)),
    (("SYSTEM",), False, (8, 1, 10, 12)),
    (("PARAMETER", "nothing"), False, (2, 1, 2, 21)),
    ((), False, (2, 1, 2, 21)),
])
def test_where_things_stand(pointer, on_key, span):
    assert tuple(read(FILE).locate(pointer, on_key)) == span


@pytest.mark.parametrize(("line", "value"), [
    ("PARAMETER temperature 1", 1),
    ("PARAMETER temperature -1", -1),
    ("PARAMETER temperature 1e-1", 0.1),
    ("PARAMETER temperature .5", 0.5),
    ("PARAMETER temperature 0.7 # wild", "0.7 # wild"),
    ("PARAMETER temperature    0.7  ", 0.7),
    ("PARAMETER temperature\t0.7", 0.7),
    ('PARAMETER temperature "0.7"', 0.7),
    ("PARAMETER temperature '0.7'", "'0.7'"),
    ("PARAMETER temperature 1e999", "1e999"),
    ("PARAMETER temperature 0.7\r", 0.7),
    ("PARAMETER temperature 0.5\nPARAMETER temperature 0.7", 0.7),
])
def test_values(line, value):
    assert given_in(f"FROM x\n{line}\n") == {"temperature": value}


@pytest.mark.parametrize(("text", "fault"), [
    ("FROM x\nPARAMETER  top_k 40\n", "two blanks after PARAMETER"),
    ("FROM x\nPARAMETER top_k\n", "PARAMETER has no value"),
    ("FROM x\nTEMPERATURE 0.7\n", "`TEMPERATURE` is no instruction"),
    ("FROM x\nSYSTEM\n", "`SYSTEM` is no instruction"),
    ("FROM x\nSYSTEM \"\"\"no end\n", "the quote that opens the value of SYSTEM is never closed"),
    ("FROM x\n```\n", "is no instruction"),
])
def test_what_ollama_refuses(text, fault):
    (found,) = read(text).value["faults"]
    assert fault in found or "has no value" in found, found


@pytest.mark.parametrize("text", ["", "hello\n", "# FROM x\n", '{"FROM": 1}', "Modelfile for the 3d printer"])
def test_a_file_that_is_none_holds_nothing(text):
    assert read(text).places == ()


def test_what_is_no_utf8_holds_nothing():
    assert parse_modelfile("Modelfile", b"FROM x\nPARAMETER stop \xff\n").places == ()


@pytest.mark.parametrize(("edit", "before", "after"), [
    (Edit("remove", ("PARAMETER", "temperature")), "parameter temperature 0.7\n", ""),
    (Edit("replace", ("PARAMETER", "temperature"), 1.0), "temperature 0.7", "temperature 1.0"),
    (Edit("replace", ("PARAMETER", "stop", 1), "a b"), "stop <|eot_id|>", 'stop "a b"'),
    (Edit("remove", ("PARAMETER", "stop", 0)), 'PARAMETER stop "<|im_end|>"\n', ""),
    (Edit("move", ("PARAMETER", "num_ctx"), to=("PARAMETER", "num_keep")), "num_ctx 8192", "num_keep 8192"),
    (Edit("add", ("PARAMETER", "top_k"), 5), "num_ctx 8192\n", "num_ctx 8192\nPARAMETER top_k 5\n"),
])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_edits_leave_all_else_as_it_is(edit, before, after, line_end):
    text = FILE.replace("\n", line_end)
    wanted = text.replace(before.replace("\n", line_end), after.replace("\n", line_end), 1)
    assert read(text).rewrite(edit) == wanted


def test_a_parameter_is_added_behind_from_when_there_is_none():
    assert read("FROM x").rewrite(Edit("add", ("PARAMETER", "top_k"), 5)) == "FROM x\nPARAMETER top_k 5"


LINES = st.sampled_from([
    "FROM x", "PARAMETER top_k 5", "PARAMETER stop \"a", "b\"", 'SYSTEM """', '"""', "# c", "", "  ", "PARAMETER", "X",
    "PARAMETER  y", "TEMPLATE {{ }}", "MESSAGE user hi", "\ufeff", "PARAMETER num_ctx 1 # x", "\"\"\" \"",
])


@given(lines=st.lists(LINES, max_size=12), line_end=st.sampled_from(["\n", "\r\n", "\r"]))
def test_instructions_stand_one_after_the_other_and_every_pointer_has_a_place(lines, line_end):
    text = line_end.join(lines)
    end = 0
    for instruction in instructions(text):
        assert end <= instruction.start < instruction.end <= len(text), (text, instruction)
        assert instruction.start <= instruction.name_start or instruction.fault, (text, instruction)
        end = instruction.end
    document = read("FROM x" + line_end + text)
    for key in document.places[0].values:
        span = document.locate(("PARAMETER", key), False)
        assert (span.line, span.column) < (span.end_line, span.end_column), (text, key, span)
