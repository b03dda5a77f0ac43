"""Tokens that are never produced. Text: docs/spec/suppress.md."""

from genspec_reference.scores import Scores, mask


def suppress(scores: Scores, tokens: tuple[int, ...]) -> Scores:
    """Ban the tokens at every step. float[V] -> float[V]. SUPPRESS-3."""
    return mask(scores, tokens)
