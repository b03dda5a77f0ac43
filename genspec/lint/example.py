"""The examples of rules: what they are as files, and what the linter finds in them."""

import json
import os
from collections.abc import Sequence
from typing import NamedTuple

from genspec.lint.check import check_document, read_document
from genspec.lint.finding import Finding
from genspec.lint.rule import Files, Rule
from genspec.lint.sources.json_text import parse_document
from genspec.lint.sources.walk import find_configs
from genspec.lint.target import Target

FILE = "generation_config.json"
"""The name of an example that is no `Files`."""


class Shown(NamedTuple):
    """One file of an example, for a page."""

    name: str
    language: str
    text: str


def check_example(example: object, target: Target, rules: Sequence[Rule]) -> list[Finding]:
    """Run rules over an example. The files of one that is a folder are written to a temporary one."""
    if not isinstance(example, Files):
        return check_document(parse_document(FILE, encoded(example)), target, rules)
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        for name, content in example.files.items():
            path = os.path.join(folder, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as file:
                file.write(encoded(content))
        return [
            finding._replace(path=os.path.relpath(finding.path, folder))
            for found in find_configs([folder], respect_gitignore=False)
            for finding in check_document(read_document(found.path, named=False), target, rules)
        ]


def encoded(content: object) -> bytes:
    """Return what is in a file: bytes, a text, or a JSON value."""
    if isinstance(content, bytes):
        return content
    return (content if isinstance(content, str) else json.dumps(content, indent=2)).encode()


def files_of(example: object) -> dict[str, object]:
    """Return an example as files by name."""
    return example.files if isinstance(example, Files) else {FILE: example}


def shown(example: object) -> list[Shown]:
    """Return the files of an example as a page shows them."""
    return [Shown(name, language(name, content), text_of(content)) for name, content in files_of(example).items()]


def language(name: str, content: object) -> str:
    """Name the language of a file for a code block. A text in a JSON file is there for its faults."""
    suffix = os.path.splitext(name)[1]
    if suffix == ".json":
        return "text" if isinstance(content, str | bytes) else "json"
    return {".py": "python", ".yaml": "yaml", ".yml": "yaml", ".sh": "sh", ".jinja": "jinja"}.get(suffix, "text")


def text_of(content: object) -> str:
    """Return what is in a file as a person reads it."""
    if isinstance(content, bytes):
        return repr(content)[2:-1]
    return content.rstrip("\n") if isinstance(content, str) else json.dumps(content, indent=2, ensure_ascii=False)
