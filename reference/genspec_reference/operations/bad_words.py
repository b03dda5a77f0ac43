"""Token sequences that are never completed. Text: docs/spec/bad_words.md."""

from collections.abc import Iterable, Sequence

import numpy as np

from genspec_reference.scores import Scores, mask
from genspec_reference.sequences import completes


def bad_words(scores: Scores, words: Iterable[Sequence[int]], tokens: tuple[int, ...]) -> Scores:
    """Ban the last token of each sequence, where the row ends with the tokens before it.

    `scores`: float[V]; `tokens`: the row. Returns float[V].
    """
    banned = [word[-1] for word in words if completes(word, tokens)]    # BAD-WORDS-2, BAD-WORDS-3
    return mask(scores, np.array(banned, dtype=np.intp))
