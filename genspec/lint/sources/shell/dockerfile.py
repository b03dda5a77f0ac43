"""Reads Dockerfiles: what RUN, CMD and ENTRYPOINT start, in their shell form and in their exec form."""

import json
import re
from collections.abc import Iterator

from genspec.lint.sources.document import Document
from genspec.lint.sources.nothing import nothing, utf8
from genspec.lint.sources.positions import Locator
from genspec.lint.sources.shell.flags import Given, arguments_of, image, settings_of
from genspec.lint.sources.shell.programs import TRIGGERS, Program
from genspec.lint.sources.shell.words import Word, commands_in

INSTRUCTION = re.compile(
    r"^[ \t]*(FROM|RUN|CMD|ENTRYPOINT)[ \t]+((?:[^\\\r\n]|\\\r?\n(?:[ \t]*#[^\r\n]*\r?\n)*|\\.)*)",
    re.IGNORECASE | re.MULTILINE,
)
ESCAPE = re.compile(r"\\(?:u[0-9a-fA-F]{4}|.)|[^\\]", re.DOTALL)
"""One character of a JSON string, or one half of a pair."""


def parse_dockerfile(path: str, data: bytes) -> Document:
    """Read a Dockerfile, if there can be anything in it. One that is not UTF-8 holds nothing that can be checked."""
    text = utf8(data) if any(trigger in data for trigger in TRIGGERS) else None
    if text is None:
        return nothing(path)
    from genspec.lint.sources.shell.document import document_of  # most Dockerfiles start no engine

    return document_of(path, text, sorted(settings_in(text), key=lambda given: given.start))


def settings_in(text: str) -> Iterator[Given]:
    """Yield the settings in a Dockerfile: of each stage those of its RUN lines, and those of what it starts at last."""
    base: Program | None = None
    entry: list[Word] = []
    command: list[Word] = []
    for match in INSTRUCTION.finditer(text):
        name, start, end = match[1].upper(), match.start(2), match.end(2)
        if name == "FROM":
            yield from at_last(base, entry, command)
            base, entry, command = image(match[2]), [], []
            continue
        words = exec_form(text, start, end)
        if words is None:
            yield from (given for found in commands_in(text, start, end) for given in settings_of(found))
            words = []
        if name == "ENTRYPOINT":
            base, entry, command = None, words, []      # which takes back what the image starts
        elif name == "CMD":
            command = words
    yield from at_last(base, entry, command)


def at_last(base: Program | None, entry: list[Word], command: list[Word]) -> Iterator[Given]:
    """Yield what a stage starts: its entry point with its command, or that of the image that it begins with."""
    words = [*entry, *command]
    if not words:
        return
    found = list(settings_of(words))
    if not found and base is not None and not entry and words[0].text.startswith("-"):
        found = list(arguments_of(base, words, words[0].start))
    yield from found


def exec_form(text: str, start: int, end: int) -> list[Word] | None:
    """Return the words of `["vllm", "serve"]`; None where it is no list of strings."""
    piece = text[start:end].rstrip()
    if not piece.startswith("["):
        return None
    try:
        value = json.loads(piece)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        return None
    tree = Locator(piece)
    node = tree.top()
    items = list(tree.children(node).values()) if node is not None else []
    return [word_of(item, text, start + one.start, start + one.end)
            for item, one in zip(value, items, strict=True)]


def word_of(value: str, text: str, start: int, end: int) -> Word:
    """Make a word of a JSON string that stands between two offsets."""
    places = tuple(match.start() for match in ESCAPE.finditer(text, start + 1, end - 1))
    known = "$" not in value
    return Word(value, start, end, places if len(places) == len(value) else (start + 1,) * len(value), known)
