"""Feed mutated bytes to the reader of JSON, for as long as you like.

    pip install atheris
    python tests/fuzz/fuzz_json.py -max_total_time=120 -dict=tests/fuzz/json.dict tests/fuzz/corpus

Options and folders are those of libFuzzer. It stops at the first input for which something is raised: by the reader,
or here, because a text counts as clean that the standard library does not read.
"""

import json
import sys

import atheris

with atheris.instrument_imports(include=["genspec.lint.sources"]):
    from genspec.lint.sources.json_text import parse_document
    from genspec.lint.sources.recovery import Recovery

MOST_PROBLEMS = 22                      # twenty of the grammar, two of the encoding


def fuzz(data: bytes) -> None:
    """Read some bytes, and hold the document to what it says about itself."""
    document = parse_document("c.json", data)
    if len(document.problems) > MOST_PROBLEMS or len(set(document.problems)) < len(document.problems):
        raise AssertionError(f"too many problems, or one of them twice: {document.problems}")
    if not all(problem.message.isprintable() for problem in document.problems):
        raise AssertionError(f"a message with control characters: {document.problems}")
    for problem in document.problems:
        document.locate(problem.pointer, True)
    json.dumps(document.value, allow_nan=False)
    if not document.problems:
        hold_against_the_standard_library(document.text, document.value)


def hold_against_the_standard_library(text: str, value: object) -> None:
    """Raise when a text without problems is no JSON, or reads as another value on one of the two ways."""
    root, faults = Recovery(text).read()
    careful = None if root is None else root.value
    if faults or repr(careful) != repr(value) or repr(json.loads(text)) != repr(value):
        raise AssertionError(f"read as {value!r} and as {careful!r} with {faults}")


if __name__ == "__main__":
    atheris.Setup(sys.argv, fuzz)
    atheris.Fuzz()
