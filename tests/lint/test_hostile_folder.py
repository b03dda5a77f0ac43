"""A folder of a thousand files that mean no good: the run ends soon, in little memory, and speaks of every file."""

import json
import os
import resource
import subprocess
import sys

import pytest
from support.seed_files import SEEDS
from support.sockets import listening_socket

from genspec.lint.judge import check_paths
from genspec.lint.settings import Settings
from genspec.lint.sources.readers import is_for_anything, is_head

NAME = "generation_config.json"
COUNT = 1000
MOST_MEMORY = 1024**3
"""Bytes of address space that the run may take."""

MOST_SECONDS = 120


def written(data):
    return lambda path: path.write_bytes(data)


def sparse(path):
    with path.open("wb") as file:
        file.truncate(300_000_000)


def closed(path):
    path.write_bytes(SEEDS[NAME])
    path.chmod(0)


MAKERS = {
    "plain": None, "empty": written(b""), "binary": written(bytes(range(256)) * 40), "cut": written(b'{"top_k": '),
    "lfs": written(b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 1\n"),
    "brackets": written(b"[" * 100_000), "zeros": written(b"\0" * 10_000), "long": written(b"9" * 1_000_000),
    "huge": sparse, "closed": closed, "folder": lambda path: path.mkdir(), "pipe": os.mkfifo,
    "socket": listening_socket,
    "loop": lambda path: path.symlink_to(path.name), "nowhere": lambda path: path.symlink_to("missing"),
    "upwards": lambda path: path.symlink_to(".."), "zero": lambda path: path.symlink_to("/dev/zero"),
    "terminal": lambda path: path.symlink_to("/dev/tty"), "process": lambda path: path.symlink_to("/proc/self/mem"),
}
UNREAD = {"huge", "folder", "pipe", "socket", "loop", "nowhere", "upwards", "zero", "terminal", "process"}
FOLDERS = [b"plain", b"line\nbreak", b"caf\xe9", b"\xff\xfe", b"- dash", b"\x1b[31mred", b"a'b\"c`d", b" ", b"*?[x]",
           "\u202egnol".encode(), b"n" * 255]


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """Give a folder and the paths in it that are to be spoken of, each with how it was made."""
    folder = tmp_path_factory.mktemp("hostile")
    made = {}
    names = sorted(SEEDS)
    for number in range(COUNT):
        how = list(MAKERS)[number % len(MAKERS)]
        name = names[(number // len(MAKERS)) % len(names)]
        place = os.path.join(os.fsencode(folder), FOLDERS[number % len(FOLDERS)], b"%d" % number)
        os.makedirs(place)
        path = folder / os.fsdecode(place) / name
        (MAKERS[how] or written(SEEDS[name]))(path)
        made[str(path)] = how
    (folder / "round").symlink_to(folder)
    deep = folder / "deep"
    deep.mkdir()
    at = os.open(deep, os.O_RDONLY)
    for _ in range(40):                         # a path longer than the system takes
        os.mkdir("d" * 200, dir_fd=at)
        below = os.open("d" * 200, os.O_RDONLY, dir_fd=at)
        os.close(at)
        at = below
    os.close(at)
    yield folder, made
    subprocess.run(["rm", "-rf", folder], check=True)


def limited():
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))


@pytest.mark.parametrize("jobs", [1, 2])
def test_every_file_is_spoken_of_in_bounded_time_and_memory(hostile, jobs):
    folder, made = hostile
    done = subprocess.run(
        [sys.executable, "-m", "genspec", "check", folder, "--format", "json", "--jobs", str(jobs)],
        capture_output=True, timeout=MOST_SECONDS, preexec_fn=limited, check=False,
    )
    assert (done.returncode, done.stderr) == (1, b""), done.stderr.decode()[-2000:]
    report = json.loads(done.stdout)
    unreadable = {finding["path"] for finding in report["findings"] if finding["code"] == "GS907"}
    expected = {path for path, how in made.items() if how in UNREAD and not is_for_anything(path)
                and not (how == "huge" and is_head(path))}
    spelt = {path.encode("utf-8", "backslashreplace").decode() for path in expected}
    assert spelt <= unreadable, sorted(spelt - unreadable)[:5]
    assert len([path for path in unreadable if "d" * 200 in path]) == 1         # where the path gets too long
    certain = sum(not is_for_anything(path) for path in made)
    assert certain < report["summary"]["files"] <= len(made) + 1, report["summary"]


def test_the_report_holds_every_file(hostile):
    folder, made = hostile
    files = set(check_paths([folder], Settings()).files)
    missing = [path for path in made if path not in files and not is_for_anything(path)]
    assert missing == []
    assert {path for path, how in made.items() if how == "plain"} <= files


def test_files_that_vanish_during_the_run_are_spoken_of(tmp_path):
    paths = []
    for number in range(60):
        place = tmp_path / f"{number:02}"
        place.mkdir()
        paths.append(place / NAME)
        paths[-1].write_bytes(SEEDS[NAME])

    def vanish(path):
        number = int(os.path.basename(os.path.dirname(path)))
        if number % 3 == 0:
            os.unlink(path)

    report = check_paths([tmp_path], Settings(), vanish)
    assert report.files == tuple(map(str, paths))
    gone = [finding.path for finding in report.findings if finding.code == "GS907"]
    assert gone == [str(path) for number, path in enumerate(paths) if number % 3 == 0]
