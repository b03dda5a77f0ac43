"""Whatever ends a run that fixes files, each file is as it was or as it was to become, and nothing between."""

import errno
import os
import random
import resource
import signal
import subprocess
import sys
import time

import pytest

from genspec.lint.fixing.run import NotWritten, repair_paths
from genspec.lint.settings import Settings

BEFORE = '{{\n  "eos_token_id": "2",\n  "pad_token_id": 0,\n  "max_new_tokens": {number}\n}}\n'
NAME = "generation_config.json"
FILES = 120
ROUNDS = 5


def before(number):
    return BEFORE.format(number=number + 1)


def after(number):
    return before(number).replace('"2"', "2")


def write(folder, count=FILES):
    for number in range(count):
        place = folder / f"{number:03}"
        place.mkdir(parents=True)
        (place / NAME).write_text(before(number))


def started(folder, **how):
    return subprocess.Popen(
        [sys.executable, "-m", "genspec", "check", "--fix", folder, "--format", "json"],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, **how)


def state(folder, count=FILES):
    """Tell of each file whether it is fixed; one that is neither old nor new fails the test."""
    fixed = []
    for number in range(count):
        text = (folder / f"{number:03}" / NAME).read_text()
        assert text in (before(number), after(number)), (number, text)
        fixed.append(text == after(number))
    return fixed


def test_a_run_that_is_killed_leaves_every_file_whole(tmp_path):
    """When it has come to a file, drawn with a fixed seed."""
    moments, halves = random.Random(2026), 0
    for turn in range(ROUNDS):
        folder = tmp_path / str(turn)
        write(folder)
        process = started(folder)
        number = moments.randrange(FILES // 2)
        deadline = time.monotonic() + 60
        while process.poll() is None and time.monotonic() < deadline:
            if (folder / f"{number:03}" / NAME).read_text() == after(number):
                break
            time.sleep(0.001)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        fixed = state(folder)
        assert fixed == sorted(fixed, reverse=True), fixed      # in order, and none left out
        halves += 0 < sum(fixed) < FILES
        assert started(folder).wait(60) == 0                     # a second run goes on where the first one ended
        assert all(state(folder))
    assert halves, "no run was interrupted in the middle"


def no_room():
    """Let no file grow beyond a few bytes, as on a full disk."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (16, 16))


def test_a_full_disk_leaves_every_file_whole(tmp_path):
    write(tmp_path, 3)
    process = started(tmp_path, preexec_fn=no_room)
    said = process.communicate(timeout=60)[1].decode()
    assert (process.returncode, said.count("\n")) == (2, 1), said
    assert "cannot be written" in said
    assert state(tmp_path, 3) == [False] * 3
    assert sorted(os.listdir(tmp_path / "000")) == [NAME], "a draft was left behind"


@pytest.mark.parametrize(("step", "code"), [
    ("tempfile.mkstemp", errno.EROFS), ("tempfile.mkstemp", errno.EACCES), ("os.fsync", errno.ENOSPC),
    ("os.fsync", errno.EIO), ("os.chmod", errno.EPERM), ("os.replace", errno.EACCES), ("os.replace", errno.EBUSY),
])
def test_a_step_that_fails_leaves_the_file_and_the_others_whole(tmp_path, monkeypatch, step, code):
    """The files before it are fixed, and the message names the one that could not be written."""
    write(tmp_path, 4)
    calls = []
    module, name = step.split(".")
    real = getattr(sys.modules.get(module) or __import__(module), name)

    def failing(*arguments, **options):
        calls.append(arguments)
        if len(calls) == 3:
            raise OSError(code, os.strerror(code))
        return real(*arguments, **options)

    monkeypatch.setattr(step, failing)
    with pytest.raises(NotWritten, match=f"002/{NAME}: cannot be written: {os.strerror(code)}"):
        repair_paths([tmp_path], Settings())
    assert state(tmp_path, 4) == [True, True, False, False]
    assert sorted(os.listdir(tmp_path / "002")) == [NAME], "a draft was left behind"


def test_a_read_only_folder_is_one_line(tmp_path):
    write(tmp_path, 1)
    (tmp_path / "000").chmod(0o555)
    if os.access(tmp_path / "000", os.W_OK):
        pytest.skip("root may write everywhere")
    process = started(tmp_path)
    said = process.communicate(timeout=60)[1].decode()
    (tmp_path / "000").chmod(0o755)
    assert process.returncode == 2 and "Permission denied" in said and state(tmp_path, 1) == [False]
