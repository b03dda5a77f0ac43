"""Eta sampling. Text: docs/spec/eta_cutoff.md. Source: Hewitt et al., Findings of EMNLP 2022."""

import math

from genspec_reference.operations.epsilon_cutoff import keep_from, margin_at
from genspec_reference.scores import Scores, entropy


def eta_cutoff(scores: Scores, epsilon: float, min_keep: int = 1) -> Scores:
    """Keep the tokens that are probable enough for the entropy of the distribution.

    `scores`: float[V]; `epsilon`: in (0, 1). Returns float[V], minus infinity for every other token.
    """
    return keep_from(scores, eta(scores, epsilon), min_keep)            # ETA-CUTOFF-3, ETA-CUTOFF-4


def eta(scores: Scores, epsilon: float) -> float:
    """Give the cutoff: `epsilon`, or less when the entropy is high. float[V]. ETA-CUTOFF-2."""
    return min(epsilon, math.sqrt(epsilon) * math.exp(-entropy(scores)))


def eta_cutoff_margin(scores: Scores, epsilon: float, min_keep: int = 1) -> float:
    """Give how near, in nats, a token is to being kept or dropped instead. ETA-CUTOFF-3, ETA-CUTOFF-4."""
    return margin_at(scores, eta(scores, epsilon), min_keep)
