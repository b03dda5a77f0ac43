"""The head of a GGUF file: what is read, and that no counts, lengths or cuts make the reader fail or work for long."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genspec.lint.check import read_document
from genspec.lint.sources.document import Source
from genspec.lint.sources.gguf import metadata, parse_gguf
from genspec.lint.sources.limits import MOST_BYTES


def string(text):
    return struct.pack("<Q", len(text.encode())) + text.encode()


def key(name, kind, value):
    return string(name) + struct.pack("<I", kind) + value


def gguf(*keys, version=3, count=None):
    return b"GGUF" + struct.pack("<IQQ", version, 0, len(keys) if count is None else count) + b"".join(keys)


KEYS = (
    key("general.architecture", 8, string("llama")),
    key("general.sampling.temp", 6, struct.pack("<f", 0.7)),
    key("general.sampling.top_k", 5, struct.pack("<i", 20)),
    key("general.sampling.penalty_repeat", 6, struct.pack("<f", 1.05)),
    key("tokenizer.ggml.tokens", 9, struct.pack("<IQ", 8, 2) + string("a") + string("b")),
    key("tokenizer.ggml.scores", 9, struct.pack("<IQ", 6, 2) + struct.pack("<ff", 0, 1)),
    key("general.sampling.sequence", 8, string("kpt")),
)


@pytest.mark.parametrize("version", [2, 3])
def test_the_recommended_sampling_is_a_place(version):
    (place,) = parse_gguf("m.gguf", gguf(*KEYS, version=version)).places
    assert place.source is Source.GGUF
    assert place.values == {"temperature": 0.7, "top_k": 20, "repeat_penalty": 1.05, "sampler_seq": "kpt"}
    assert not place.open


@given(size=st.integers(0, len(gguf(*KEYS)) - 1))
def test_of_a_file_that_is_cut_off_the_rest_is_unknown(size):
    found, complete = metadata(gguf(*KEYS)[:size])
    assert not complete
    assert list(found.items()) == list(metadata(gguf(*KEYS))[0].items())[:len(found)]


@given(place=st.integers(0, len(gguf(*KEYS)) - 1), byte=st.integers(0, 255))
def test_no_byte_makes_the_reader_fail(place, byte):
    data = bytearray(gguf(*KEYS))
    data[place] = byte
    parse_gguf("m.gguf", bytes(data))


@pytest.mark.parametrize("data", [
    b"", b"GGUF", gguf(*KEYS, version=1), b"GGML" + gguf(*KEYS)[4:], gguf(key("a", 9, struct.pack("<IQ", 9, 2**40))),
    gguf(key("a", 13, b"")), gguf(string("a" * 70_000)),
])
def test_what_is_no_gguf_holds_nothing(data):
    assert parse_gguf("m.gguf", data).places == ()


@pytest.mark.parametrize("data", [
    gguf(key("a", 9, struct.pack("<IQ", 8, 2**60) + bytes(2**20))),
    gguf(key("a", 9, struct.pack("<IQ", 6, 2**62))),
    gguf(key("a", 8, struct.pack("<Q", 2**63))),
    gguf(*KEYS, count=2**64 - 1),
])
def test_counts_and_lengths_beyond_the_file_cost_no_time(data):
    """Whoever believed the counts would not come to an end."""
    assert not metadata(data)[1]


def test_of_a_large_file_the_head_is_read(tmp_path):
    path = tmp_path / "m.gguf"
    path.write_bytes(gguf(*KEYS))
    with path.open("r+b") as file:
        file.truncate(MOST_BYTES * 1000)
    document = read_document(str(path))
    assert document.problems == ()
    assert document.places[0].values["top_k"] == 20
