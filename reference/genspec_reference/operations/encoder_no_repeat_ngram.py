"""No n-gram of the source in the output. Text: docs/spec/encoder_no_repeat_ngram.md."""

from genspec_reference.scope import scorable
from genspec_reference.scores import Scores, mask
from genspec_reference.sequences import ngram_endings


def encoder_no_repeat_ngram(scores: Scores, size: int, tokens: tuple[int, ...], source: tuple[int, ...]) -> Scores:
    """Ban every token that would complete an n-gram of the source at the end of the row.

    `scores`: float[V]; `size`: n, at least 1; `tokens`: the row; `source`: the encoder's tokens, or the prompt.
    Returns float[V].
    """
    endings = ngram_endings(source, tokens, size)           # ENCODER-NO-REPEAT-NGRAM-2, -3
    return mask(scores, scorable(endings, scores.size))     # ENCODER-NO-REPEAT-NGRAM-4
