"""Which version of an engine is installed here: a package of Python, or one of npm beside it."""

import json
import sys
from importlib import import_module, metadata
from importlib.util import find_spec
from pathlib import Path

from genspec.dialects import Dialect


def require(dialect: Dialect) -> None:
    """Raise ImportError that says what to install, where the engine is missing or older than what is known."""
    found = version_of(dialect)
    if numbers(found) < numbers(dialect.least):
        raise ImportError(f"{dialect.title} {found} is older than {dialect.least}, the first that is known: "
                          f"{dialect.install}")


def is_installed(dialect: Dialect) -> bool:
    """Tell whether an engine is here, without importing it."""
    if dialect.runtime == "Python":
        return find_spec(dialect.module) is not None
    try:
        return bool(node_package(dialect))
    except ImportError:
        return False


def version_of(dialect: Dialect) -> str:
    """Return the version of an engine. Raises ImportError that says what to install."""
    try:
        if dialect.runtime == "Node":
            return str(json.loads((node_package(dialect) / "package.json").read_text("utf-8"))["version"])
        import_module(dialect.module)
        return metadata.version(dialect.package)
    except (ImportError, OSError) as error:
        raise ImportError(f"{dialect.title} cannot be imported ({error}): {dialect.install}") from None


def node_package(dialect: Dialect) -> Path:
    """Return the folder of a package of npm: below the current folder, or below the environment of this Python.

    Raises ImportError where neither has it.
    """
    places = [Path(base).resolve() / "node_modules" for base in (Path.cwd(), sys.prefix)]
    found = next((place / dialect.package for place in places if (place / dialect.package).is_dir()), None)
    if found is None:
        raise ImportError(f"{dialect.package} is not in {' nor in '.join(map(str, places))}")
    return found


def numbers(version: str) -> tuple[int, ...]:
    """Give the numbers of a version."""
    return tuple(int(part) for part in version.partition("+")[0].split(".") if part.isdigit())
