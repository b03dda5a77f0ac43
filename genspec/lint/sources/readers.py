"""Which files are read, and by what."""

import os
from collections.abc import Callable
from importlib import import_module

from genspec.lint.sources.document import Document

Reader = Callable[[str, bytes], Document]
"""Reads the bytes of a file at a path. Never fails: what is wrong is in the document's problems."""

NAMES = {
    "generation_config.json": "genspec.lint.sources.json_text:parse_document",
    "config.json": "genspec.lint.sources.model_config:parse_model_config",
}
"""Readers of files by their names, as `module:function`: one is imported when there is something for it to read."""

SUFFIXES = {
    ".py": "genspec.lint.sources.python.quick:parse_python",
    ".ipynb": "genspec.lint.sources.python.notebook:parse_notebook",
}
"""Readers of files by the ends of their names, as `.py`."""

ANY = NAMES["generation_config.json"]
"""What reads a file that is named by the user, and whose name says nothing."""


def is_read(name: str) -> bool:
    """Tell whether a file in a folder is read, by its name alone."""
    return name in NAMES or os.path.splitext(name)[1] in SUFFIXES


def reader_of(path: str) -> Reader:
    """Return what reads a file."""
    name = os.path.basename(path)
    module, _, function = (NAMES.get(name) or SUFFIXES.get(os.path.splitext(name)[1], ANY)).partition(":")
    reader: Reader = getattr(import_module(module), function)
    return reader
