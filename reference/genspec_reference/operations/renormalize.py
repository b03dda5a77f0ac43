"""The last operation: scores become log-probabilities. Text: docs/spec/renormalize.md."""

from genspec_reference.scores import Scores, log_softmax


def renormalize(scores: Scores) -> Scores:
    """Give the log-softmax of the scores. float[V] -> float[V]. RENORMALIZE-2, RENORMALIZE-3."""
    return log_softmax(scores)
