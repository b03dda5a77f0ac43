"""Force the first new token. Text: docs/spec/forced_bos.md."""

import numpy as np

from genspec_reference.scores import Scores


def forced_bos(scores: Scores, token: int, tokens: tuple[int, ...]) -> Scores:
    """Leave one token alone, with the score 0, while the row holds one token. float[V] -> float[V]."""
    if len(tokens) != 1:
        return scores                                       # FORCED-BOS-3
    forced = np.full_like(scores, -np.inf)
    forced[token] = 0.0                                     # FORCED-BOS-2
    return forced
