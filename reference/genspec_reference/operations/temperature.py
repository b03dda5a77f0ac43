"""Temperature. Text: docs/spec/temperature.md. Source: Ackley et al., Cognitive Science 1985."""

import numpy as np

from genspec_reference.scores import Scores


def temperature(scores: Scores, temperature: float) -> Scores:
    """Divide every score by `temperature`, a number above 0. float[V] -> float[V].

    Minus infinity stays minus infinity. TEMPERATURE-3, TEMPERATURE-4
    """
    with np.errstate(over="ignore"):        # plus infinity is refused by its value: SCORES-2
        return scores / temperature
