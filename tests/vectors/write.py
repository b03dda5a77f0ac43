"""Write the published vectors from the cases of the tests: `make vectors`. Text: docs/spec/vectors.md.

With tests/ on PYTHONPATH, `python -m vectors.write` writes every page, `... top_p` one, and `... --check top_p` only
says what is wrong.
"""

import argparse
import importlib.util
import json
import os
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

from support.vectors import Case, written

import genspec

ROOT = Path(__file__).resolve().parents[2]
TESTS = ROOT / "tests" / "reference"
FOLDER = ROOT / "reference" / "vectors" / "v1"
LEVELS = ("L0", "L1", "L2", "L3")
CLOSE = 1e-11
"""Between two processors: NumPy's exp and log differ in the last bits from one to another."""

Vector = dict[str, Any]


def pages() -> list[str]:
    """Name the pages whose test modules have cases."""
    modules = sorted(TESTS.glob("test_*.py"))
    return [path.stem.removeprefix("test_") for path in modules if "\ndef vectors(" in path.read_text("utf-8")]


def cases_of(page: str) -> list[Case]:
    """Run `vectors()` of a page's test module."""
    spec = importlib.util.spec_from_file_location(f"cases_of_{page}", TESTS / f"test_{page}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return list(module.vectors())


@cache
def vectors_of(page: str) -> dict[str, list[Vector]]:
    """Answer the cases of a page, by level."""
    cases = cases_of(page)
    return {level: found for level in LEVELS
            if (found := [written(case, page) for case in cases if case.level == level])}


def text_of(page: str, level: str, vectors: Iterable[Vector]) -> str:
    """Write one file: a line a case."""
    head = {
        "version": "1", "generator": {"name": "genspec", "version": genspec.__version__}, "page": page, "level": level,
    }
    lines = ",\n".join(json.dumps(vector, allow_nan=False, ensure_ascii=False) for vector in vectors)
    return f'{json.dumps(head)[:-1]}, "cases": [\n{lines}\n]}}\n'


def files_of(page: str) -> dict[str, str]:
    """Give the text of each file of a page, by its path under the folder of the vectors."""
    return {f"{page}/{level}.json": text_of(page, level, vectors) for level, vectors in vectors_of(page).items()}


def same(one: Any, other: Any) -> bool:
    """Tell whether two texts, or their values, are one but for the last bits of numbers."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, float) and isinstance(other, float):
        return abs(one - other) <= CLOSE * (1 + abs(other))
    return type(one) is type(other) and bool(one == other)


def is_current(path: Path, text: str) -> bool:
    """Tell whether a file says what it would say if it were written now."""
    if not path.exists():
        return False
    present = path.read_text("utf-8")
    return present == text or same(json.loads(present), json.loads(text))


def difference(path: Path, text: str) -> str:
    """Say which cases a file gets and loses, and which ids would not mean what they meant. VECTORS-11."""
    before, now = (
        {case["id"]: case for case in json.loads(one)["cases"]} if one else {}
        for one in (path.read_text("utf-8") if path.exists() else "", text)
    )
    changed = [name for name in now if name in before and not same(before[name], now[name])]
    gone = [name for name in before if name not in now]
    parts = [f"{len(now.keys() - before.keys())} new"]
    parts += [f"changed: {' '.join(changed)}"] if changed else []
    parts += [f"gone: {' '.join(gone)}"] if gone else []
    return "; ".join(parts)


def update(page: str, folder: Path) -> tuple[int, dict[str, str]]:
    """Write the files of a page that are not current. Gives the number of cases, and what is new in each file."""
    said = {}
    for name, text in files_of(page).items():
        path = folder / name
        said[name] = ""
        if not is_current(path, text):
            said[name] = difference(path, text)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
    return sum(map(len, vectors_of(page).values())), said


def write(names: list[str], folder: Path) -> set[str]:
    """Write pages on all cores and say how far it is on a terminal. Gives all files of the pages."""
    total, files, wipe = 0, set(), "\x1b[K" if sys.stderr.isatty() else ""
    with ProcessPoolExecutor(min(len(names), os.cpu_count() or 1)) as pool:
        for done, (count, said) in enumerate(pool.map(update, names, [folder] * len(names)), start=1):
            total += count
            files |= said.keys()
            for name, news in said.items():
                if news:
                    sys.stderr.write(wipe)
                    print(f"{name}: {news}", flush=True)
            if wipe:
                sys.stderr.write(f"{wipe}{done} of {len(names)} pages, {total:,} cases\r")
                sys.stderr.flush()
    sys.stderr.write(wipe)
    print(f"{total:,} cases on {len(names)} pages in {folder}")
    return files


def remove_others(files: set[str], folder: Path) -> None:
    """Remove vectors that no test module writes."""
    for path in sorted(folder.glob("*/*")):
        if path.relative_to(folder).as_posix() not in files:
            path.unlink()
            print(f"{path.relative_to(folder).as_posix()}: removed")


def check(page: str) -> Iterator[str]:
    """Say what is wrong with the cases of a page, without writing them."""
    from vectors.rules import faults, faults_of_schema

    found = vectors_of(page)
    for level, vectors in found.items():
        yield from faults_of_schema(level, vectors)
        yield from faults(page, level, vectors)
    ids = [vector["id"] for vectors in found.values() for vector in vectors]
    yield from (f"{name}: twice" for name in sorted({name for name in ids if ids.count(name) > 1}))
    counts = ", ".join(f"{len(vectors)} {level}" for level, vectors in found.items())
    named = sorted({clause for vectors in found.values() for vector in vectors for clause in vector["clauses"]})
    yield f"{page}: {counts or 'no case'}; clauses: {' '.join(named)}"


def main(arguments: list[str]) -> None:
    """Write, or check, the pages that are named, or all of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("page", nargs="*", help="default: every page")
    parser.add_argument("--check", action="store_true", help="say what is wrong and write nothing")
    parser.add_argument("--to", type=Path, default=FOLDER, metavar="FOLDER", help="where to write")
    given = parser.parse_args(arguments)
    names = given.page or pages()
    if unknown := sorted(set(names) - set(pages())):
        parser.error(f"no vectors() in tests/reference for {', '.join(unknown)}")
    if given.check:
        print("\n".join(line for page in names for line in check(page)))
        return
    files = write(names, given.to)
    if not given.page:
        remove_others(files, given.to)


if __name__ == "__main__":
    main(sys.argv[1:])
