"""Evidence against a law: a mixture of likelihood ratios, which is an e-process. Guide: docs/guide/laws.md.

Source: Ville, Étude critique de la notion de collectif, 1939; Ramdas, Grünwald, Vovk and Shafer, Game-Theoretic
Statistics and Safe Anytime-Valid Inference, Statistical Science 2023.
"""

from dataclasses import dataclass, field

import numpy as np

from genspec_reference.scores import Scores


@dataclass
class Evidence:
    """The mean, over bets, of the product of q / p over all draws. Its expectation under p is at most 1 at any time.

    So the chance that it ever reaches 1 / a is at most a, whenever one looks. `drift`: what rounding may add to a
    logarithm, a draw; it is taken off, so that the bound holds for a decoder that rounds.
    """

    bets: int
    drift: float = 0.0
    draws: int = 0
    logs: Scores = field(init=False)        # float[bets]: the logarithm of each product
    greatest: float = field(init=False, default=0.0)    # of the logarithms of the mean, over time

    def __post_init__(self) -> None:
        """Begin with one."""
        self.logs = np.zeros(self.bets)

    def add(self, ratios: Scores, bound: float) -> bool:
        """Take draws: log q / p of each bet, float[n, bets]. Stop at the one that brings the mean to exp(bound).

        Returns whether it was reached.
        """
        paths = self.logs + np.cumsum(ratios - self.drift, axis=0)
        means = np.logaddexp.reduce(paths, axis=1) - np.log(self.bets)
        reached = np.flatnonzero(means >= bound)
        taken = int(reached[0]) + 1 if reached.size else len(ratios)
        if taken:
            self.draws += taken
            self.logs = paths[taken - 1]
            self.greatest = max(self.greatest, float(means[:taken].max()))
        return bool(reached.size)

    @property
    def best(self) -> int:
        """Name the bet that has won most."""
        return int(np.argmax(self.logs))
