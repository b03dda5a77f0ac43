"""Which tokens of a row an operation looks at. Text: docs/spec/repetition_penalty.md."""

from collections.abc import Iterable
from typing import Literal

import numpy as np

from genspec_reference.scores import Tokens

Scope = Literal["row", "output"]
"""Prompt and new tokens, or new tokens alone."""


def scoped(tokens: tuple[int, ...], prompt_length: int, scope: Scope, window: int | None = None) -> tuple[int, ...]:
    """Give the tokens that count, oldest first: the row's or the new ones alone, and of those the last `window`.

    `window`: at least 0; None is all. REPETITION-PENALTY-2, REPETITION-PENALTY-3
    """
    counted = tokens[prompt_length:] if scope == "output" else tokens
    return counted if window is None else counted[max(0, len(counted) - window):]


def scorable(tokens: Iterable[int], vocab_size: int) -> Tokens:
    """Give each token that has a score once, in order of the ids. int[n]. REPETITION-PENALTY-5.

    A row or a source may hold other ids: a model may read more tokens than it scores.
    """
    return np.array(sorted({token for token in tokens if 0 <= token < vocab_size}), dtype=np.intp)
