"""Scores of all lines between two operations, as a matrix."""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genspec.backends.torch.narrow import Ids, Narrow, Reals, summed
from genspec.backends.torch.ranking import GONE, log_softmax

FEW = 512
"""Up to how many tokens a vocabulary is looked at as a whole."""


Marks = Tensor | NDArray[np.bool_]
"""Lines that are marked: on a CPU NumPy's, which is the quicker of the two for few numbers. bool[N]."""


class LineScores:
    """float32[N, V] that begin as the logits, or as their log-softmax. The logits are never written to."""

    def __init__(self, logits: Tensor, normalised: bool, checked: bool = True) -> None:
        """Begin. `checked`: refuse NaN and plus infinity in the logits. SCORES-2."""
        self.matrix = logits.float()
        self.device = logits.device
        self.own = self.matrix is not logits
        self.refused: Marks = np.zeros(len(logits), dtype=np.bool_)
        if checked:
            self.check()
        if normalised:
            self.replace(log_softmax(self.matrix))

    def settled(self) -> "LineScores":
        """Write all scores down: they are."""
        return self

    def highest(self) -> tuple[Tensor, Tensor] | tuple[Reals, Ids]:
        """Give the highest score of each line and its token, of equal ones the lowest id. [N], int64[N]. GREEDY-2."""
        if self.device.type == "cpu":       # NumPy is the quicker of the two
            scores = self.matrix.numpy()
            tokens = scores.argmax(1)
            return scores[np.arange(len(scores)), tokens], tokens
        highest = self.matrix.max(1)
        return highest.values, highest.indices

    def narrowed(self, count: int | None) -> Narrow | None:
        """Give all tokens where they are few; on a CPU NumPy is the quicker of the two for them."""
        if self.device.type != "cpu" or self.matrix.shape[1] > FEW:
            return None
        return Narrow(np.broadcast_to(np.arange(self.matrix.shape[1]), self.matrix.shape), self.matrix.numpy())

    def leading(self, count: int, totals: Reals, together: int) -> Narrow | None:
        """Give all places and sums, as `WideScores.leading` gives the highest, where they are few."""
        few = self.narrowed(count)
        return None if few is None else summed(few, totals, together, self.matrix.shape[1])

    def replace(self, matrix: Tensor) -> None:
        """Go on with another matrix, which nobody else has when it is new; what is returned unchanged may be shared."""
        self.own = self.own and matrix is self.matrix
        self.matrix = matrix

    def check(self) -> None:
        """Mark the lines with NaN or plus infinity. SCORES-2."""
        if self.device.type == "cpu":
            self.refused = self.refused | ~(self.matrix.amax(1).numpy() < np.inf)       # NaN is not below either
        else:
            self.refused = ~(self.matrix.amax(1) < torch.inf) | torch.as_tensor(self.refused, device=self.device)

    def writable(self) -> Tensor:
        """Give the scores in memory that may be written to: the first time a copy. float32[N * V]."""
        if not self.own or not self.matrix.is_contiguous():
            self.matrix, self.own = self.matrix.clone(memory_format=torch.contiguous_format), True
        return self.matrix.view(-1)

    def write(self, places: Tensor, scores: Tensor) -> None:
        """Give scores to places, line * V + token. int64[n], float32[n]."""
        self.writable()[places] = scores

    def ban(self, places: list[int]) -> None:
        """Give tokens the score minus infinity."""
        self.writable().index_fill_(0, torch.tensor(places, device=self.matrix.device), GONE)

    def change(self, places: NDArray[np.intp], changed: Callable[[Tensor], Tensor]) -> None:
        """Let an operation change the scores at places. int[n], none twice."""
        scores, at = self.writable(), torch.from_numpy(places).to(self.device)
        scores[at] = changed(scores[at])

    def keep(self, line: int, tokens: list[int], score: float | None) -> None:
        """Leave few tokens of a line, with this score or their own."""
        at = torch.tensor(tokens, device=self.matrix.device)
        self.writable()
        row = self.matrix[line]
        scores = row[at] if score is None else torch.full(at.shape, score, device=at.device)
        row.fill_(GONE)
        row[at] = scores
