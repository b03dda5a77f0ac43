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
    ".modelfile": "genspec.lint.sources.modelfile:parse_modelfile",
    ".sh": "genspec.lint.sources.shell.script:parse_script",
    ".bash": "genspec.lint.sources.shell.script:parse_script",
    ".gguf": "genspec.lint.sources.gguf:parse_gguf",
}
"""Readers of files by the ends of their names, as `.py`."""

STEMS = {
    "Modelfile": "genspec.lint.sources.modelfile:parse_modelfile",
    "Dockerfile": "genspec.lint.sources.shell.dockerfile:parse_dockerfile",
}
"""Readers of files whose names begin so, with nothing or anything behind a point: `Modelfile`, `Dockerfile.cuda`."""

HEADS = frozenset({".gguf"})
"""The ends of the names of files of which only the head is read."""

ANY = NAMES["generation_config.json"]
"""What reads a file that is named by the user, and whose name says nothing."""


def is_read(name: str) -> bool:
    """Tell whether a file in a folder is read, by its name alone."""
    return name in NAMES or os.path.splitext(name)[1] in SUFFIXES or name.partition(".")[0] in STEMS


def is_head(path: str) -> bool:
    """Tell whether only the head of a file is read."""
    return os.path.splitext(path)[1] in HEADS


def reader_of(path: str) -> Reader:
    """Return what reads a file."""
    name = os.path.basename(path)
    known = NAMES.get(name) or SUFFIXES.get(os.path.splitext(name)[1]) or STEMS.get(name.partition(".")[0], ANY)
    module, _, function = known.partition(":")
    reader: Reader = getattr(import_module(module), function)
    return reader
