"""Reads JSON files of any name, and files with a JSON value a line: requests, and configs of engines."""

from collections.abc import Sequence
from functools import cached_property
from itertools import accumulate

from genspec.lint.finding import Pointer, Span
from genspec.lint.sources.document import Document, Place, Source, untouched
from genspec.lint.sources.json_text import parse_document, read_valid
from genspec.lint.sources.nothing import nothing, utf8
from genspec.lint.sources.positions import Locator

TRIGGERS = (
    (b'"model"', b'"messages"'), (b'"model"', b'"prompt"'), (b'"parameters"', b'"inputs"'), (b'"sampling_params"',),
    (b'"n_predict"',), (b"override", b"generation", b"config"), (b"max", b"model", b"len"), (b'"generation_kwargs"',),
    (b'"max_completion_length"',), (b"mem", b"fraction", b"static"), (b'"generation_parameters"',),
    (b'"model_name_or_path"', b'"template"'), (b'"model_name_or_path"', b'"finetuning_type"'),
    (b'"model_name_or_path"', b'"stage"'),
)
"""Words that stand in every file with generation settings: all those of a row."""

MOST_LINES = 100_000


def parse_json(path: str, data: bytes) -> Document:
    """Read a JSON file, if there can be generation settings in it. One that is no JSON is no business of ours."""
    if not may_hold(data):
        return nothing(path)
    from genspec.lint.sources.sections.evidence import places_in

    try:
        text = data.decode()
        value = read_valid(text)
    except (ValueError, RecursionError):
        return nothing(path)
    return Document(path, text, value, (), Locator(text), places_in(value))


def parse_named_json(path: str, data: bytes) -> Document:
    """Read a JSON file that the user names: without settings of another kind in it, it is a generation config."""
    document = parse_json(path, data)
    return document if document.places else parse_document(path, data)


def parse_genai(path: str, data: bytes) -> Document:
    """Read the genai_config.json of onnxruntime-genai: its section `search` holds the settings."""
    document = parse_document(path, data)
    search = document.value.get("search") if isinstance(document.value, dict) else None
    if document.problems or not isinstance(search, dict):
        return nothing(path)
    return document._replace(places=(Place(Source.GENAI_CONFIG, search, ("search",)),))


def parse_json_lines(path: str, data: bytes) -> Document:
    """Read a file with a JSON value a line. Of lines with the same settings the first one stands for all."""
    if not may_hold(data):
        return nothing(path)
    from genspec.lint.sources.sections.evidence import places_in

    text = utf8(data)
    if text is None:
        return nothing(path)
    lines, places, known = text.split("\n"), [], set()
    for number, line in enumerate(lines[:MOST_LINES]):
        if not may_hold(line.encode()):
            continue
        try:
            found = places_in(read_valid(line))
        except (ValueError, RecursionError):
            continue
        for place in found:
            name = repr([(key, value) for key, value in place.values.items() if key not in TEXTS])
            if name not in known:
                known.add(name)
                places.append(place._replace(at=(number, *place.at)))
    return Document(path, text, None, (), Lines(lines), tuple(places), rewrite=untouched)


TEXTS = frozenset({"messages", "prompt", "inputs", "text", "custom_id", "user"})
"""What differs from request to request."""


class Lines:
    """Finds spans in a file with a JSON value a line."""

    def __init__(self, lines: Sequence[str]) -> None:
        """Take the lines."""
        self.lines = lines

    def __call__(self, pointer: Pointer, on_key: bool = False) -> Span:
        """Return the span of what a pointer names, which begins with the number of the line from 0 on."""
        if not pointer or not isinstance(pointer[0], int):
            return Span()
        span = Locator(self.lines[pointer[0]])(pointer[1:], on_key)
        above = self.above[pointer[0]]
        return span._replace(line=above + span.line, end_line=above + span.end_line)

    @cached_property
    def above(self) -> list[int]:
        """How many line breaks stand before each line: its own number, and every lone CR."""
        return list(accumulate((1 + line.count("\r") - line.endswith("\r") for line in self.lines), initial=0))


def may_hold(data: bytes) -> bool:
    """Tell whether there can be generation settings in a text."""
    return any(all(word in data for word in words) for words in TRIGGERS)
