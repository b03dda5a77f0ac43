"""Finding the configs: in order, once each, and what cannot be looked into is reported while the rest goes on."""

import os
import subprocess
import sys

import pytest
from support.work import steps_of

from genspec.lint.sources.document import ProblemKind
from genspec.lint.sources.reading import read_bytes
from genspec.lint.sources.walk import find_configs

NAME = "generation_config.json"


@pytest.fixture(autouse=True)
def inside(tmp_path, monkeypatch):
    """Stand in an empty folder."""
    monkeypatch.chdir(tmp_path)


def make(*paths):
    for path in paths:
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write("{}")


def write(path, text):
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def found(*paths, **options):
    return [path for path, problem, _ in find_configs(paths, **options) if problem is None]


def reported(*paths, **options):
    return [(path, problem.message) for path, problem, _ in find_configs(paths, **options) if problem is not None]


def test_a_folder_is_walked_for_the_name_in_sorted_order():
    make(f"b/{NAME}", f"a/z/{NAME}", f"a/{NAME}", NAME, "a/other.txt", f"a/a/b/c/{NAME}", f"h/{NAME}", f"a/{NAME}x")
    assert found(".") == [f"a/a/b/c/{NAME}", f"a/{NAME}", f"a/z/{NAME}", f"b/{NAME}", NAME, f"h/{NAME}"]
    assert found("a", "b") == [f"a/a/b/c/{NAME}", f"a/{NAME}", f"a/z/{NAME}", f"b/{NAME}"]


def test_names_can_be_given():
    make("a/x.json", "a/y.json", f"a/{NAME}")
    assert found("a", wanted={"x.json", "y.json"}.__contains__) == ["a/x.json", "a/y.json"]


def test_paths_may_be_of_any_kind_and_keep_how_they_are_spelled(tmp_path):
    make(f"a/{NAME}")
    assert found(tmp_path / "a") == [str(tmp_path / "a" / NAME)]
    assert found("./a/") == [f"./a/{NAME}"]
    assert found(str(tmp_path)) == [str(tmp_path / "a" / NAME)]


def test_a_file_given_by_name_is_taken_whatever_its_name():
    make("a/other.txt")
    assert found("a/other.txt") == ["a/other.txt"]


def test_a_file_given_twice_is_found_once(tmp_path):
    make(f"a/{NAME}")
    assert found("a", f"a/{NAME}", ".", tmp_path / "a" / NAME) == [f"a/{NAME}"]


def test_nothing_given_is_nothing_found():
    assert found() == []
    os.mkdir("empty")
    assert found("empty") == []


@pytest.mark.parametrize("name", [".git", "node_modules", ".venv", "__pycache__"])
def test_folders_of_tools_are_passed_over_unless_they_are_named(name):
    make(f"{name}/x/{NAME}", f"a/{name}/{NAME}", f"a/{NAME}")
    assert found(".", respect_gitignore=False) == [f"a/{NAME}"]
    assert found(name, respect_gitignore=False) == [f"{name}/x/{NAME}"]


def test_a_path_that_does_not_exist_is_reported_and_the_rest_goes_on():
    make(f"a/{NAME}")
    assert found("gone", "a") == [f"a/{NAME}"]
    (path, message), = reported("gone", "a")
    assert path == "gone"
    assert "no such file or folder" in message


def test_a_path_that_cannot_exist_is_reported():
    assert [path for path, _ in reported("a\0b", "x" * 5000)] == ["a\0b", "x" * 5000]


def test_an_unreadable_folder_is_reported_and_the_rest_goes_on():
    make(f"a/{NAME}", f"b/{NAME}", f"c/{NAME}")
    os.chmod("b", 0)
    if os.access("b", os.R_OK):
        pytest.skip("this user may read everything")
    try:
        assert found(".") == [f"a/{NAME}", f"c/{NAME}"]
        assert reported(".")[0][0] == "b"
    finally:
        os.chmod("b", 0o700)


@pytest.mark.parametrize(("error", "words"), [
    (PermissionError(13, "Permission denied"), "No permission to read this folder"),
    (FileNotFoundError(2, "No such file or directory"), "There is no such folder: it was removed"),
    (OSError(5, "Input/output error"), "The folder cannot be read"),
])
def test_a_folder_that_fails_is_reported_and_the_rest_goes_on(monkeypatch, error, words):
    make(f"a/{NAME}", f"b/{NAME}", f"c/{NAME}")
    scandir = os.scandir

    def failing(path):
        if path == "b":
            raise error
        return scandir(path)

    monkeypatch.setattr(os, "scandir", failing)
    assert found(".") == [f"a/{NAME}", f"c/{NAME}"]
    (path, message), = reported(".")
    assert path == "b"
    assert words in message


def test_a_folder_removed_while_walking_is_reported_and_the_rest_goes_on():
    make(f"a/{NAME}", f"b/{NAME}", f"c/{NAME}")
    walk = find_configs(["."])
    assert next(walk).path == f"a/{NAME}"
    os.unlink(f"b/{NAME}")
    os.rmdir("b")
    gone, last = walk
    assert (gone.path, gone.problem.kind) == ("b", ProblemKind.UNREADABLE)
    assert last.path == f"c/{NAME}"


def test_the_folder_we_stand_in_may_be_gone(tmp_path, monkeypatch):
    make(f"x/{NAME}", f"y/{NAME}")
    monkeypatch.chdir(tmp_path / "y")
    os.unlink(NAME)
    os.rmdir(tmp_path / "y")
    assert found(".", tmp_path / "x") == [str(tmp_path / "x" / NAME)]


def test_circular_links_to_folders_end():
    make(f"a/{NAME}")
    os.symlink("..", "a/up", target_is_directory=True)
    os.symlink(".", "a/here", target_is_directory=True)
    os.symlink("loop", "a/loop")
    assert found(".") == [f"a/{NAME}"]
    assert reported(".") == []


def test_a_link_to_a_folder_is_followed_only_when_it_is_named():
    make(f"models/a/{NAME}")
    os.symlink("models/a", "current", target_is_directory=True)
    assert found(".") == [f"models/a/{NAME}"]
    assert found("current") == [f"current/{NAME}"]


@pytest.mark.parametrize("target", ["nowhere", NAME, "../a"])
def test_links_of_a_wanted_name_are_found_and_reading_them_says_what_is_wrong(target):
    os.mkdir("a")
    os.symlink(target, f"a/{NAME}")
    make(f"b/{NAME}")
    assert found(".") == [f"a/{NAME}", f"b/{NAME}"]
    assert read_bytes(f"a/{NAME}").kind is ProblemKind.UNREADABLE


def test_broken_and_circular_links_that_are_named_are_reported():
    os.symlink("nowhere", "x.json")
    os.symlink("y.json", "y.json")
    (_, broken), (_, circular) = reported("x.json", "y.json")
    assert "broken symbolic link" in broken
    assert "leads back to itself" in circular


def test_a_directory_of_a_wanted_name_is_found_and_not_walked():
    make(f"a/{NAME}/{NAME}", f"b/{NAME}")
    assert found(".") == [f"a/{NAME}", f"b/{NAME}"]
    assert "A folder has this name" in read_bytes(f"a/{NAME}").message


def test_a_pipe_of_a_wanted_name_is_found():
    os.mkfifo(NAME)
    assert found(".") == [NAME]


def test_names_that_are_no_utf_8_are_found():
    folder = os.fsdecode(b"model-\xff\xe9")
    make(f"{folder}/{NAME}")
    assert found(".") == [f"{folder}/{NAME}"]
    assert read_bytes(f"{folder}/{NAME}") == b"{}"


def test_deep_folders_need_no_stack():
    deep = "/".join("d" * 900)
    os.makedirs(deep)
    make(f"{deep}/{NAME}")
    assert found(".") == [f"{deep}/{NAME}"]


def test_2000_folders_take_a_few_steps_each(tmp_path):
    for number in range(2000):
        (tmp_path / f"m{number}").mkdir()
        (tmp_path / f"m{number}" / NAME).touch()
    assert len(found(tmp_path)) == 2000
    assert steps_of(lambda: found(tmp_path)) < 2000 * 60


# .gitignore

def repository(path="."):
    os.makedirs(os.path.join(path, ".git", "info"), exist_ok=True)


def test_ignored_files_and_folders_are_left_out():
    make(f"a/{NAME}", f"build/x/{NAME}", f"out/{NAME}", NAME)
    write(".gitignore", f"build/\n/{NAME}\nout/*\n")
    assert found(".") == [f"a/{NAME}"]
    assert len(found(".", respect_gitignore=False)) == 4


def test_a_file_named_is_checked_even_when_it_is_ignored():
    make(f"build/{NAME}")
    write(".gitignore", "build/\n")
    assert found(f"build/{NAME}") == [f"build/{NAME}"]


def test_a_folder_named_is_walked_even_when_it_is_ignored():
    repository()
    make(f"build/x/{NAME}", f"build/y/{NAME}")
    write(".gitignore", "build/\nx\n")
    assert found(".") == []
    assert found("build") == [f"build/x/{NAME}", f"build/y/{NAME}"]


def test_negation_takes_a_file_back_but_not_out_of_an_ignored_folder():
    make(f"a/{NAME}", f"b/{NAME}", f"c/{NAME}", f"d/e/{NAME}")
    write(".gitignore", f"{NAME}\n!/b/{NAME}\nc/\n!c/{NAME}\n")
    write("d/.gitignore", f"!e/{NAME}\n")
    assert found(".") == [f"b/{NAME}", f"d/e/{NAME}"]


def test_rules_of_a_nested_file_hold_below_its_folder_only():
    make(f"a/x/{NAME}", f"b/x/{NAME}", f"a/y/x/{NAME}")
    write("a/.gitignore", "/x\n")
    assert found(".") == [f"a/y/x/{NAME}", f"b/x/{NAME}"]


def test_rules_further_up_the_repository_hold():
    repository()
    make(f"models/a/{NAME}", f"models/b/{NAME}", f"models/old/{NAME}")
    write(".gitignore", "models/b\n")
    write("models/.gitignore", "old\n")
    assert found("models") == [f"models/a/{NAME}"]
    assert found("models/a") == [f"models/a/{NAME}"]


def test_rules_above_the_repository_do_not_hold():
    make(f"repo/a/{NAME}")
    write(".gitignore", "a\n")
    repository("repo")
    assert found("repo") == [f"repo/a/{NAME}"]
    assert found(".") == [f"repo/a/{NAME}"]


def test_rules_further_up_do_not_hold_outside_a_repository(tmp_path):
    make(f"models/a/{NAME}")
    write(".gitignore", "a\n")
    if not any((folder / ".git").exists() for folder in tmp_path.parents):
        assert found("models") == [f"models/a/{NAME}"]


def test_the_excludes_of_a_clone_hold():
    repository()
    make(f"a/{NAME}", f"b/{NAME}", f"c/{NAME}")
    write(".git/info/exclude", "a\nb\n")
    write(".gitignore", "!b\n")
    assert found(".") == [f"b/{NAME}", f"c/{NAME}"]
    assert found("c", "b") == [f"c/{NAME}", f"b/{NAME}"]


def test_the_excludes_of_a_worktree_hold():
    write("main/.git/info/exclude", "a\n")
    write("main/.git/worktrees/w/commondir", "../..\n")
    make(f"w/a/{NAME}", f"w/b/{NAME}")
    write("w/.git", "gitdir: ../main/.git/worktrees/w\n")
    assert found("w") == [f"w/b/{NAME}"]


def test_a_gitignore_that_cannot_be_read_ignores_nothing():
    make(f"a/{NAME}")
    os.mkdir(".gitignore")
    assert found(".") == [f"a/{NAME}"]
    os.symlink("../rules", "a/.gitignore")
    write("rules", NAME)
    assert found("a") == [f"a/{NAME}"]


def test_ignore_rules_are_not_loaded_where_there_are_none():
    repository()
    make(f"a/{NAME}")
    write(".git/info/exclude", "# nothing\n\n")
    code = """if True:
        import sys
        from genspec.lint.sources.walk import find_configs
        assert len(list(find_configs(["."]))) == 1
        assert "genspec.lint.sources.gitignore" not in sys.modules
    """
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)
