"""The last operation: scores become log-probabilities. Text: docs/spec/renormalize.md."""

from torch import Tensor

from genspec.backends.torch.ranking import log_softmax


def renormalize(scores: Tensor) -> Tensor:
    """Give the log-softmax of the scores. [N, n] -> [N, n]. RENORMALIZE-2, RENORMALIZE-3."""
    return log_softmax(scores)
