"""Which ignore rules hold in a folder: those of the repository, and of every .gitignore on the way to it."""

import os
from typing import TYPE_CHECKING

from genspec.lint.sources.reading import read_bytes

if TYPE_CHECKING:
    from genspec.lint.sources.gitignore import Rules

Chain = tuple[tuple["Rules", str], ...]
"""Rules from the outermost folder to the innermost, each with the way from its folder to the one at hand."""


def is_ignored(chain: Chain, name: str, is_folder: bool) -> bool:
    """Tell whether an entry of the folder at hand is ignored: rules further in go before those further out."""
    for rules, way in reversed(chain):
        verdict = rules.verdict(way + name, is_folder)
        if verdict is not None:
            return verdict
    return False


def descend(chain: Chain, name: str) -> Chain:
    """Return the chain as seen from a folder inside the one at hand."""
    return tuple((rules, f"{way}{name}/") for rules, way in chain)


def rules_above(folder: str) -> Chain:
    """Collect the rules that hold for a folder before it is looked into: those further up its repository.

    None when the folder itself is ignored: who names it wants to see what is in it.
    """
    try:
        path, names = os.path.abspath(folder), []
    except OSError:                                 # the folder we stand in was removed
        return ()
    while not os.path.lexists(os.path.join(path, ".git")):
        path, name = os.path.split(path)
        if not name:
            return ()
        names.append(name)
    chain = load_excludes(path) if names else ()
    for name in reversed(names):
        chain += load(os.path.join(path, ".gitignore"))
        if is_ignored(chain, name, is_folder=True):
            return ()
        chain, path = descend(chain, name), os.path.join(path, name)
    return chain


def rules_in(path: str, names: set[str], chain: Chain) -> Chain:
    """Add the rules that a folder with these entries has itself. A repository inside another begins anew."""
    if ".git" in names:
        chain = load_excludes(path)
    if ".gitignore" in names:
        chain += load(os.path.join(path, ".gitignore"))
    return chain


def load(path: str) -> Chain:
    """Read a file of patterns for the folder at hand. One that cannot be read has none, as for Git."""
    data = b"" if os.path.islink(path) else read_bytes(path)
    if not isinstance(data, bytes) or all(line[:1] in (b"", b"#") for line in data.splitlines()):
        return ()           # as good as no file: what `git init` leaves in info/exclude is all comments
    from genspec.lint.sources.gitignore import parse

    return ((parse(data.decode("utf-8", "replace")), ""),)


def load_excludes(repository: str) -> Chain:
    """Read the patterns that a clone keeps for itself. In a worktree `.git` is a file that names the real folder."""
    git = os.path.join(repository, ".git")
    if os.path.isfile(git):
        git = os.path.join(repository, first_line(git).removeprefix("gitdir: "))
        git = os.path.join(git, first_line(os.path.join(git, "commondir")))
    return load(os.path.join(git, "info", "exclude"))


def first_line(path: str) -> str:
    """Return the first line of a small file, empty when it cannot be read."""
    data = read_bytes(path)
    return os.fsdecode(data.partition(b"\n")[0]) if isinstance(data, bytes) else ""
