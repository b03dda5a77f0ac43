"""The published vectors: where they lie, how they are read and compared. Text: docs/spec/vectors.md."""

from pathlib import Path


def folder() -> Path:
    """Find the vectors: in the installed package, or beside it in a checkout. Raises FileNotFoundError."""
    import genspec_reference

    package = Path(genspec_reference.__path__[0])
    return found(package / "vectors" / "v1", package.parent / "vectors" / "v1")


def found(*places: Path) -> Path:
    """Give the first folder that holds vectors. Raises FileNotFoundError."""
    for place in places:
        if (place / "schema.json").is_file():
            return place
    raise FileNotFoundError(f"no vectors in {' or '.join(map(str, places))}: is genspec installed whole?")
