"""Which files are read, and by what."""

import os
from collections.abc import Callable
from functools import cache
from importlib import import_module

from genspec.lint.sources.document import Document

Reader = Callable[[str, bytes], Document]
"""Reads the bytes of a file at a path. Never fails: what is wrong is in the document's problems."""

NAMES = {
    "generation_config.json": "genspec.lint.sources.json_text:parse_document",
    "config.json": "genspec.lint.sources.model_config:parse_model_config",
    "genai_config.json": "genspec.lint.sources.sections.json_file:parse_genai",
}
"""Readers of files by their names, as `module:function`: one is imported when there is something for it to read."""

SUFFIXES = {
    ".py": "genspec.lint.sources.python.quick:parse_python",
    ".ipynb": "genspec.lint.sources.python.notebook:parse_notebook",
    ".modelfile": "genspec.lint.sources.modelfile:parse_modelfile",
    ".sh": "genspec.lint.sources.shell.script:parse_script",
    ".bash": "genspec.lint.sources.shell.script:parse_script",
    ".sbatch": "genspec.lint.sources.shell.script:parse_script",
    ".slurm": "genspec.lint.sources.shell.script:parse_script",
    ".mk": "genspec.lint.sources.shell.script:parse_script",
    ".gguf": "genspec.lint.sources.gguf:parse_gguf",
}
"""Readers of files by the ends of their names, as `.py`."""

SECTIONS = {
    ".json": "genspec.lint.sources.sections.json_file:parse_json",
    ".jsonl": "genspec.lint.sources.sections.json_file:parse_json_lines",
    ".yaml": "genspec.lint.sources.sections.yaml_file:parse_yaml",
    ".yml": "genspec.lint.sources.sections.yaml_file:parse_yaml",
}
"""Readers of files that are for anything: one in which nothing configures generation is as good as not there."""

STEMS = {
    "Modelfile": "genspec.lint.sources.modelfile:parse_modelfile",
    "modelfile": "genspec.lint.sources.modelfile:parse_modelfile",
    "Dockerfile": "genspec.lint.sources.shell.dockerfile:parse_dockerfile",
    "Containerfile": "genspec.lint.sources.shell.dockerfile:parse_dockerfile",
    "Makefile": "genspec.lint.sources.shell.script:parse_script",
    "justfile": "genspec.lint.sources.shell.script:parse_script",
}
"""Readers of files whose names begin so, with nothing or anything behind a point: `Modelfile`, `Dockerfile.cuda`."""

HEADS = frozenset({".gguf"})
"""The ends of the names of files of which only the head is read."""

NAMED = {".json": "genspec.lint.sources.sections.json_file:parse_named_json"}
"""Readers of such files when the user names them."""

ANY = NAMES["generation_config.json"]
"""What reads a file that is named by the user, and whose name says nothing."""

OF_OTHERS = frozenset({
    "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "vocab.json",
    "preprocessor_config.json", "model.safetensors.index.json", "pytorch_model.bin.index.json", "trainer_state.json",
    "package.json", "package-lock.json", "tsconfig.json", "composer.lock", "pnpm-lock.yaml", "mkdocs.yml",
})
"""Files that never configure generation, whatever the ends of their names; some of them are long."""


def is_read(name: str) -> bool:
    """Tell whether a file in a folder is read, by its name alone."""
    if name in NAMES:
        return True
    end = os.path.splitext(name)[1]
    return (end in SUFFIXES or end in SECTIONS or name.partition(".")[0] in STEMS) and name not in OF_OTHERS


def is_for_anything(path: str) -> bool:
    """Tell whether only what is in a file says whether it is of any interest."""
    name = os.path.basename(path)
    return name not in NAMES and os.path.splitext(name)[1] in SECTIONS


def is_head(path: str) -> bool:
    """Tell whether only the head of a file is read."""
    return os.path.splitext(path)[1] in HEADS


def reader_of(path: str, named: bool = True) -> Reader:
    """Return what reads a file. ``named``: by the user, so that it is to be checked whatever it is called."""
    name = os.path.basename(path)
    end = os.path.splitext(name)[1]
    known = NAMES.get(name) or (named and NAMED.get(end)) or SUFFIXES.get(end) or SECTIONS.get(end) or (
        STEMS.get(name.partition(".")[0], ANY))
    return imported(known)


@cache
def imported(known: str) -> Reader:
    """Return a reader by `module:function`."""
    module, _, function = known.partition(":")
    reader: Reader = getattr(import_module(module), function)
    return reader
