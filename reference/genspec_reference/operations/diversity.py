"""The penalty on tokens of earlier groups. Text: docs/spec/diversity.md. Source: Vijayakumar et al., AAAI 2018."""

import numpy as np

from genspec_reference.scores import Scores


def diversity(scores: Scores, penalty: float, taken: tuple[int, ...]) -> Scores:
    """Subtract `penalty` from a token's score once for every hypothesis that took it. DIVERSITY-1.

    `scores`: float[V]; `taken`: ids, one a hypothesis of the earlier groups. Returns float[V].
    """
    return scores - penalty * np.bincount(np.array(taken, dtype=np.intp), minlength=scores.size)
