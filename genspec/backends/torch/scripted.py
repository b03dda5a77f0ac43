"""A model of the reference, a function of one row, as a function of a batch."""

from collections.abc import Callable
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from genspec_reference import Model
from genspec_reference.model import evaluate

Batched = Callable[..., Tensor]
"""`drivers.function.Function`."""


def batched(model: Model, dtype: torch.dtype = torch.float32, device: torch.device | str = "cpu") -> Batched:
    """Ask a model for each row of a batch, without what fills it. A row that it has seen is not asked for again."""

    @lru_cache(maxsize=4096)
    def logits_after(row: tuple[int, ...], source: tuple[int, ...] | None) -> Tensor:
        return torch.from_numpy(np.asarray(evaluate(model, row, source).logits)).to(dtype)

    def function(tokens: Tensor, mask: Tensor, *source: Tensor) -> Tensor:
        rows = unfilled(tokens, mask)
        sources = unfilled(*source) if source else [None] * len(rows)
        return torch.stack([logits_after(row, own) for row, own in zip(rows, sources, strict=True)]).to(device)

    return function


def unfilled(tokens: Tensor, mask: Tensor) -> list[tuple[int, ...]]:
    """Take the rows out of a batch. int64[N, L], int64[N, L]."""
    return [tuple(row[kept.bool()].tolist()) for row, kept in zip(tokens.cpu(), mask.cpu(), strict=True)]
