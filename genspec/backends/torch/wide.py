"""Scores of a wide vocabulary that are not written down: logits, what is subtracted, and what few tokens have instead.

Few of 100,000 tokens matter to a step. They are found by the greatest logit of each block of the vocabulary, in one
pass over the logits and without a copy. What is found is so little that NumPy is the quicker of the two for it.
"""

from collections.abc import Callable
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genspec.backends.torch.lines import LineScores
from genspec.backends.torch.narrow import Ids, Narrow, Reals, gathered

BLOCK = 128
"""Tokens of a block."""
WIDE = 8192
"""From how many tokens on it pays to look at blocks."""
CHUNK = 1 << 18
"""Logits that are looked at together: what a processor's cache holds."""
MOST_LEFT = 4
"""No more than one token in so many is worth picking out."""


class WideScores:
    """float[N, V]: the logits, or their log-softmax, but for the few tokens that have other scores."""

    def __init__(self, logits: Tensor, normalised: bool) -> None:
        """Begin with the logits, which are never written to."""
        self.logits, self.normalised, self.device = logits, normalised, logits.device
        self.lines, self.size = logits.shape
        self.whole, self.rest = divmod(self.size, BLOCK)
        self.blocks = self.whole + (self.rest > 0)
        self.banned: list[int] = []                         # places: line * V + token
        self.changed: list[tuple[Ids, Reals]] = []          # places int[n], none twice, and their scores float32[n]
        self.overflowed: NDArray[np.bool_] | None = None

    @cached_property
    def body(self) -> Tensor:
        """Give the logits without a short last block. [N, whole blocks, BLOCK]."""
        return self.logits[:, :self.whole * BLOCK].view(self.lines, self.whole, BLOCK)

    @cached_property
    def highest_logits(self) -> Reals:
        """Give the greatest logit of each block; the last block may be a short one. float32[N, blocks]."""
        maxima = self.body.amax(2)
        if self.rest:
            maxima = torch.cat([maxima, self.logits[:, self.whole * BLOCK:].amax(1, keepdim=True)], dim=1)
        return maxima.float().numpy()

    @cached_property
    def normaliser(self) -> Reals:
        """Give the logarithm of the sum of the exponentials of each line. float64[N, 1]. SCORES-3.

        Exponentials of all lines at once would go through memory three times; those of a chunk stay in the cache.
        """
        rows = min(self.lines, max(1, CHUNK // self.size))
        highest = self.highest_logits.max(1, keepdims=True)
        below, memory, sums = torch.from_numpy(highest), torch.empty(rows, self.size), []
        for logits, of_logits in zip(torch.split(self.logits, rows), torch.split(below, rows), strict=True):
            chunk = torch.sub(logits, of_logits, out=memory[:len(logits)]).exp_()
            sums.append(chunk.sum(1, keepdim=True).numpy())
        return highest + np.log(np.concatenate(sums), dtype=np.float64)     # type: ignore[no-any-return]

    @property
    def refused(self) -> NDArray[np.bool_]:
        """Mark the lines with NaN or plus infinity. bool[N]. SCORES-2."""
        refused: NDArray[np.bool_] = ~(self.highest_logits.max(1) < np.inf)     # NaN is not below either
        return refused if self.overflowed is None else refused | self.overflowed

    def check(self) -> None:
        """Mark the lines with NaN or plus infinity: it is seen to where scores change."""

    def ban(self, places: list[int]) -> None:
        """Give tokens the score minus infinity, which no operation on single scores changes later."""
        self.banned += places

    def change(self, places: Ids, changed: Callable[[Tensor], Tensor]) -> None:
        """Let an operation change the scores at places. int[n], none twice."""
        scores = changed(torch.from_numpy(self.at(places))).numpy()
        self.changed.append((places, scores))
        overflowed = np.zeros(self.lines, dtype=np.bool_)
        overflowed[places[~(scores < np.inf)] // self.size] = True
        self.overflowed = overflowed if self.overflowed is None else self.overflowed | overflowed

    def at(self, places: Ids) -> Reals:
        """Give the scores at places, without the bans. int[n] -> float32[n]."""
        lines, tokens = np.divmod(places, self.size)
        logits = self.logits[torch.from_numpy(lines), torch.from_numpy(tokens)].float().numpy()
        scores = (logits - self.normaliser[lines, 0]).astype(np.float32) if self.normalised else logits
        for earlier, values in self.changed:
            order = np.argsort(earlier)
            found = order[np.searchsorted(earlier, places, sorter=order).clip(max=len(earlier) - 1)]
            scores = np.where(earlier[found] == places, values[found], scores)
        return scores

    @cached_property
    def exceptions(self) -> list[tuple[Ids, Reals]]:
        """Give places whose scores are not the logits', and their scores. The last one of a place holds."""
        if not self.banned:
            return self.changed
        return [*self.changed, (np.array(self.banned), np.full(len(self.banned), -np.inf, dtype=np.float32))]

    def blocks_of(self, places: Ids) -> Ids:
        """Give the number line * blocks + block of each place."""
        lines, tokens = np.divmod(places, self.size)
        numbers: Ids = lines * self.blocks + tokens // BLOCK
        return numbers

    def block_scores(self, numbers: Ids) -> Reals:
        """Give the scores of blocks, by their numbers in ascending order. int[m] -> float[m, BLOCK]."""
        lines, blocks = np.divmod(numbers, self.blocks)
        scores = self.block_logits(lines, blocks)
        if self.normalised:
            scores = scores - self.normaliser[lines]
        for places, values in self.exceptions:
            of_places = self.blocks_of(places)
            found = np.searchsorted(numbers, of_places).clip(max=len(numbers) - 1)
            here = numbers[found] == of_places
            scores[found[here], places[here] % self.size % BLOCK] = values[here]
        return scores

    def block_logits(self, lines: Ids, blocks: Ids) -> Reals:
        """Copy the logits of blocks; a short one is filled up with minus infinity. int[m] each -> float32[m, BLOCK]."""
        if not self.rest:
            return picked(self.body, lines, blocks)
        short = blocks == self.whole
        logits = np.full((len(blocks), BLOCK), -np.inf, dtype=np.float32)
        logits[~short] = picked(self.body, lines[~short], blocks[~short])
        logits[short, :self.rest] = picked(self.logits[:, None, self.whole * BLOCK:], lines[short], lines[short] * 0)
        return logits

    @cached_property
    def maxima(self) -> Reals:
        """Give the highest score of each block. [N, blocks]."""
        maxima = self.highest_logits - self.normaliser if self.normalised else self.highest_logits
        if self.exceptions:
            touched = np.unique(np.concatenate([self.blocks_of(places) for places, _ in self.exceptions]))
            maxima = maxima.copy()
            maxima.reshape(-1)[touched] = self.block_scores(touched).max(1)
        return maxima

    def highest(self) -> tuple[Reals, Ids]:
        """Give the highest score of each line and its token, of equal ones the lowest id. [N], int64[N]. GREEDY-2.

        The first block that reaches the highest score holds the lowest id with it.
        """
        block = self.maxima.argmax(1)
        lines = np.arange(self.lines)
        scores = self.block_scores(lines * self.blocks + block)
        inside = scores.argmax(1)
        return scores[lines, inside], block * BLOCK + inside

    def narrowed(self, count: int | None, offsets: Reals | None = None, together: int = 1) -> Narrow | None:
        """Leave out what is below the `count` highest of each line, or of `together` lines after another.

        `offsets`: float64[N], added to the scores of each line before they are ranked. Gives None when too many are
        left, and for no `count`.

        The k-th highest maximum of the blocks is a bound: k blocks reach it, so the k-th highest score is not below
        it. Every token that reaches the bound, ties included, stands in a block that reaches it. So what is left holds
        the k highest and all that equal the k-th.
        """
        if count is None:
            return None
        sums = self.maxima
        if offsets is not None:
            sums = sums + offsets[:, None]
            sums[offsets == -np.inf] = -np.inf      # whatever the line holds
        grouped = sums.reshape(-1, together * self.blocks)
        if count > grouped.shape[1]:
            return None
        bound = np.partition(grouped, -count, axis=1)[:, -count, None]
        some = bool((bound == -np.inf).any())       # of a line without k tokens, those that there are
        numbers = np.flatnonzero((grouped >= bound) & (grouped > -np.inf) if some else grouped >= bound)
        if len(numbers) * BLOCK * MOST_LEFT > self.lines * self.size:
            return None
        if not len(numbers):
            return Narrow(np.zeros((self.lines, 1), dtype=np.intp), np.full((self.lines, 1), -np.inf))
        scores = self.block_scores(numbers)
        lines, blocks = np.divmod(numbers, self.blocks)
        reaching = scores if offsets is None else scores + offsets[lines, None]
        left = reaching >= (bound[lines // together] if len(bound) > 1 else bound)
        row, inside = np.nonzero(left & (scores > -np.inf) if some else left)
        return gathered(self.lines, lines[row], blocks[row] * BLOCK + inside, scores[row, inside])

    def settled(self) -> LineScores:
        """Write all scores down."""
        written = LineScores(self.logits, self.normalised, checked=False)
        written.refused = self.refused
        for places, scores in self.exceptions:
            written.write(torch.from_numpy(places), torch.from_numpy(scores))
        return written


def picked(body: Tensor, lines: Ids, blocks: Ids) -> Reals:
    """Copy rows of float[N, blocks, n], as float32[m, n]."""
    if body.dtype == torch.float32:
        return body.numpy()[lines, blocks]
    return body[torch.from_numpy(lines), torch.from_numpy(blocks)].float().numpy()
