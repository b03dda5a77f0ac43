"""A penalty for every time a token was seen. Text: docs/spec/frequency_penalty.md. Source: OpenAI API reference."""

import numpy as np

from genspec_reference.scope import Scope, scoped
from genspec_reference.scores import Scores


def frequency_penalty(
    scores: Scores, penalty: float, *, tokens: tuple[int, ...], prompt_length: int, count_scope: Scope = "output",
    penalty_window: int | None = None,
) -> Scores:
    """Subtract `penalty` from the score of a token for each time that it is counted. float[V] -> float[V].

    `tokens`: the row; `prompt_length`: how many of them are the prompt. FREQUENCY-PENALTY-2, FREQUENCY-PENALTY-3
    """
    counted = scoped(tokens, prompt_length, count_scope, penalty_window)                    # FREQUENCY-PENALTY-2
    times = np.bincount(np.array(counted, dtype=np.intp), minlength=scores.size)
    return np.asarray(scores - penalty * times[:scores.size])                               # FREQUENCY-PENALTY-3
