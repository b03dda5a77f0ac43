"""Reads the head of a GGUF file: the sampling parameters that it recommends, which llama.cpp takes as its defaults.

Read: gguf-py/gguf/constants.py and docs/gguf.md of ggml. Only the first bytes of a file are looked at, whatever counts
and lengths it claims: what does not stand in them is unknown.
"""

import struct

from genspec.lint.sources.document import Document, Place, Source
from genspec.lint.sources.limits import HEAD_BYTES
from genspec.lint.sources.nothing import nothing

MAGIC = b"GGUF"
VERSIONS = (2, 3)
SCALARS = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d"}
FLOATS = (6, 12)
STRING, ARRAY = 8, 9
LENGTH = struct.Struct("<Q")
LONGEST_KEY = 65_535
PREFIX = "general.sampling."

OPTIONS = {"temp": "temperature", "penalty_repeat": "repeat_penalty", "penalty_last_n": "repeat_last_n",
           "sequence": "sampler_seq"}
"""What llama.cpp's options are called where the key is called otherwise."""


class Cut(Exception):
    """The bytes end here, or are no GGUF from here on."""


def parse_gguf(path: str, data: bytes) -> Document:
    """Read the head of a GGUF file. One that is none holds nothing that can be checked."""
    found, complete = metadata(data[:HEAD_BYTES])
    if not found:
        return nothing(path)
    names = {key: key.removeprefix(PREFIX) for key in found if key.startswith(PREFIX)}
    given = {OPTIONS.get(name, name): found[key] for key, name in names.items()}
    place = Place(Source.GGUF, given, (PREFIX.rstrip("."),), open=not complete)
    return nothing(path)._replace(value=found, places=(place,))


def metadata(data: bytes) -> tuple[dict[str, object], bool]:
    """Return the keys of a file with their values, lists left out, and whether these are all."""
    head = Head(data)
    found: dict[str, object] = {}
    try:
        if head.take(4) != MAGIC or head.scalar("<I") not in VERSIONS:
            return {}, False
        head.scalar("<Q")                                   # how many tensors
        for _ in range(int(head.scalar("<Q"))):
            key = head.string(LONGEST_KEY)
            value = head.value(int(head.scalar("<I")))
            if value is not None:
                found[key] = value
    except Cut:
        return found, False
    return found, True


class Head:
    """Bytes that are read from the front."""

    def __init__(self, data: bytes) -> None:
        """Take the bytes."""
        self.data, self.offset = data, 0

    def take(self, size: int) -> bytes:
        """Return the next bytes. Raises `Cut` when there are not so many."""
        end = self.offset + size
        if end > len(self.data):
            raise Cut
        piece, self.offset = self.data[self.offset:end], end
        return piece

    def scalar(self, form: str) -> float:
        """Return the next number. Raises `Cut`."""
        value: float = struct.unpack(form, self.take(struct.calcsize(form)))[0]
        return value

    def string(self, longest: int = HEAD_BYTES) -> str:
        """Return the next string. Raises `Cut`."""
        size = int(self.scalar("<Q"))
        if size > longest:
            raise Cut
        return self.take(size).decode("utf-8", "replace")

    def value(self, kind: int) -> object:
        """Return the next value; None for a list, which is passed over. Raises `Cut`."""
        if kind == STRING:
            return self.string()
        if kind == ARRAY:
            self.skip_list()
            return None
        if kind not in SCALARS:
            raise Cut
        value = self.scalar(SCALARS[kind])
        return float(f"{value:.7g}") if kind in FLOATS else value     # as many digits as were written

    def skip_list(self) -> None:
        """Pass over a list. Raises `Cut`."""
        kind, count = int(self.scalar("<I")), int(self.scalar("<Q"))
        if kind in SCALARS:
            self.take(struct.calcsize(SCALARS[kind]) * count)
        elif kind == STRING:
            for _ in range(count):                          # a vocabulary has some 100,000
                if self.offset > len(self.data) - 8:
                    raise Cut
                self.offset += 8 + LENGTH.unpack_from(self.data, self.offset)[0]
        else:
            raise Cut                                       # llama.cpp has no lists of lists either
