"""Which prompt each line of a driver belongs to, and how lines change from one step to the next."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor


class Lines:
    """The lines of a batch, prompt after prompt."""

    def __init__(self, prompts: int, repeats: int, device: torch.device) -> None:
        """Begin with `repeats` lines of each prompt."""
        self.prompts = [number for number in range(prompts) for _ in range(repeats)]
        self.device = device

    def move(self, parents: Sequence[int]) -> tuple[Tensor | None, Tensor | None]:
        """Let line i be what line parents[i] was. Returns what selects rows, and what selects prompts, int64[n].

        None where nothing changes: no line has moved; each line still belongs to the prompt that it belonged to.
        """
        if list(parents) == list(range(len(self.prompts))):
            return None, None
        before, self.prompts = self.prompts, [self.prompts[parent] for parent in parents]
        moved = torch.from_numpy(np.array(parents)).to(self.device)     # sooner there than torch.tensor
        return moved, None if self.prompts == before else moved


def selected(values: Tensor, lines: Tensor | None) -> Tensor:
    """Select lines of a tensor. [N, ...], int64[n] or None for all -> [n, ...]."""
    return values if lines is None else values.index_select(0, lines)
