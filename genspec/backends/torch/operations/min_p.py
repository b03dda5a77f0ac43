"""Min-p truncation. Text: docs/spec/min_p.md."""

from torch import Tensor

from genspec.backends.torch.ranking import GONE, first, softmax


def min_p(scores: Tensor, p: float, min_keep: int = 1) -> Tensor:
    """Keep the tokens at least `p` times as probable as the most probable one of their line. [N, n] -> [N, n]."""
    q = softmax(scores.double())
    keep = q >= p * q.amax(1, keepdim=True)                         # MIN-P-2
    return scores.masked_fill(~(keep | first(scores, min_keep)), GONE)      # MIN-P-3
