"""Files that are read and hold nothing which can be checked: most of those in a repository."""

from genspec.lint.sources.document import Document
from genspec.lint.sources.positions import Locator

NOWHERE = Locator("", valid=False)


def nothing(path: str) -> Document:
    """Return a file without anything to check."""
    return Document(path, "", None, (), NOWHERE, ())


def utf8(data: bytes) -> str | None:
    """Return the text of bytes that are UTF-8; None of others, which are for another program to complain of."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None
