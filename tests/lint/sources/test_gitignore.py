"""The language of .gitignore files, by example and against Git itself."""

import itertools
import shutil
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genspec.lint.sources.gitignore import parse

ATOMS = [
    "a", "b", "ab", "*", "*", "**", "***", "?", "/", "/", "[ab]", "[!a]", "[^b]", "[a-c]", "[]a]", "[!]a]", "[a-]",
    "[b-a]", "[\\]a]", "[a\\-b]", "[[:alpha:]]", "[[:punct:]x]", "[[:none:]]", "[[:a]", "[", "]", "-", "!", "#", "\\",
    "\\*", "\\ ", "\\!", "\\#", "\\\\", "\\/", " ", "\t", ".json",
]
NAMES = ["a", "b", "ab", "a b", "x.json", "[a]", "!a", "#a", "a\\b", "a*", "-"]
PATHS = ["/".join(parts) for depth in (1, 2, 3) for parts in itertools.product(NAMES[:5], repeat=depth)] + NAMES
PATTERNS = st.lists(st.sampled_from(ATOMS), min_size=1, max_size=6).map("".join)


@pytest.mark.parametrize(("pattern", "ignored", "kept"), [
    ("a", ["a", "x/a", "x/y/a"], ["ab", "ba"]),
    ("/a", ["a"], ["x/a"]),
    ("x/a", ["x/a"], ["y/x/a", "x/ab"]),
    ("*.json", ["a.json", "x/.json"], ["a.jsonl"]),
    ("x/*.json", ["x/a.json"], ["x/y/a.json"]),
    ("**/a", ["a", "x/a", "x/y/a"], ["ba"]),
    ("x/**", ["x/a", "x/y/a"], ["x", "y/x/a"]),
    ("x/**/a", ["x/a", "x/y/a", "x/y/z/a"], ["xa", "y/a"]),
    ("a?c", ["abc"], ["ac", "a/c", "abbc"]),
    ("[a-c]x", ["bx"], ["dx"]),
    ("[!a-c]x", ["dx"], ["bx"]),
    ("\\!a", ["!a"], ["a"]),
    ("\\#a", ["#a"], ["a"]),
    ("a\\ ", ["a "], ["a"]),
    ("a  ", ["a"], ["a  "]),
    ("a\r", ["a\r"], ["a"]),
    ("# a", [], ["a", "# a"]),
    ("", [], ["a"]),
    ("[", [], ["[", "a"]),
    ("a\\", [], ["a", "a\\"]),
    ("*a*a*", ["aa", "xaxax"], ["a", "xax"]),
])
def test_a_pattern(pattern, ignored, kept):
    rules = parse(pattern)
    assert [path for path in [*ignored, *kept] if rules.verdict(path, False)] == ignored


def test_a_pattern_with_a_slash_at_its_end_is_for_folders_only():
    rules = parse("build/")
    assert rules.verdict("build", True) is True
    assert rules.verdict("x/build", True) is True
    assert rules.verdict("build", False) is None


def test_of_the_patterns_that_match_the_last_one_decides():
    rules = parse("*.json\n!keep.json\nx/keep.json\n")
    verdicts = [rules.verdict(path, False) for path in ("a.json", "keep.json", "x/keep.json", "a")]
    assert verdicts == [True, False, True, None]


def test_a_byte_order_mark_and_crlf_belong_to_no_pattern():
    assert parse("\ufeffa\r\nb\r\n").verdict("a", False)
    assert parse("\ufeffa\r\nb\r\n").verdict("b", False)


def test_many_stars_take_no_time():
    rules = parse("*a" * 40 + "\n" + "/x/" + "*a" * 40)
    assert rules.verdict("a" * 39 + "b" * 200, False) is None
    assert rules.verdict("x/" + "a" * 250 + "b", False) is None
    assert rules.verdict("a" * 250, False)


@pytest.fixture(scope="module")
def git(tmp_path_factory):
    """Return a function that asks Git which paths it ignores, given the lines of a .gitignore."""
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    folder = tmp_path_factory.mktemp("repository")
    subprocess.run(["git", "init", "--quiet", folder], check=True)

    def ignored(text):
        (folder / ".gitignore").write_text(text, newline="")
        run = subprocess.run(
            ["git", "-C", folder, "-c", "core.ignorecase=false", "-c", "core.excludesfile=",
             "check-ignore", "--no-index", "-z", "--stdin"],
            input="\0".join(PATHS), capture_output=True, text=True, check=False,
        )
        return set(run.stdout.split("\0")) - {""}

    return ignored


@settings(max_examples=60)
@given(lines=st.lists(st.tuples(st.sampled_from(["", "", "", "!"]), PATTERNS).map("".join), min_size=1, max_size=4))
def test_git_ignores_the_same(git, lines):
    text = "\n".join(lines) + "\n"
    rules = parse(text)

    def ignored(path):
        parts = path.split("/")
        return any(rules.verdict("/".join(parts[:end]), end < len(parts)) for end in range(1, len(parts) + 1))

    assert {path for path in PATHS if ignored(path)} == git(text)


@given(st.text(max_size=60))
def test_any_text_is_a_gitignore(text):
    parse(text).verdict("a/b.json", False)
