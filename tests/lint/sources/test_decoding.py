"""From bytes to text, and the files that are something else than JSON."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genspec.lint.sources.decoding import decode, impostor
from genspec.lint.sources.document import ProblemKind
from genspec.lint.sources.json_text import parse_document

WIDE = ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"]


def kinds(data):
    return [str(problem.kind) for problem in parse_document("c.json", data).problems]


@pytest.mark.parametrize("encoding", WIDE)
def test_utf_16_and_utf_32_are_reported_and_the_keys_still_read(encoding):
    document = parse_document("c.json", '{"top_p": 0.9,\n "\u00e9": 1}'.encode(encoding))
    assert document.value == {"top_p": 0.9, "\u00e9": 1}
    assert [problem.kind for problem in document.problems] == [ProblemKind.ENCODING]
    assert encoding[:6].upper() in document.problems[0].message
    assert document.locate(("\u00e9",), False).line == 2


@pytest.mark.parametrize("encoding", WIDE)
def test_broken_json_in_utf_16_has_both_faults(encoding):
    assert kinds('{"a": 1 "b": 2}'.encode(encoding)) == ["encoding", "syntax"]


def test_a_byte_order_mark_is_reported_and_is_no_column():
    document = parse_document("c.json", b'\xef\xbb\xbf{"a": 1,\n"b": 2}')
    assert document.value == {"a": 1, "b": 2}
    assert [str(problem.kind) for problem in document.problems] == ["encoding"]
    assert "byte order mark" in document.problems[0].message
    assert document.locate(("a",), False).column == 2
    assert not document.text.startswith("\ufeff")


def test_invalid_utf_8_is_reported_at_its_first_byte_and_read_past():
    document = parse_document("c.json", b'{"n": "\xc3\xa9",\n "b": "x\xe9\xff"}')
    assert document.value == {"n": "\u00e9", "b": "x\ufffd\ufffd"}
    problem, = document.problems
    assert problem.kind is ProblemKind.ENCODING
    assert (problem.span.line, problem.span.column) == (2, 9)
    assert "0xE9" in problem.message


def test_a_byte_order_mark_before_invalid_utf_8_is_a_second_fault_and_no_column():
    document = parse_document("c.json", b'\xef\xbb\xbf{"\xff": 1}')
    assert [problem.span.column for problem in document.problems] == [1, 3]


@pytest.mark.parametrize("data", [
    b"\x00", b"\x00" * 100, b"{}\x00", b"\x1f\x8b\x08\x00\x01", b"PK\x03\x04\x00", b"GGUF\x03\x00\x00\x00\xff",
    b"\x89PNG\r\n\x1a\n\x00", bytes(range(256)), b"\x80\x02}q\x01(X\x05\x01\x02\xff",
    b"\xff\xfe\x00\x00\x00\x00\x00\x00",
])
def test_binary_data_is_one_problem_and_nothing_else(data):
    document = parse_document("c.json", data)
    assert [str(problem.kind) for problem in document.problems] == ["encoding"]
    assert "Binary data" in document.problems[0].message
    assert document.value is None


def test_an_escape_code_of_a_terminal_makes_no_file_binary():
    assert kinds(b'{"a": 1} \x1b[0m') == ["syntax"]


@pytest.mark.parametrize("data", [b"", b" ", b"\n\r\n\t ", b"\xef\xbb\xbf"])
def test_an_empty_or_blank_file_is_one_problem(data):
    document = parse_document("c.json", data)
    assert document.problems[-1].kind is ProblemKind.SYNTAX
    assert "empty" in document.problems[-1].message
    assert len(document.problems) == 1 + data.startswith(b"\xef")
    assert document.value is None


def test_a_git_lfs_pointer_is_one_problem_that_says_how_to_fetch_the_file():
    data = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2146\nsize 12345\n"
    document = parse_document("c.json", data)
    problem, = document.problems
    assert problem.kind is ProblemKind.LFS_POINTER
    assert "12,345 bytes" in problem.message
    assert "git lfs pull" in problem.message
    assert document.value is None
    assert (problem.span.line, problem.span.end_line) == (1, 3)


@pytest.mark.parametrize("text", [
    "<!DOCTYPE html>\n<html><body>None</body></html>", "<html>", "\n  <HTML lang=en>", "<head>", "<!-- x --><html>",
    '<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>', "<Error>",
])
def test_an_html_page_is_one_problem(text):
    document = parse_document("c.json", text.encode())
    problem, = document.problems
    assert problem.kind is ProblemKind.SYNTAX
    assert "An HTML page, not JSON: the download was probably refused" in problem.message


@pytest.mark.parametrize("text", [
    "../../blobs/84283045ca36fa00a7e78fcba9e89d8a3f7c0e74", "../config.json\n", "config.json", "./a/b",
    "/models/x/y.json", "../my models/config.json",
])
def test_a_symbolic_link_checked_out_as_text_is_one_problem(text):
    document = parse_document("c.json", text.encode())
    problem, = document.problems
    assert problem.kind is ProblemKind.SYNTAX
    assert "symbolic link" in problem.message
    assert text.strip()[:37] in problem.message


@pytest.mark.parametrize("text", ["1", "true", "Entry not found", "and/or what", "null\n", "-1.5", '"a/b"', "[1]"])
def test_other_short_texts_are_no_links(text):
    assert impostor(text) is None


@given(st.binary(max_size=200))
def test_decode_takes_any_bytes(data):
    text, problems = decode(data)
    assert problems or text.encode() == data


@given(st.text(max_size=50), st.sampled_from(["utf-8", *WIDE]))
def test_decode_reads_what_was_written(text, encoding):
    text = "{" + text.replace("\0", "") + "}"
    data = text.encode(encoding)
    decoded, problems = decode(data)
    assert decoded == text
    assert bool(problems) == (encoding != "utf-8")
