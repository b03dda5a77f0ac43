"""Scores of a wide vocabulary that are not written down: logits, what is subtracted, and what few tokens have instead.

Few of 100,000 tokens matter to a step. They are found by the greatest logit of each block of the vocabulary, in one
pass over the logits, without a copy.
"""

from collections.abc import Callable
from functools import cached_property
from typing import NamedTuple

import torch
from torch import Tensor

from genspec.backends.torch.lines import LineScores
from genspec.backends.torch.ranking import GONE, kth

BLOCK = 128
"""Tokens of a block."""
WIDE = 8192
"""From how many tokens on it pays to look at blocks."""
CHUNK = 1 << 18
"""Logits that are looked at together: what a processor's cache holds."""
MOST_LEFT = 4
"""No more than one token in so many is worth picking out."""


class Narrow(NamedTuple):
    """The tokens of each line that can still be among its highest, in the order of their ids."""

    tokens: Tensor      # int64[N, n]
    scores: Tensor      # [N, n]: minus infinity fills up the lines that have fewer


class WideScores:
    """float[N, V]: the logits, or their log-softmax, but for the few tokens that have other scores."""

    def __init__(self, logits: Tensor, normalised: bool) -> None:
        """Begin with the logits, which are never written to."""
        self.logits, self.normalised = logits, normalised
        self.device = logits.device
        self.lines, self.size = logits.shape
        self.blocks = -(-self.size // BLOCK)
        self.banned: list[int] = []                         # places: line * V + token
        self.changed: list[tuple[Tensor, Tensor]] = []      # places int64[n], none twice, and their scores float32[n]
        self.overflowed: Tensor | None = None

    @cached_property
    def highest_logits(self) -> Tensor:
        """Give the greatest logit of each block; the last block may be a short one. float32[N, blocks]."""
        whole = self.size // BLOCK
        maxima: Tensor = torch.unflatten(self.logits[:, :whole * BLOCK], 1, (whole, BLOCK)).amax(2)
        if whole < self.blocks:
            maxima = torch.cat([maxima, self.logits[:, whole * BLOCK:].amax(1, keepdim=True)], dim=1)
        return maxima.float()

    @cached_property
    def normaliser(self) -> Tensor:
        """Give the logarithm of the sum of the exponentials of each line. float64[N, 1]. SCORES-3.

        Exponentials of all lines at once would go through memory three times; those of a chunk stay in the cache.
        """
        highest, rows = self.highest_logits.amax(1, keepdim=True), max(1, CHUNK // self.size)
        memory = torch.empty(min(rows, self.lines), self.size, device=self.logits.device)
        sums = torch.empty_like(highest)
        for start in range(0, self.lines, rows):
            here = slice(start, start + rows)
            chunk = memory[:len(highest[here])]
            torch.sub(self.logits[here], highest[here], out=chunk)
            torch.sum(chunk.exp_(), dim=1, keepdim=True, out=sums[here])
        return highest.double() + sums.double().log()

    @property
    def refused(self) -> Tensor:
        """Mark the lines with NaN or plus infinity. bool[N]. SCORES-2."""
        refused = ~(self.highest_logits.amax(1) < torch.inf)            # NaN is not below either
        return refused if self.overflowed is None else refused | self.overflowed

    def ban(self, places: list[int]) -> None:
        """Give tokens the score minus infinity, which no operation on single scores changes later."""
        self.banned += places

    def change(self, places: Tensor, changed: Callable[[Tensor], Tensor]) -> None:
        """Let an operation change the scores at places. int64[n], none twice."""
        scores = changed(self.at(places))
        self.changed.append((places, scores))
        over = torch.zeros(self.lines, dtype=torch.int32, device=places.device)
        over = over.index_add_(0, places // self.size, (~(scores < torch.inf)).int()) > 0
        self.overflowed = over if self.overflowed is None else self.overflowed | over

    def at(self, places: Tensor) -> Tensor:
        """Give the scores at places, without the bans. int64[n] -> float32[n]."""
        lines, tokens = places // self.size, places % self.size
        scores = self.scored(self.logits[lines, tokens, None], lines)[:, 0].float()
        for earlier, values in self.changed:
            ranked = earlier.sort()
            found = torch.searchsorted(ranked.values, places).clamp_(max=len(earlier) - 1)
            scores = torch.where(ranked.values[found] == places, values[ranked.indices[found]], scores)
        return scores

    def scored(self, logits: Tensor, lines: Tensor | slice = slice(None)) -> Tensor:
        """Make scores of logits of the lines: as they are, or the log-softmax in float64. [m, n] -> [m, n]."""
        return logits.double() - self.normaliser[lines] if self.normalised else logits.float()

    @cached_property
    def exceptions(self) -> list[tuple[Tensor, Tensor]]:
        """Give places whose scores are not the logits', and their scores. The last one of a place holds."""
        if not self.banned:
            return self.changed
        places = torch.tensor(self.banned, device=self.logits.device)
        return [*self.changed, (places, torch.full(places.shape, GONE, device=places.device))]

    def block_scores(self, numbers: Tensor) -> tuple[Tensor, Tensor]:
        """Give tokens and scores of blocks. `numbers`: int64[m], line * blocks + block, ascending. [m, BLOCK] each."""
        lines, blocks = numbers // self.blocks, numbers % self.blocks
        tokens = blocks[:, None] * BLOCK + torch.arange(BLOCK, device=numbers.device)
        scores = self.scored(self.logits[lines[:, None], tokens.clamp(max=self.size - 1)], lines)
        if self.size % BLOCK:
            scores = scores.masked_fill_(tokens >= self.size, GONE)
        for places, values in self.exceptions:
            of_place = places // self.size * self.blocks + places % self.size // BLOCK
            found = torch.searchsorted(numbers, of_place).clamp_(max=len(numbers) - 1)
            here = numbers[found] == of_place
            scores[found[here], places[here] % self.size % BLOCK] = values[here].to(scores.dtype)
        return tokens, scores

    @cached_property
    def maxima(self) -> Tensor:
        """Give the highest score of each block. [N, blocks]."""
        maxima = self.scored(self.highest_logits)
        if self.exceptions:
            places = torch.cat([places for places, _ in self.exceptions])
            touched = torch.unique(places // self.size * self.blocks + places % self.size // BLOCK)
            maxima = maxima.clone() if maxima is self.highest_logits else maxima
            maxima.view(-1)[touched] = self.block_scores(touched)[1].amax(1)
        return maxima

    def highest(self) -> tuple[Tensor, Tensor]:
        """Give the highest score of each line and its token, of equal ones the lowest id. [N], int64[N]. GREEDY-2.

        The first block that reaches the highest score holds the lowest id with it.
        """
        block = self.maxima.max(1).indices
        first = torch.arange(self.lines, device=block.device) * self.blocks
        tokens, scores = self.block_scores(first + block)
        highest = scores.max(1)
        return highest.values, tokens.gather(1, highest.indices[:, None])[:, 0]

    def narrowed(self, count: int, offsets: Tensor | None = None, together: int = 1) -> Narrow | None:
        """Leave out what is below the `count` highest of each line, or of `together` lines after another.

        `offsets`: float64[N], added to the scores of each line before they are ranked. None: too many are left.

        The k-th highest maximum of the blocks is a bound: k blocks reach it, so the k-th highest score is not below
        it. Every token that reaches the bound, ties included, stands in a block that reaches it. So what is left holds
        the k highest and all that equal the k-th.
        """
        sums = self.maxima
        if offsets is not None:
            sums = torch.where(offsets[:, None] > GONE, sums + offsets[:, None], GONE)
        grouped = sums.view(-1, together * self.blocks)
        if count > grouped.shape[1]:
            return None
        bound = kth(grouped, count)
        numbers = ((grouped >= bound) & (grouped > GONE)).view(-1).nonzero()[:, 0]
        if len(numbers) * BLOCK * MOST_LEFT > self.lines * self.size:
            return None
        if not len(numbers):
            nothing = sums.new_full((self.lines, 1), GONE)
            return Narrow(torch.zeros_like(nothing, dtype=torch.int64), nothing)
        tokens, scores = self.block_scores(numbers)
        lines = numbers // self.blocks
        reaching = scores if offsets is None else scores + offsets[lines, None]
        left = ((reaching >= bound[lines // together]) & (scores > GONE)).nonzero()
        return self.gathered(lines[left[:, 0]], tokens[left[:, 0], left[:, 1]], scores[left[:, 0], left[:, 1]])

    def gathered(self, lines: Tensor, tokens: Tensor, scores: Tensor) -> Narrow:
        """Write what is left of each line into a row of its own. int64[m], int64[m], float[m], line after line."""
        counts = torch.bincount(lines, minlength=self.lines)
        rank = torch.arange(len(lines), device=lines.device) - (counts.cumsum(0) - counts)[lines]
        shape = self.lines, max(1, int(counts.max()))
        narrow = Narrow(tokens.new_zeros(shape), scores.new_full(shape, GONE))
        narrow.tokens[lines, rank], narrow.scores[lines, rank] = tokens, scores
        return narrow

    def check(self) -> None:
        """Mark the lines with NaN or plus infinity: it is seen to where scores change."""

    def settled(self) -> LineScores:
        """Write all scores down."""
        written = LineScores(self.logits, self.normalised, checked=False)
        written.refused = self.refused
        for places, scores in self.exceptions:
            written.write(places, scores)
        return written
