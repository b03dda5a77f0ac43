"""Rows of several lengths as one tensor, with a mask of what is no padding."""

from collections.abc import Sequence

import torch

from genspec.backends.call import Tokens

Padded = tuple[torch.Tensor, torch.Tensor]
"""Ids and mask, both int64[n, longest]."""


def left_padded(rows: Sequence[Tokens], fill: int) -> Padded:
    """Fill shorter rows in front, as a decoder needs it."""
    width = max(map(len, rows))
    return (
        torch.tensor([[fill] * (width - len(row)) + list(row) for row in rows], dtype=torch.long),
        torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows]),
    )


def right_padded(rows: Sequence[Tokens], fill: int) -> Padded:
    """Fill shorter rows at their end, as tokenizers do for an encoder."""
    width = max(map(len, rows))
    return (
        torch.tensor([list(row) + [fill] * (width - len(row)) for row in rows], dtype=torch.long),
        torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in rows]),
    )
