"""A plain function as a model: it sees every row whole at every step."""

from collections.abc import Callable, Sequence
from typing import Any

import torch

from genspec.backends.torch.drivers.driver import Encoded, Forward, last_logits, repeated
from genspec.backends.torch.drivers.lines import Lines, selected
from genspec.backends.torch.drivers.padding import left_padded, right_padded
from genspec.backends.torch.drivers.rows import Rows

Function = Callable[..., Any]
"""`function(tokens, mask)`, or `function(tokens, mask, source, source_mask)` with an encoder's tokens.

All int64. `tokens` [N, L]: N rows, filled in front; `mask` [N, L]: 1 for a token of the row, 0 for what fills it.
`source` [N, S]: the encoder's tokens of each row, filled behind. Gives float[N, V], the logits of the token after each
row; or float[N, L, V], of which the last place counts; or an object that has one of the two as `logits`. What it gives
is read before it is called again, and never written to. N is the number of rows that have not ended: it changes.
"""


class FunctionDriver:
    """Rows in one tensor. Nothing is kept of the model."""

    cache: Any = None
    encoded: Encoded | None = None

    def __init__(self, function: Function, sources: Sequence[Sequence[int]] | None, device: torch.device) -> None:
        """Begin before the first call. `sources`: the encoder's tokens of each prompt."""
        self.function, self.sources, self.device = function, sources, device

    def start(self, prompts: Sequence[Sequence[int]], repeats: int) -> Forward:
        """Read the prompts, each once."""
        ids, mask = left_padded(prompts, self.device)
        source = [] if self.sources is None else list(right_padded(self.sources, self.device))
        logits = last_logits(self.function(ids, mask, *source))
        self.lines = Lines(len(prompts), repeats, self.device)
        self.rows = Rows(repeated(ids, repeats), repeated(mask, repeats))
        self.source = [repeated(part, repeats) for part in source]
        return Forward(repeated(logits, repeats))

    def step(self, tokens: Sequence[int], parents: Sequence[int]) -> Forward:
        """Append one token a line, and ask for all rows."""
        moved, others = self.lines.move(parents)
        self.rows.move(moved, others)
        self.source = [selected(part, others) for part in self.source]
        return Forward(last_logits(self.function(*self.rows.append(tokens), *self.source)))
