"""What checkpoints compute, in float64: mixtures of the lines of a bigram table. Text: docs/guide/checkpoints.md.

A line of the table is what a bigram model says after a token. The other kinds put weights on lines, divide by the
length (Euclidean norm) of the weights, and so depend on everything that was read.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from genspec_reference import Scripted, Table
from genspec_reference.scores import Scores
from genspec_reference.scripted import require_inside

Weights = NDArray[np.float64]
"""float[V]: how much of each line of a table stands in the logits."""

HISTORY_GAIN = float(np.float32((1 + 5**0.5) / 2))    # the golden ratio: lines never nearly cancel into a tie
HISTORY_SHIFT = 1       # an earlier token t speaks with line t + 1, so that it is not mistaken for the last one
SOURCE_SHIFT = 2        # a token s of the source speaks with line s + 2


@dataclass(frozen=True, slots=True)
class History:
    """A model that reads its whole row, in order: what attention with rotary positions computes.

    Token j of n has the attention a_j ~ exp(cos(n - j)), in radians. Line t_n weighs 1, line t_j + 1 (modulo V)
    g a_j more, g being the golden ratio; logits = the weighted sum of lines / the length of the weights.
    """

    table: Scripted | Table
    kind: str = "attention"     # in a question: a scripted model of the kind `history` is another one

    @property
    def vocab_size(self) -> int:
        """Return V."""
        return self.table.vocab_size

    @property
    def eos(self) -> tuple[int, ...]:
        """Return the EOS ids of the table, which often come first here too."""
        return self.table.eos

    def __call__(self, tokens: tuple[int, ...]) -> Scores:
        """Give float[V]. Raises ValueError for a token outside the vocabulary."""
        require_inside(tokens, self.vocab_size)
        nearness = np.exp(np.cos(np.arange(len(tokens) - 1, -1, -1)))
        history = HISTORY_GAIN * spread(tokens, HISTORY_SHIFT, nearness / nearness.sum(), self.vocab_size)
        return unit(one(tokens[-1], self.vocab_size) + history) @ lines_of(self.table)


@dataclass(frozen=True, slots=True)
class EncoderDecoder:
    """A model that reads its whole row and a source, both as bags: what uniform attention computes.

    u = line t_n with weight 1 and line t_j + 1 with g/n more for each of the n tokens, divided by its length;
    then line s_j + 2 with 1/m more for each of the m tokens of the source, divided by its length again.
    """

    table: Scripted | Table
    kind: str = "encoder-decoder"

    @property
    def vocab_size(self) -> int:
        """Return V."""
        return self.table.vocab_size

    @property
    def eos(self) -> tuple[int, ...]:
        """Return the EOS ids of the table, which often come first here too."""
        return self.table.eos

    def __call__(self, tokens: tuple[int, ...], source: tuple[int, ...]) -> Scores:
        """Give float[V]. Raises ValueError for a token outside the vocabulary."""
        require_inside((*tokens, *source), self.vocab_size)
        history = HISTORY_GAIN * spread(tokens, HISTORY_SHIFT, even(len(tokens)), self.vocab_size)
        read = unit(one(tokens[-1], self.vocab_size) + history)
        across = spread(source, SOURCE_SHIFT, even(len(source)), self.vocab_size)
        return unit(read + across) @ lines_of(self.table)


@cache
def lines_of(table: Scripted | Table) -> Scores:
    """Give what a bigram model says after each token. float[V, V]. Raises ValueError where no checkpoint holds it."""
    if table.kind not in ("table", "lines"):
        raise ValueError(f"a checkpoint is made from a model of the last token: table or lines, not {table.kind}")
    lines = np.stack([table((token,)) for token in range(table.vocab_size)])
    if not np.isfinite(lines).all():
        raise ValueError(f"line {int(np.argwhere(~np.isfinite(lines))[0, 0])} holds a logit that is not finite: "
                         "a matrix product with it is NaN")
    lines.flags.writeable = False
    return lines


def one(token: int, size: int) -> Weights:
    """Put the weight 1 on one line. float[V]."""
    return spread((token,), 0, np.ones(1), size)


def even(count: int) -> Weights:
    """Attend evenly. float[count]."""
    return np.full(count, 1.0 / count)


def spread(tokens: tuple[int, ...], shift: int, attention: Weights, size: int) -> Weights:
    """Add the attention of each token to the line `shift` after its own. float[n] -> float[V]."""
    weights = np.zeros(size)
    np.add.at(weights, (np.array(tokens) + shift) % size, attention)
    return weights


def unit(weights: Weights) -> Weights:
    """Divide by the length: the normalisation of a layer. float[V] -> float[V]."""
    return np.asarray(weights / np.linalg.norm(weights))
