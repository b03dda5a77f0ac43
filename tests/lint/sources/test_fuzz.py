"""Any bytes make a document: nothing is raised, and what the document says about itself holds."""

import json
import math
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st

from genspec.lint.sources import positions
from genspec.lint.sources.document import Document
from genspec.lint.sources.json_text import parse_document

CONFIGS = [
    {"do_sample": True, "temperature": 0.7, "top_p": 0.95, "eos_token_id": [1, 2], "transformers_version": "4.46.0"},
    {"bad_words_ids": [[5, 6], [7]], "forced_decoder_ids": [[1, None], [2, 50_000]], "suppress_tokens": []},
    {"watermarking_config": {"greenlist_ratio": 0.25, "bias": 2.0}, "early_stopping": "never", "x": "a\n\"\u00e9{"},
]
TEXTS = [json.dumps(config, indent=indent) for config in CONFIGS for indent in (None, 2)]
PIECES = st.sampled_from([
    ",", ":", "{", "}", "[", "]", '"', "'", "\\", "//", "/*", "*/", "#", "True", "None", "NaN", "1e400", "\n", "\r",
    "\ufeff", "\0", "=", ";", "{{", "}}", "${", "\u201c", "```", "<<<<<<< x\n", '"a":', "\ud7ff", "-", ".", "1",
]) | st.text(max_size=4)


@st.composite
def mutants(draw):
    """Draw a valid config with slices deleted, doubled, replaced, or something put in."""
    text = draw(st.sampled_from(TEXTS))
    for _ in range(draw(st.integers(1, 5))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 12)))
        middle = draw(st.sampled_from(["", text[start:end] * 2]) | PIECES)
        text = text[:start] + middle + text[end:]
    return text


def pointers(value, pointer=()):
    """Yield the way to every value of a document."""
    yield pointer
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for part, inner in entries:
        yield from pointers(inner, (*pointer, part))


def check(data):
    document = parse_document("c.json", data)
    assert isinstance(document, Document)
    assert len(document.problems) <= 22
    lines = document.text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    spans = [problem.span for problem in document.problems]
    spans += [document.locate(pointer, on_key) for pointer in pointers(document.value) for on_key in (False, True)]
    spans += [document.locate(problem.pointer, False) for problem in document.problems]
    for span in spans:
        assert 1 <= span.line <= span.end_line <= len(lines), span
        assert 1 <= span.column <= len(lines[span.line - 1]) + 1, span
        assert 1 <= span.end_column <= len(lines[span.end_line - 1]) + 1, span
        assert (span.line, span.column) <= (span.end_line, span.end_column), span
    assert all(problem.message.isprintable() for problem in document.problems), document.problems
    assert len(set(document.problems)) == len(document.problems), document.problems
    json.dumps(document.value, allow_nan=False)     # plain values, all of them finite
    return document


@given(st.binary(max_size=300))
def test_any_bytes_make_a_document(data):
    check(data)


@given(st.text(max_size=200))
def test_any_text_makes_a_document(text):
    check(text.encode())


@given(st.lists(PIECES, max_size=40).map("".join))
def test_any_pieces_of_json_make_a_document(text):
    check(text.encode())


@given(mutants(), st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32-be", "latin-1"]))
def test_a_config_with_slips_makes_a_document(text, encoding):
    check(text.encode(encoding, "replace"))


@given(mutants())
def test_a_text_without_problems_is_what_the_standard_library_reads(text):
    document = check(text.encode())
    if document.problems:
        return
    value = json.loads(text)
    assert document.value == value


@given(mutants())
def test_a_text_that_the_standard_library_refuses_has_a_problem(text):
    try:
        value = json.loads(text)
    except ValueError:
        assert check(text.encode()).problems
    else:
        document = check(text.encode())
        if all(math.isfinite(number) for number in numbers(value)):
            assert document.value == value


def numbers(value):
    """Yield every float of a value."""
    if isinstance(value, float):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from numbers(inner)


@given(st.lists(st.sampled_from(["a", "\r", "\n", "\r\n", "\u2028", "bc"]), max_size=40).map("".join), st.data())
def test_a_place_far_down_a_long_text_is_counted_as_one_near_its_top(text, data):
    offset = data.draw(st.integers(0, len(text)))
    near = positions.position(text, offset)
    with patch.object(positions, "FAR", -1):
        assert positions.position(text, offset) == near
