"""Getting at the bytes of a file: whatever stands in the way becomes a problem that says what to do."""

import errno
import os
import socket
import tracemalloc

import pytest

from genspec.lint.sources import reading
from genspec.lint.sources.document import Problem, ProblemKind
from genspec.lint.sources.reading import MOST_BYTES, read_bytes


def refused(path, words, kind=ProblemKind.UNREADABLE):
    problem = read_bytes(path)
    assert isinstance(problem, Problem), problem
    assert problem.kind is kind
    assert words in problem.message
    return problem


def test_the_bytes_of_a_file_are_returned_as_they_are(tmp_path):
    for data in (b"", b"{}", b"\xef\xbb\xbf{}\r\n", b"x" * 100_000):
        (tmp_path / "c.json").write_bytes(data)
        assert read_bytes(tmp_path / "c.json") == data
        assert read_bytes(str(tmp_path / "c.json")) == data


def test_a_file_that_is_not_there(tmp_path):
    refused(tmp_path / "gone.json", "There is no such file")


def test_a_file_removed_while_walking(tmp_path, monkeypatch):
    path = tmp_path / "c.json"
    path.write_text("{}")
    opened = os.open

    def remove_and_open(name, flags):
        path.unlink()
        return opened(name, flags)

    monkeypatch.setattr(os, "open", remove_and_open)
    refused(path, "it was removed or renamed")


def test_a_directory_of_that_name(tmp_path):
    (tmp_path / "generation_config.json").mkdir()
    refused(tmp_path / "generation_config.json", "A folder has this name")


def test_a_folder_that_takes_the_place_of_a_file_while_it_is_opened(tmp_path):
    assert "A folder has this name" in reading.read_regular(tmp_path, 10).message


def test_a_broken_symlink(tmp_path):
    (tmp_path / "c.json").symlink_to("../../blobs/8428")
    assert "'../../blobs/8428'" in refused(tmp_path / "c.json", "broken symbolic link").message


def test_a_circular_symlink(tmp_path):
    (tmp_path / "a.json").symlink_to("b.json")
    (tmp_path / "b.json").symlink_to("a.json")
    refused(tmp_path / "a.json", "leads back to itself")


def test_a_symlink_to_a_file_is_followed(tmp_path):
    (tmp_path / "blob").write_bytes(b"{}")
    (tmp_path / "c.json").symlink_to("blob")
    assert read_bytes(tmp_path / "c.json") == b"{}"


def test_a_file_without_permission(tmp_path):
    (tmp_path / "c.json").write_text("{}")
    (tmp_path / "c.json").chmod(0)
    if os.access(tmp_path / "c.json", os.R_OK):
        pytest.skip("this user may read everything")
    refused(tmp_path / "c.json", "No permission to read this file")


@pytest.mark.parametrize(("code", "words"), [
    (errno.EACCES, "No permission"), (errno.EPERM, "No permission"), (errno.EIO, "cannot be read"),
    (errno.ENAMETOOLONG, "longer than this system allows"), (errno.EMFILE, "ulimit"), (errno.ESTALE, "try again"),
])
def test_every_refusal_of_the_system_says_what_to_do(tmp_path, monkeypatch, code, words):
    (tmp_path / "c.json").write_text("{}")

    def refuse(*_):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "open", refuse)
    refused(tmp_path / "c.json", words)


def test_a_path_through_a_file(tmp_path):
    (tmp_path / "c.json").write_text("{}")
    refused(tmp_path / "c.json" / "generation_config.json", "is a file, not a folder")


@pytest.mark.parametrize("name", ["a\0b", "a\ud800b\0"])
def test_a_name_that_no_file_can_have(name):
    refused(name, "No file can have this name")


def test_a_name_that_is_too_long(tmp_path):
    refused(tmp_path / ("x" * 300), "longer than this system allows")


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.json")
    refused(tmp_path / "pipe.json", "A pipe, not a file")


def test_a_device_is_not_opened(monkeypatch):
    monkeypatch.setattr(os, "open", None)
    refused("/dev/zero", "A device, not a file")


def test_a_socket_is_not_opened(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("s.json")
        refused("s.json", "A socket, not a file")


def test_a_200_mb_file_takes_no_memory(tmp_path):
    path = tmp_path / "c.json"
    with path.open("wb") as file:
        file.truncate(200_000_000)
    tracemalloc.start()
    try:
        refused(path, "more than 4 MiB", ProblemKind.TOO_LARGE)
        assert tracemalloc.get_traced_memory()[1] < 100_000
    finally:
        tracemalloc.stop()


def test_the_largest_file_that_is_read_has_the_limit_exactly(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "MOST_BYTES", 1000)
    (tmp_path / "c.json").write_bytes(b"x" * 1000)
    assert len(read_bytes(tmp_path / "c.json")) == 1000
    (tmp_path / "c.json").write_bytes(b"x" * 1001)
    refused(tmp_path / "c.json", "so it was not read", ProblemKind.TOO_LARGE)


def test_a_file_that_grows_while_it_is_read_is_read_to_its_end_or_to_the_limit(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "MOST_BYTES", 5000)
    monkeypatch.setattr(reading, "CHUNK", 100)
    path = tmp_path / "c.json"
    path.write_bytes(b"x" * 4999)
    assert reading.read_regular(path, 10) == b"x" * 4999
    path.write_bytes(b"x" * 1_000_000)
    assert reading.read_regular(path, 10).kind is ProblemKind.TOO_LARGE


def test_a_file_that_shrinks_while_it_is_read(tmp_path):
    (tmp_path / "c.json").write_bytes(b"{}")
    assert reading.read_regular(tmp_path / "c.json", 500) == b"{}"


def test_the_limit_is_16_mib():
    assert MOST_BYTES == 4 * 2**20
