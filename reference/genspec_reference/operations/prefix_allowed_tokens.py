"""Only what the caller allows. Text: docs/spec/prefix_allowed_tokens.md. Source: De Cao et al., ICLR 2021."""

from operator import index

import numpy as np

from genspec.config.decision import Reason, Rejected
from genspec_reference.context import Allowed
from genspec_reference.scores import Scores


def prefix_allowed_tokens(scores: Scores, allowed_tokens: Allowed | None, tokens: tuple[int, ...]) -> Scores:
    """Ban every token that the caller's function does not allow after the row. float[V] -> float[V].

    `tokens`: the row. Raises `Rejected` when it allows none, or an id outside the vocabulary, and ValueError when
    there is no function.
    """
    if allowed_tokens is None:
        raise ValueError("prefix_allowed_tokens needs a function from a row to token ids")
    allowed = sorted(set(map(index, allowed_tokens(tokens))))
    if not allowed:
        raise refused(allowed, "PREFIX-ALLOWED-TOKENS-3", "it allows no token")
    if allowed[0] < 0 or allowed[-1] >= scores.size:
        raise refused(allowed, "PREFIX-ALLOWED-TOKENS-4", f"it allows an id that is not in [0, {scores.size})")
    constrained = np.full_like(scores, -np.inf)
    constrained[allowed] = scores[allowed]                  # PREFIX-ALLOWED-TOKENS-2, PREFIX-ALLOWED-TOKENS-5
    return constrained


def refused(allowed: list[int], clause: str, message: str) -> Rejected:
    """Say why an answer of the caller's function is refused."""
    remedy = "Let it give at least one token id of the vocabulary for every row."
    return Rejected((Reason("prefix_allowed_tokens_fn", allowed, clause, f"{message}.", remedy),))
