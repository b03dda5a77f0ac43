"""No EOS before so many new tokens. Text: docs/spec/min_new_tokens.md."""

from genspec_reference.scores import Scores, mask


def min_new_tokens(
    scores: Scores, count: int, eos: tuple[int, ...], tokens: tuple[int, ...], prompt_length: int
) -> Scores:
    """Ban every EOS while the row has fewer than `count` new tokens. float[V] -> float[V]. MIN-NEW-TOKENS-2."""
    return mask(scores, eos) if len(tokens) - prompt_length < count else scores     # MIN-NEW-TOKENS-3
