"""Every bad input a folder can hold, by name: each is one problem, and the good files beside it are still read."""

import os

import pytest
from support.sockets import listening_socket

from genspec.lint.sources.document import Problem, ProblemKind
from genspec.lint.sources.json_text import parse_document
from genspec.lint.sources.reading import read_bytes
from genspec.lint.sources.walk import find_configs

NAME = "generation_config.json"
GOOD = b'{"do_sample": true, "top_p": 0.9}'

CONTENTS = {
    "not JSON": (b"hello", "syntax"),
    "empty": (b"", "syntax"),
    "blank": (b" \r\n", "syntax"),
    "BOM": (b"\xef\xbb\xbf" + GOOD, "encoding"),
    "UTF-16": (GOOD.decode().encode("utf-16"), "encoding"),
    "UTF-16 without a mark": (GOOD.decode().encode("utf-16-le"), "encoding"),
    "UTF-32": (GOOD.decode().encode("utf-32"), "encoding"),
    "invalid UTF-8": (b'{"a": "\xff"}', "encoding"),
    "zero bytes": (b"\0" * 1000, "encoding"),
    "binary": (b"\x1f\x8b\x08\x00abc", "encoding"),
    "Git LFS pointer": (b"version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 1\n", "lfs-pointer"),
    "HTML": (b"<!DOCTYPE html><html></html>", "syntax"),
    "link as text": (b"../../blobs/84283045ca36fa00a7e78fcba9e89d8a3f7c0e74", "syntax"),
    "NaN": (b'{"top_p": NaN}', "not-finite"),
    "Infinity": (b'{"top_p": -Infinity}', "not-finite"),
    "duplicate keys": (b'{"top_p": 1, "top_p": 2}', "duplicate-key"),
    "1e400": (b'{"top_p": 1e400}', "not-finite"),
    "10,000-digit integer": (b'{"top_k": ' + b"9" * 10_000 + b"}", "number-too-long"),
    "100,000 nested brackets": (b"[" * 100_000, "too-deep"),
    "100,000 nested objects": (b'{"a":' * 100_000, "too-deep"),
}


def read(path):
    """Read a file as the linter does."""
    data = read_bytes(path)
    return [data] if isinstance(data, Problem) else parse_document(path, data).problems


def kinds(folder):
    """Walk a folder, and return the kinds of problems of each file by the folder that holds it."""
    found = {}
    for path, problem, _ in find_configs([folder]):
        problems = [problem] if problem else read(path)
        found[os.path.basename(os.path.dirname(path))] = [str(problem.kind) for problem in problems]
        assert all(problem.message for problem in problems)
    return found


@pytest.fixture
def folder(tmp_path):
    """Give a folder that holds a good file, first and last in the order of the walk."""
    for name in ("a", "z"):
        (tmp_path / name).mkdir()
        (tmp_path / name / NAME).write_bytes(GOOD)
    (tmp_path / "bad").mkdir()
    return tmp_path


@pytest.mark.parametrize("name", CONTENTS)
def test_bad_contents_are_one_problem_and_the_other_files_are_read(folder, name):
    data, kind = CONTENTS[name]
    (folder / "bad" / NAME).write_bytes(data)
    assert kinds(folder) == {"a": [], "bad": [kind], "z": []}


@pytest.mark.parametrize("line_break", [b"\r\n", b"\r", b"\n"])
def test_crlf_is_no_problem(folder, line_break):
    (folder / "bad" / NAME).write_bytes(GOOD.replace(b" ", line_break))
    assert kinds(folder) == {"a": [], "bad": [], "z": []}


def pipe(path):
    os.mkfifo(path)


def unreadable_file(path):
    path.write_bytes(GOOD)
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("root may read everything")


def large_file(path):
    with path.open("wb") as file:
        file.truncate(200_000_000)


MAKERS = {
    "a 200 MB file": (large_file, "too-large"),
    "unreadable file": (unreadable_file, "unreadable"),
    "directory of that name": (lambda path: path.mkdir(), "unreadable"),
    "broken symlink": (lambda path: path.symlink_to("nowhere"), "unreadable"),
    "circular symlink": (lambda path: path.symlink_to(NAME), "unreadable"),
    "link to a folder": (lambda path: path.symlink_to(".."), "unreadable"),
    "pipe": (pipe, "unreadable"),
    "socket": (listening_socket, "unreadable"),
}


@pytest.mark.parametrize("name", MAKERS)
def test_files_that_cannot_be_read_are_one_problem_and_the_other_files_are_read(folder, name):
    make, kind = MAKERS[name]
    make(folder / "bad" / NAME)
    assert kinds(folder) == {"a": [], "bad": [kind], "z": []}


def test_a_file_removed_while_walking_is_one_problem_and_the_other_files_are_read(folder):
    for name in ("1.json", "2.json", "3.json"):
        (folder / "bad" / name).write_bytes(GOOD)
    seen = []
    for path, problem, _ in find_configs([folder], wanted={"1.json", "2.json", "3.json"}.__contains__):
        (folder / "bad" / "2.json").unlink(missing_ok=True)
        problems = [problem] if problem else read(path)
        seen.append((os.path.basename(path), [problem.kind for problem in problems]))
    assert seen == [("1.json", []), ("2.json", [ProblemKind.UNREADABLE]), ("3.json", [])]
