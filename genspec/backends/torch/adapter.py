"""The rows behind the lines, for operations that need all their tokens: the reference's, and the caller's own."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from genspec.config.plan import Operation
from genspec.config.profile import Profile
from genspec_reference.context import Context
from genspec_reference.pipeline import arguments_of, functions_of


class Trail(NamedTuple):
    """The newest token of a line and those before it: lines that branch share them."""

    before: "Trail | None"
    token: int
    surprise: float         # in bits, where an operation asks for it. MIROSTAT-3


class Rows:
    """The tokens of every line."""

    def __init__(self, prompts: Sequence[tuple[int, ...]], sources: Sequence[tuple[int, ...]] | None) -> None:
        """Begin with the prompt of each line."""
        self.prompts, self.sources = list(prompts), list(prompts if sources is None else sources)
        self.trails: list[Trail | None] = [None] * len(self.prompts)
        self.ended = [False] * len(self.prompts)
        self.surprises: Sequence[float] = [0.0] * len(self.prompts)

    def __len__(self) -> int:
        """Count the lines."""
        return len(self.prompts)

    def tokens(self, line: int) -> tuple[int, ...]:
        """Give the row of a line, prompt included."""
        return (*self.prompts[line], *(trail.token for trail in self.trail(line)))

    def trail(self, line: int) -> list[Trail]:
        """Give the new tokens of a line in their order."""
        found, trail = [], self.trails[line]
        while trail is not None:
            found.append(trail)
            trail = trail.before
        return found[::-1]

    def padded(self, pad: int, device: torch.device) -> Tensor:
        """Give all rows as one matrix, with padding on the left. int64[N, L]."""
        rows = [self.tokens(line) for line in range(len(self))]
        longest = max(map(len, rows))
        return torch.tensor([[pad] * (longest - len(row)) + list(row) for row in rows], device=device)

    def advance(self, parents: Sequence[int], tokens: Sequence[int | None]) -> None:
        """Continue lines, as `Pipeline.advance` says."""
        self.prompts = [self.prompts[parent] for parent in parents]
        self.sources = [self.sources[parent] for parent in parents]
        before, surprises = self.trails, self.surprises
        self.trails = [before[parent] if token is None else Trail(before[parent], token, surprises[parent])
                       for parent, token in zip(parents, tokens, strict=True)]
        self.ended = [token is None for token in tokens]

    def chosen_from(self, scores: Tensor, tokens: Tensor) -> None:
        """Write down how surprising tokens are. [N, V], int64[N]. MIROSTAT-3."""
        log_q = torch.log_softmax(scores.double(), dim=1).gather(1, tokens[:, None])[:, 0]
        self.surprises = (-log_q / np.log(2)).tolist()

    def context(self, line: int, more: Mapping[str, Any], chance: float) -> Context:
        """Gather what the reference's operations may know of a line."""
        trail = self.trail(line)
        return Context(
            tokens=(*self.prompts[line], *(one.token for one in trail)),
            prompt_length=len(self.prompts[line]),
            source=self.sources[line],
            unconditional_logits=row_of(more["unconditional_logits"], line),
            unfiltered=row_of(more["unfiltered"], line),
            chance=chance,
            surprises=tuple(one.surprise for one in trail),
        )


def by_reference(
    operations: Sequence[Operation | None], scores: Tensor, rows: Rows, *, profile: Profile, more: Mapping[str, Any],
    chances: Sequence[float],
) -> Tensor:
    """Let the reference apply an operation to each line that has not ended. [N, V] -> float32[N, V]."""
    changed = scores.clone()
    for line, operation in enumerate(operations):
        if operation is None or rows.ended[line]:
            continue
        apply, _ = functions_of(operation.name)
        arguments = arguments_of(apply, operation.arguments, rows.context(line, more, chances[line]), profile)
        with np.errstate(over="ignore", invalid="ignore"):
            changed[line] = torch.from_numpy(apply(row_of(scores, line), **arguments))
    return changed


def row_of(matrix: Tensor | None, line: int) -> Any:
    """Give a line of a matrix in the reference's numbers, or nothing."""
    return None if matrix is None else matrix[line].float().cpu().numpy().astype(np.float64)
