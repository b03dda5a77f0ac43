"""Files that are there whole or not at all."""

import os
import stat

import pytest

from genspec.writing import write_whole


def mode_of(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_links_and_permissions_stay(tmp_path):
    file = tmp_path / "file.json"
    file.write_text("{}")
    file.chmod(0o640)
    link = tmp_path / "link.json"
    link.symlink_to(file)
    write_whole(link, b"new")
    assert link.is_symlink() and file.read_bytes() == b"new"
    assert mode_of(file) == 0o640


def test_a_new_file_has_the_permissions_that_any_has(tmp_path):
    (tmp_path / "usual").write_text("")
    write_whole(tmp_path / "new", b"x")
    assert mode_of(tmp_path / "new") == mode_of(tmp_path / "usual")


@pytest.mark.parametrize("step", ["replace", "fsync", "chmod"])
def test_an_interruption_leaves_the_old_file_and_no_other(tmp_path, monkeypatch, step):
    file = tmp_path / "file.json"
    file.write_text("{}")

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, step, interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_whole(file, b"new")
    assert file.read_text() == "{}"
    assert os.listdir(tmp_path) == ["file.json"]
