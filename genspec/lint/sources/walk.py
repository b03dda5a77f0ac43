"""Finds the configs to check: the files that are named, and those of the right name in the folders that are."""

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from genspec.lint.sources.document import Problem
from genspec.lint.sources.ignores import Chain, descend, is_ignored, rules_above, rules_in
from genspec.lint.sources.readers import is_read
from genspec.lint.sources.reading import unreadable

PASSED_OVER = frozenset({".git", "node_modules", ".venv", "__pycache__"})
"""Folders that hold nobody's own configs."""

SPOKEN_FOR = {"config.json": "generation_config.json"}
"""Files that are looked at with another one of their folder, where that is there, and not for their own sake."""

Path = str | os.PathLike[str]


class Found(NamedTuple):
    """A file to check, or a path that cannot be looked into."""

    path: str
    problem: Problem | None = None
    named: bool = False             # by the user, and not found in a folder


class Stop(NamedTuple):
    """One stop of the walk, with the ignore rules that hold there."""

    path: str
    is_folder: bool
    chain: Chain = ()


def find_configs(
    paths: Iterable[Path], *, wanted: Callable[[str], bool] = is_read, respect_gitignore: bool = True,
) -> Iterator[Found]:
    """Yield the configs among some paths, each once.

    A file is taken whatever its name, even when it is ignored. A folder is walked in sorted order for files whose
    names are ``wanted``: by default, those that have a reader.
    Links to folders are not followed below it, so that no walk is endless; name such a folder to have it checked.
    """
    starts = [os.fspath(path) for path in paths]
    seen: set[str] = set()
    for start in starts:
        for found in look(start, wanted, respect_gitignore):
            if len(starts) > 1:
                place = absolute(found.path)
                if place in seen:
                    continue
                seen.add(place)
            yield found


def look(path: str, wanted: Callable[[str], bool], respect_gitignore: bool) -> Iterator[Found]:
    """Yield what one path stands for."""
    try:
        is_folder = stat.S_ISDIR(os.stat(path).st_mode)
    except (OSError, ValueError) as error:
        yield Found(path, unreadable(path, error, "file or folder"))
        return
    if is_folder:
        yield from walk(path, wanted, respect_gitignore)
    else:
        yield Found(path, named=True)


def walk(folder: str, wanted: Callable[[str], bool], respect_gitignore: bool) -> Iterator[Found]:
    """Yield the wanted files below a folder, and the folders that could not be read."""
    stops = [Stop(folder, True, rules_above(folder) if respect_gitignore else ())]
    while stops:
        path, is_folder, chain = stops.pop()
        if not is_folder:
            yield Found(path)
            continue
        try:
            with os.scandir(path) as entries:
                listing = sorted(entries, key=lambda entry: entry.name, reverse=True)
        except OSError as error:
            yield Found(path, unreadable(path, error, "folder"))
            continue
        if respect_gitignore:
            chain = rules_in(path, {entry.name for entry in listing}, chain)
        stops += stops_in(path, chain, listing, wanted)


def stops_in(
    path: str, chain: Chain, listing: list[os.DirEntry[str]], wanted: Callable[[str], bool],
) -> Iterator[Stop]:
    """Yield the entries of a folder that the walk goes on to."""
    prefix = "" if path in (".", "./") else os.path.join(path, "")
    names = {entry.name for entry in listing}
    for entry in listing:
        name = entry.name
        if wanted(name):
            if SPOKEN_FOR.get(name) in names:
                continue
            is_folder = False                       # whatever it is: reading it says so
        elif name in PASSED_OVER or not may_be_folder(entry):
            continue
        else:
            is_folder = True
        if not chain:
            yield Stop(prefix + name, is_folder)
        elif not is_ignored(chain, name, is_folder):
            yield Stop(prefix + name, is_folder, descend(chain, name))


def may_be_folder(entry: os.DirEntry[str]) -> bool:
    """Tell whether an entry is a folder, and no link to one. When the system cannot tell, walking it will."""
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:
        return True


def absolute(path: str) -> str:
    """Return the absolute path, or the path itself when the folder we stand in was removed."""
    try:
        return os.path.abspath(path)
    except OSError:
        return path
