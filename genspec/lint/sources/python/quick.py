"""A first look at a Python file: most configure no generation, and are done with in microseconds."""

from genspec.lint.sources.document import Document
from genspec.lint.sources.nothing import nothing

TRIGGERS = (b"enerat", b"ompletion", b"SamplingParams", b"translate_batch", b"llama", b"responses.create")
"""One of these stands in every file that configures generation: `generate`, `GenerationConfig`, "text-generation" of a
pipeline, `create_completion`. Each takes some 0.5 us for a thousand bytes."""


def parse_python(path: str, data: bytes) -> Document:
    """Read a Python file, if there can be anything in it."""
    for trigger in TRIGGERS:
        if trigger in data:
            from genspec.lint.sources.python.reader import parse_python

            return parse_python(path, data)
    return nothing(path)
