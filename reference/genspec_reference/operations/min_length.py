"""No EOS in a short row, prompt included. Text: docs/spec/min_length.md."""

from genspec_reference.scores import Scores, mask


def min_length(scores: Scores, length: int, eos: tuple[int, ...], tokens: tuple[int, ...]) -> Scores:
    """Ban every EOS while the row has fewer than `length` tokens. float[V] -> float[V]. MIN-LENGTH-2, MIN-LENGTH-3."""
    return mask(scores, eos) if len(tokens) < length else scores
