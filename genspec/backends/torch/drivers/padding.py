"""Rows of different lengths as one tensor."""

from collections.abc import Sequence

import torch
from torch import Tensor


def left_padded(rows: Sequence[Sequence[int]], device: torch.device, fill: int = 0) -> tuple[Tensor, Tensor]:
    """Fill rows in front to the longest. Returns ids and mask, both int64[rows, longest]."""
    width = max(map(len, rows))
    ids = [[fill] * (width - len(row)) + list(row) for row in rows]
    mask = [[0] * (width - len(row)) + [1] * len(row) for row in rows]
    return torch.tensor(ids, device=device), torch.tensor(mask, device=device)


def right_padded(rows: Sequence[Sequence[int]], device: torch.device, fill: int = 0) -> tuple[Tensor, Tensor]:
    """Fill rows behind to the longest. Returns ids and mask, both int64[rows, longest]."""
    width = max(map(len, rows))
    ids = [list(row) + [fill] * (width - len(row)) for row in rows]
    mask = [[1] * len(row) + [0] * (width - len(row)) for row in rows]
    return torch.tensor(ids, device=device), torch.tensor(mask, device=device)


def ragged(rows: Sequence[Sequence[int]]) -> bool:
    """Tell whether rows differ in length."""
    return len({len(row) for row in rows}) > 1
