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
COLUMNS = 256
"""Blocks, where they are columns."""
LOWEST = {np.dtype(kind): np.finfo(kind).min for kind in (np.float32, np.float64)}
CHUNK = 1 << 18
"""Logits that are looked at together: what a processor's cache holds."""
NEAR = 30.0
"""How far from 0, in nats, the greatest logit of a line may be: e^30 times any vocabulary is far from overflowing, and
what is lost to underflow, below e^-87, is nothing beside e^-30."""
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
    def tops(self) -> Reals:
        """Give the greatest logit of each line, NaN where there is one. float32[N]."""
        return self.highest_logits.max(1)       # type: ignore[no-any-return]  # NumPy says Any

    @cached_property
    def normaliser(self) -> Reals:
        """Give what is subtracted from the logits of each line. float64[N, 1]. SCORES-3."""
        return self.log_sum()

    def log_sum(self, temperature: float = 1.0) -> Reals:
        """Give the logarithm of the sum of the exponentials of each line's logits over a temperature. float64[N, 1].

        Exponentials of all lines at once would go through memory three times; those of a chunk stay in the cache.
        From a line whose greatest logit is near 0 nothing need be subtracted before: float32 has room for the sum.
        Each line is looked at alone, so that no other one changes a bit of it.
        """
        tops = self.tops[:, None]
        less = np.where((np.abs(tops) < NEAR) & (temperature == 1), np.float32(0), tops)
        sums, memory = [], torch.empty(min(self.lines, max(1, CHUNK // self.size)), self.size)
        for first in range(0, self.lines, len(memory)):
            here = slice(first, first + len(memory))
            logits, chunk = self.logits[here], memory[:len(self.logits[here])]
            if less[here].any() or logits.dtype != torch.float32:
                logits = torch.sub(logits, torch.from_numpy(less[here]), out=chunk)
            if temperature != 1:
                logits = torch.div(logits, temperature, out=chunk)
            torch.exp(logits, out=chunk)
            sums.append(chunk.sum(1, keepdim=True))
        logarithms: Reals = np.log(torch.cat(sums).numpy(), dtype=np.float64)
        return less / temperature + logarithms

    @property
    def refused(self) -> NDArray[np.bool_]:
        """Mark the lines with NaN or plus infinity. bool[N]. SCORES-2."""
        refused: NDArray[np.bool_] = ~(self.tops < np.inf)      # NaN is not below either
        return refused if self.overflowed is None else refused | self.overflowed

    def check(self) -> None:
        """Mark the lines with NaN or plus infinity: it is seen to where scores change."""

    @property
    def plain(self) -> bool:
        """Tell whether the scores are the logits, in memory that NumPy can read."""
        return not (self.normalised or self.banned or self.changed) and self.logits.dtype == torch.float32

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

    def block_scores(self, lines: Ids, blocks: Ids) -> Reals:
        """Give the scores of blocks, line after line and in ascending order. int[m] each -> float[m, BLOCK]."""
        scores = self.block_logits(lines, blocks)
        if self.normalised:
            scores = scores - self.normaliser[lines]
        if self.exceptions and len(lines):          # where all tokens are banned no block is asked for
            numbers = lines * self.blocks + blocks
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
            maxima.reshape(-1)[touched] = self.block_scores(*np.divmod(touched, self.blocks)).max(1)
        return maxima

    def highest(self) -> tuple[Reals, Ids]:
        """Give the highest score of each line and its token, of equal ones the lowest id. [N], int64[N]. GREEDY-2.

        The first block that reaches the highest score holds the lowest id with it.
        """
        lines = np.arange(self.lines)
        if self.plain:
            logits = self.logits.numpy()        # NumPy's argmax reads them quicker than a pass over blocks does
            tokens = logits.argmax(1)
            self.tops = logits[lines, tokens]
            return self.tops, tokens
        block = self.maxima.argmax(1)
        scores = self.block_scores(lines, block)
        inside = scores.argmax(1)
        return scores[lines, inside], block * BLOCK + inside

    def narrowed(self, count: int | None) -> Narrow | None:
        """Leave out what is below the `count` highest of each line. None: too many are left, or there is no `count`."""
        if count is None:
            return None
        plain = self.plain and count <= COLUMNS <= self.size
        found = self.plain_reaching(count) if plain else self.reaching(self.maxima, count)
        return None if found is None else gathered(self.lines, *found)

    def plain_reaching(self, count: int) -> tuple[Ids, Ids, Reals] | None:
        """Find what `reaching` finds, where the scores are the logits: with a pass over all of them, but few steps.

        The blocks are columns here, which NumPy reads quickly, since nothing has to be found in a block.
        """
        logits, whole = self.logits.numpy(), self.size - self.size % COLUMNS
        maxima = logits[:, :whole].reshape(self.lines, -1, COLUMNS).max(1)
        self.tops = maxima.max(1) if whole == self.size else np.maximum(maxima.max(1), logits[:, whole:].max(1))
        found = self.at_least(bound_of(maxima, count))
        return None if len(found[0]) * MOST_LEFT > self.lines * self.size else found

    def at_least(self, bound: Reals) -> tuple[Ids, Ids, Reals]:
        """Find the tokens whose logits are not below a bound, as `reaching` gives them. float32[N, 1]."""
        logits = self.logits.numpy()
        lines, tokens = np.divmod((logits >= bound).ravel().nonzero()[0], self.size)
        return lines, tokens, logits[lines, tokens]

    def leading(self, count: int, totals: Reals, together: int) -> Narrow | None:
        """Leave out what is below the `count` highest sums of score and total of each `together` lines, a prompt.

        `totals`: float64[N]. Gives places beam * V + token and their sums, [P, n] each; None when too many are left.
        """
        maxima = self.maxima + totals[:, None]
        maxima[totals == -np.inf] = -np.inf         # whatever the line holds
        found = self.reaching(maxima, count, totals, together)
        if found is None:
            return None
        lines, tokens, scores = found
        prompts, beams = np.divmod(lines, together)
        return gathered(self.lines // together, prompts, beams * self.size + tokens, scores + totals[lines])

    def reaching(
        self, maxima: Reals, count: int, totals: Reals | None = None, together: int = 1
    ) -> tuple[Ids, Ids, Reals] | None:
        """Find the tokens whose sum of score and total is not below the `count`-th highest of `together` lines.

        `maxima`: [N, blocks], of such sums. Gives lines, tokens and scores, line after line and tokens rising; None
        when too many are left.

        The k-th highest maximum of the blocks is a bound: k blocks reach it, so the k-th highest sum is not below it.
        Every token that reaches the bound, ties included, stands in a block that reaches it. So what is left holds the
        k highest and all that equal the k-th.
        """
        grouped = maxima.reshape(-1, together * self.blocks)
        if count > grouped.shape[1]:
            return None
        bound = bound_of(grouped, count)
        lines, blocks = np.divmod((grouped >= bound).ravel().nonzero()[0], self.blocks)
        if len(lines) * BLOCK * MOST_LEFT > self.lines * self.size:
            return None
        scores = self.block_scores(lines, blocks)
        sums = scores if totals is None else scores + totals[lines, None]
        left = (sums >= bound[lines // together]).ravel().nonzero()[0]
        at, inside = np.divmod(left, BLOCK)
        return lines[at], blocks[at] * BLOCK + inside, scores.ravel()[left]

    def settled(self) -> LineScores:
        """Write all scores down."""
        written = LineScores(self.logits, self.normalised, checked=False)
        written.refused = self.refused
        for places, scores in self.exceptions:
            written.write(torch.from_numpy(places), torch.from_numpy(scores))
        return written


def bound_of(maxima: Reals, count: int) -> Reals:
    """Give the `count`-th highest of each row, or the lowest number where that is minus infinity. [N, n] -> [N, 1]."""
    return np.maximum(np.partition(maxima, -count, axis=1)[:, -count, None], LOWEST[maxima.dtype])


def picked(body: Tensor, lines: Ids, blocks: Ids) -> Reals:
    """Copy rows of float[N, blocks, n], as float32[m, n]."""
    if body.dtype == torch.float32:
        return body.numpy()[lines, blocks]
    return body[torch.from_numpy(lines), torch.from_numpy(blocks)].float().numpy()
