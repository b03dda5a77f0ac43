"""No n-gram twice in a row. Text: docs/spec/no_repeat_ngram.md. Source: Paulus et al., ICLR 2018."""

from genspec_reference.scope import Scope, scoped, scorable
from genspec_reference.scores import Scores, mask
from genspec_reference.sequences import ngram_endings


def no_repeat_ngram(
    scores: Scores, size: int, tokens: tuple[int, ...], prompt_length: int, ngram_scope: Scope = "row"
) -> Scores:
    """Ban every token that would complete an n-gram seen before.

    `scores`: float[V]; `size`: n, at least 1; `tokens`: the row. Returns float[V].
    """
    counted = scoped(tokens, prompt_length, ngram_scope)    # NO-REPEAT-NGRAM-2
    endings = ngram_endings(counted, counted, size)         # NO-REPEAT-NGRAM-3, NO-REPEAT-NGRAM-4
    return mask(scores, scorable(endings, scores.size))     # NO-REPEAT-NGRAM-5
