"""Many small models in one: a table whose tokens come in blocks, each a model of its own.

A server has one model, and a kit asks for hundreds. After a token of a block the tokens of all others are FAR below and
are never drawn: their probability is 0 in every number type. So a row stays in its block, and a block is a model.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from genspec.backends.checkpoints.models import lines_of
from genspec_reference import Scripted, Table
from genspec_reference.scores import Scores

FAR = -4096.0
"""A logit that says never: exp(FAR / 2) is 0, and float16 holds it."""


@dataclass(frozen=True)
class Block:
    """The tokens of one model."""

    first: int                          # the id of its token 0
    lines: Scores                       # float[v, v], what is said after each of its tokens

    @property
    def size(self) -> int:
        """Return how many tokens it has."""
        return len(self.lines)

    def says(self, model: Scripted | Table) -> bool:
        """Tell whether this is a model. Raises ValueError for one that no checkpoint holds."""
        return model.vocab_size == self.size and bool(np.array_equal(self.lines, lines_of(model)))


def side_by_side(models: Sequence[Scripted | Table]) -> Table:
    """Put models into one table, in order. Raises ValueError for one that no checkpoint holds."""
    every = [lines_of(model) for model in models]
    whole, first = np.full((sum(map(len, every)),) * 2, FAR), 0
    for lines in every:
        whole[first:first + len(lines), first:first + len(lines)] = lines
        first += len(lines)
    return Table(tuple(map(tuple, whole.tolist())), ())


def blocks_of(table: Scripted | Table) -> tuple[Block, ...]:
    """Give the blocks of a table; one that is no such table is one block."""
    lines = lines_of(table)
    found, first = [], 0
    while first < len(lines):
        inside = np.flatnonzero(lines[first] > FAR)
        end = int(inside[-1]) + 1 if len(inside) and inside[0] == first else len(lines)
        block = lines[first:end, first:end]
        outside = np.delete(lines[first:end], np.s_[first:end], axis=1)
        if (block <= FAR).any() or (outside > FAR).any():
            return (Block(0, lines),)
        found.append(Block(first, block))
        first = end
    return tuple(found)
