"""Whole rows, for models that keep nothing from step to step."""

from collections.abc import Sequence

import torch
from torch import Tensor

from genspec.backends.torch.drivers.lines import selected

CHUNK = 64
"""How many columns are added at a time."""


class Rows:
    """N lines of tokens in one growing tensor, filled in front, with their mask."""

    def __init__(self, ids: Tensor, mask: Tensor) -> None:
        """Begin with int64[N, L] each, which are not written to."""
        self.ids, self.mask, self.width = ids, mask, ids.shape[1]

    def move(self, moved: Tensor | None, others: Tensor | None) -> None:
        """Let the lines be others. As `Lines.move` gives them: lines of one prompt have one mask."""
        self.ids, self.mask = selected(self.ids, moved), selected(self.mask, others)

    def append(self, tokens: Sequence[int]) -> tuple[Tensor, Tensor]:
        """Lengthen every line by one token. Returns ids and mask, int64[N, L + 1]."""
        if self.width == self.ids.shape[1]:
            self.ids = torch.nn.functional.pad(self.ids, (0, CHUNK))
            self.mask = torch.nn.functional.pad(self.mask, (0, CHUNK), value=1)
        self.ids[:, self.width] = torch.tensor(tokens, device=self.ids.device)
        self.width += 1
        return self.ids[:, :self.width], self.mask[:, :self.width]
