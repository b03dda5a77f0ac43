"""Any bytes, in a file of any kind: a document, findings at places that are there, and never an exception.

Readers are those that are registered. One without a file in `support.seed_files` fails the first test.
"""

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.seed_files import SEEDS

from genspec.lint.check import check_document, default_rules
from genspec.lint.fixing.fix import fixed
from genspec.lint.report.json import finding_value
from genspec.lint.rule import RULES
from genspec.lint.sources import readers
from genspec.lint.sources.document import Document
from genspec.lint.target import Target

EVERY_RULE = list(RULES.values())
NAMES = sorted(SEEDS)
MOST_SECONDS = 20
"""For one hostile file, on a busy machine. What takes the square of a size takes minutes."""

REGISTERED = {
    *readers.NAMES.values(), *readers.SUFFIXES.values(), *readers.SECTIONS.values(), *readers.STEMS.values(),
    *readers.NAMED.values(), readers.ANY,
}


def reader_name(name, named):
    """Spell the reader of a file as the registry does."""
    reader = readers.reader_of(name, named)
    return next(known for known in REGISTERED if readers.imported(known) is reader)


def test_every_reader_has_a_seed_and_every_end_of_a_name_too():
    assert {reader_name(name, named) for name in SEEDS for named in (False, True)} == REGISTERED
    ends = {*readers.NAMES, *readers.SUFFIXES, *readers.SECTIONS, *readers.STEMS}
    assert not {end for end in ends if not any(name.endswith(end) or name.startswith(end) for name in SEEDS)}


@pytest.mark.parametrize("name", NAMES)
def test_a_seed_says_something(name):
    """Otherwise breaking it would break nothing."""
    document = check(name, SEEDS[name], named=True)
    assert document.places is None or document.places, document
    assert check_document(document, Target(), EVERY_RULE) or name in ("config.json", "model.gguf"), document


def check(name, data, named):
    """Read a file and hold it against every rule; whatever is said of it can be said."""
    document = readers.reader_of(name, named)(name, data)
    assert isinstance(document, Document)
    lines = document.text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for finding in check_document(document, Target(), EVERY_RULE):
        span = finding.span
        assert 1 <= span.line <= span.end_line <= max(len(lines), 1), (finding, len(lines))
        assert (span.line, span.column) <= (span.end_line, span.end_column), finding
        if finding.path == name and document.text:
            assert span.column <= len(lines[span.line - 1]) + 1, finding
            assert span.end_column <= len(lines[span.end_line - 1]) + 1, finding
        json.dumps(finding_value(finding))
    return document


PIECES = [
    b",", b":", b"{", b"}", b"[", b"]", b'"', b"'", b"\\", b"#", b"\n", b"\r", b"\r\n", b"\t", b"\0", b"\xff",
    b"\xef\xbb\xbf",
    b"\xe2\x80\xa8", b"=", b"- ", b"<<: *base", b"&a ", b"*a", b"$(", b"`", b"<<EOF\n", b'"""', b"|\n", b">-\n",
    b"NaN", b"1e999", b"9" * 400, b"-", b"None", b"null", b"true", b"!!python/object:os.system ", b"%", b"{{", b"\\\n",
    b"\x1b[31m", "\u202e".encode(), b"lambda: ", b"\xed\xa0\x80", b"0x", b"1_000",
]
SLIPS = st.sampled_from(PIECES) | st.binary(max_size=6)
WAYS = ["slices", "bits", "cut", "joined", "encoding", "breaks"]


@st.composite
def broken(draw):
    """Draw a file with something wrong: its name and its bytes."""
    name = draw(st.sampled_from(NAMES))
    data = SEEDS[name]
    for way in draw(st.lists(st.sampled_from(WAYS), min_size=1, max_size=3)):
        place = draw(st.integers(0, len(data)))
        if way == "slices":
            for _ in range(draw(st.integers(1, 4))):
                place = draw(st.integers(0, len(data)))
                end = min(len(data), place + draw(st.integers(0, 12)))
                data = data[:place] + draw(st.just(data[place:end] * 2) | SLIPS) + data[end:]
        elif way == "bits" and data:
            place = min(place, len(data) - 1)
            data = data[:place] + bytes([data[place] ^ (1 << draw(st.integers(0, 7)))]) + data[place + 1:]
        elif way == "cut":
            data = data[:place]
        elif way == "joined":
            data = data[:place] + SEEDS[draw(st.sampled_from(NAMES))] + data[place:]
        elif way == "encoding":
            encoding = draw(st.sampled_from(["utf-16", "utf-16-be", "utf-32", "latin-1", "utf-8-sig", "cp037"]))
            data = data.decode("utf-8", "replace").encode(encoding, "replace")
        else:
            data = data.replace(b"\n", draw(st.sampled_from([b"\r\n", b"\r", b"\n\n", b"\x0b", b""])))
    return name, data


@settings(max_examples=max(300, settings.default.max_examples))
@given(broken(), st.booleans())
def test_a_broken_file_makes_a_document(file, named):
    check(*file, named)


@settings(max_examples=max(100, settings.default.max_examples))
@given(broken())
def test_a_broken_file_can_be_fixed_as_far_as_it_goes(file):
    """Every fix leaves a text that can be read, and a second run has nothing left to do."""
    name, data = file
    document = readers.reader_of(name)(name, data)

    def found(document):
        return check_document(document, Target(), default_rules())

    result = fixed(document, found, unsafe=True)
    if result.applied:
        again = readers.reader_of(name)(name, result.document.text.encode())
        assert fixed(again, found, unsafe=True).applied == (), (data, result.document.text)


@given(st.sampled_from(NAMES), st.binary(max_size=300), st.booleans())
def test_any_bytes_make_a_document(name, data, named):
    check(name, data, named)


MANY = 20_000
WORDS = b"import transformers, vllm, ollama\nmodel.generate(ids, max_new_tokens=5)\n"
HOSTILE = {
    "nothing": b"", "a space": b" ", "a zero byte": b"\0", "zero bytes": b"\0" * MANY, "a mark alone": b"\xef\xbb\xbf",
    "brackets": b"[" * MANY, "braces": b'{"a":' * MANY, "parentheses": WORDS + b"x = " + b"(" * MANY,
    "minus signs": WORDS + b"x = " + b"-" * MANY + b"1", "a sum": WORDS + b"x = " + b"+".join([b"1"] * MANY),
    "lambdas": WORDS + b"x = " + b"lambda: " * 900 + b"1", "attributes": WORDS + b"x = a" + b".b" * MANY,
    "calls of calls": WORDS + b"model" + b".generate(do_sample=False, top_k=5)" * 800,
    "elifs": WORDS + b"if 1:\n pass\n" + b"elif 1:\n pass\n" * 2000,
    "blocks": WORDS + b"".join(b" " * depth + b"if 1:\n" for depth in range(150)) + b" " * 150 + b"pass\n",
    "names of names": WORDS + b"a0 = [1, 1]\n" + b"".join(
        b"a%d = [a%d, a%d]\n" % (n + 1, n, n) for n in range(60)) + b"model.generate(ids, n=a60, bad_words_ids=a19)",
    "powers": WORDS + b"model.generate(ids, top_k=9**9**9**9, top_p=1<<99999999999, temperature='a'*10**12)",
    "a long integer": b'{"top_k": ' + b"9" * MANY + b"}", "a long line": b"x" * 1_000_000,
    "a long string": b'{"a": "' + b"x" * 1_000_000 + b'"}', "quotes": b'"' * MANY, "backslashes": b"\\" * MANY,
    "keys": b"{" + b",".join(b'"k%d": %d' % (n, n) for n in range(MANY)) + b"}",
    "equal keys": b"{" + b",".join(b'"top_k": %d' % n for n in range(MANY)) + b"}",
    "ids": b'{"eos_token_id": [' + b",".join(b"%d" % n for n in range(MANY)) + b"]}",
    "YAML lists": b"- " * 5000, "YAML maps": b"".join(b" " * n + b"a:\n" for n in range(1000)),
    "an alias of itself": b"&a [*a]", "a merge of itself": b"generation: &a\n  <<: *a\n  top_p: 2",
    "a billion laughs": b"a0: &a0 [x, x]\n" + b"".join(
        b"a%d: &a%d [%s]\n" % (n + 1, n + 1, b", ".join([b"*a%d" % n] * 9)) for n in range(12)),
    "a billion options": b"top_p: 2\ndo_sample: true\na0: &a0 {top_k: 5, temperature: 0}\n" + b"".join(
        b"a%d: &a%d {generation_kwargs: *a%d, b: *a%d, c: [*a%d]}\n" % (n + 1, n + 1, n, n, n) for n in range(40)),
    "documents": b"---\ntop_p: 2\n" * 3000, "tags": b"!!python/object/apply:os.system ['true']",
    "a line continued": b"vllm serve " + b"\\\n" * MANY, "substitutions": b"vllm serve " + b"$(" * 3000,
    "here documents": b"cat <<A\n" * 3000, "pipes": b"vllm serve m | " * 3000,
    "instructions": b'PARAMETER stop "\n' * 3000,
    "a template without end": b'FROM x\nTEMPLATE """' + b"{{ if }}" * 3000,
    "GGUF of a billion": b"GGUF\3\0\0\0" + b"\xff" * 16 + b"\xff" * 200, "GGUF cut": SEEDS["model.gguf"][:60],
    "GGUF of arrays": b"GGUF\3\0\0\0" + b"\0" * 8 + b"\1" + b"\0" * 7 + b"\1" + b"\0" * 7 + b"a" + (
        b"\x09\0\0\0\x09\0\0\0\1" + b"\0" * 7) * 3000,
    "requests": b"[" + b",\n".join(
        b'{"model": "m", "prompt": "p", "temperature": %d}' % n for n in range(3, 1500)) + b"]",
    "lines of requests": b"".join(
        b'{"model": "m", "prompt": "p", "temperature": %d}\n' % n for n in range(3, 1500)),
    "calls": WORDS + b"model.generate(x, top_p=3, do_sample=False)\n" * 1000,
    "cells": b'{"cells": [' + b",".join([
        b'{"cell_type": "code", "source": ["import transformers\\n", "model.generate(x, top_p=3)"]}'] * 500) + b"]}",
    "flags": b"vllm serve m" + b" \\\n  --seed 5" * 1000, "servers": b"vllm serve m --seed 5\n" * 1000,
    "a pointer of Git LFS": b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 1\n",
    "a page": b"<!DOCTYPE html><html>generate vllm</html>", "control characters": bytes(range(32)) * 50,
    "half pairs": b'{"\\ud800": "\\udfff", "temperature": "\\ud800"}', "a lone surrogate": b"\xed\xa0\x80" * 100,
}


@pytest.mark.parametrize("name", NAMES)
def test_hostile_files_make_documents_in_bounded_time(name):
    slow = {}
    for what, data in HOSTILE.items():
        started = time.process_time()
        for named in {True, not readers.is_for_anything(name)}:
            check(name, data, named)
        slow[what] = time.process_time() - started
    assert max(slow.values()) < MOST_SECONDS, {what: seconds for what, seconds in slow.items() if seconds > 1}
