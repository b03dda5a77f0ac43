"""Force the last token that the budget allows. Text: docs/spec/forced_eos.md."""

import numpy as np

from genspec_reference.context import Context
from genspec_reference.scores import Scores


def forced_eos(scores: Scores, tokens: tuple[int, ...], max_length: int, context: Context) -> Scores:
    """Leave `tokens` alone, with the score 0, at the last place of the row. float[V] -> float[V]."""
    if len(context.tokens) != max_length - 1:
        return scores                                       # FORCED-EOS-3
    forced = np.full_like(scores, -np.inf)
    forced[list(tokens)] = 0.0                              # FORCED-EOS-2
    return forced
