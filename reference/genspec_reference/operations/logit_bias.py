"""What is added to the scores of single tokens. Text: docs/spec/logit_bias.md. Source: OpenAI API reference."""

from collections.abc import Iterable

import numpy as np

from genspec_reference.arguments import refuse_unless
from genspec_reference.scores import Scores


def logit_bias(scores: Scores, biases: Iterable[tuple[int, float]]) -> Scores:
    """Add to each named token its bias. float[V] -> float[V]. LOGIT-BIAS-2.

    `biases`: pairs of a token id and a real number or minus infinity. Raises `Rejected` for any other. LOGIT-BIAS-1
    """
    biased = scores.copy()
    for token, bias in biases:
        inside = 0 <= token < scores.size
        refuse_unless(inside, "biases", token, "LOGIT-BIAS-1", f"a token id in [0, {scores.size})")
        refuse_unless(bias < np.inf, "biases", bias, "LOGIT-BIAS-1", "a real number or minus infinity")
        biased[token] += bias
    return biased
