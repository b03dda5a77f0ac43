"""Top-H truncation. Text: docs/spec/top_h.md."""

from torch import Tensor

from genspec.backends.torch.ranking import descending, entropy_terms, log_softmax, without


def top_h(scores: Tensor, h: float) -> Tensor:
    """Keep the most probable tokens, in order, while their part of the entropy is at most `h` of it.

    [N, n] -> [N, n].
    """
    ranked = descending(scores)[1]                                          # TOP-H-3
    reached = entropy_terms(log_softmax(scores.double())).gather(1, ranked).cumsum(1)
    keep = reached <= h * reached[:, -1:]                                   # TOP-H-2
    keep[:, 0] = True                                                       # TOP-H-4
    return without(scores, ranked, keep)
