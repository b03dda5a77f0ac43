"""Classifier-free guidance. Text: docs/spec/guidance.md. Source: Sanchez et al., 2023."""

import numpy as np

from genspec_reference.scores import Scores, log_softmax


def guidance(scores: Scores, scale: float, unconditional_logits: Scores | None) -> Scores:
    """Move away from what the model says without the prompt: u + g (c - u). float[V] -> float[V].

    `scale`: g, at least 0. `unconditional_logits`: float[V], of GUIDANCE-2. Raises ValueError without them.
    """
    if unconditional_logits is None or unconditional_logits.shape != scores.shape:
        raise ValueError("guidance needs unconditional logits, as many as there are scores")
    c, u = log_softmax(scores), log_softmax(unconditional_logits)
    if scale == 0:
        return u                                            # GUIDANCE-3
    guided = np.full_like(c, -np.inf)                       # GUIDANCE-4
    guided[(u == -np.inf) & (c > -np.inf)] = np.inf if scale > 1 else -np.inf
    finite = (c != -np.inf) & (u != -np.inf)
    guided[finite] = u[finite] + scale * (c[finite] - u[finite])    # GUIDANCE-3
    return guided
