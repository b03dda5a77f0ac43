"""A scripted model whose logits are written down, line by line. Text: docs/spec/vectors.md."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from genspec_reference.scores import Scores
from genspec_reference.scripted import require_inside


@dataclass(frozen=True, slots=True)
class Table:
    """A model that is lines of logits: after a row that ends in t, and a source that ends in s, line (t + s) mod n.

    `lines`: float[n, V] of numbers exact in float32, minus infinity among them; lists become tuples. One line is a
    model that always says the same. `eos`: ids to end rows with, which change no logit. VECTORS-14
    """

    lines: tuple[tuple[float, ...], ...]
    eos: tuple[int, ...] = ()
    kind: str = "lines"

    def __post_init__(self) -> None:
        """Raise ValueError for no line, lines of several lengths, a number float32 lacks, or an EOS outside V."""
        object.__setattr__(self, "lines", tuple(tuple(map(float, line)) for line in self.lines))
        if len({len(line) for line in self.lines}) != 1 or not self.lines[0]:
            raise ValueError(f"a table is lines of one length, V numbers each, not of {[*map(len, self.lines)]}")
        for number, line in enumerate(self.lines):
            require_exact(number, line)
        require_inside(self.eos, self.vocab_size)

    @property
    def vocab_size(self) -> int:
        """Return V."""
        return len(self.lines[0])

    def __call__(self, tokens: tuple[int, ...], source: tuple[int, ...] = ()) -> Scores:
        """Give float[V]. Raises ValueError for a token outside the vocabulary."""
        require_inside((*source, *tokens[-1:]), self.vocab_size)
        return np.array(self.lines[(tokens[-1] + sum(source[-1:])) % len(self.lines)])


def require_exact(number: int, line: Sequence[float]) -> None:
    """Raise ValueError for a number of a line that float32 does not hold. VECTORS-7."""
    with np.errstate(over="ignore"):
        held = np.array(line, dtype=np.float32).astype(np.float64)
    wrong = np.flatnonzero((held != line) & ~np.isnan(held))
    if wrong.size:
        raise ValueError(f"line {number} holds {line[wrong[0]]!r}, which float32 does not hold exactly")
