"""A number added to the token that completes a sequence. Text: docs/spec/sequence_bias.md."""

from collections.abc import Iterable, Sequence

from genspec_reference.scores import Scores
from genspec_reference.sequences import completes


def sequence_bias(scores: Scores, biases: Iterable[tuple[Sequence[int], float]], tokens: tuple[int, ...]) -> Scores:
    """Add each bias to the last token of its sequence, where the row ends with the tokens before it.

    `scores`: float[V]; `tokens`: the row. Returns float[V].
    """
    biased = scores.copy()
    for sequence, bias in biases:
        if completes(sequence, tokens):                     # SEQUENCE-BIAS-2, SEQUENCE-BIAS-3
            biased[sequence[-1]] += bias                    # SEQUENCE-BIAS-4  biases add up
    return biased
