"""What an operation may know besides the scores: the row and what the call gave. Text: docs/spec/pipeline.md."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from genspec_reference.scores import Scores

Allowed = Callable[[tuple[int, ...]], Iterable[int]]
"""Give the ids that may follow a row. PREFIX-ALLOWED-TOKENS-1."""


@dataclass(frozen=True, slots=True)
class Context:
    """One row at one step. An operation takes from it, by name, what its function has as a parameter."""

    tokens: tuple[int, ...]                     # the row so far: prompt and new tokens
    prompt_length: int                          # how many of them are the prompt
    source: tuple[int, ...] = ()                # the encoder's tokens; the prompt in a decoder-only model
    unconditional_logits: Scores | None = None  # float[V]: the model's without the prompt. GUIDANCE-2
    unfiltered: Scores | None = None            # float[V]: scores before the first truncation of this step
    allowed_tokens: Allowed | None = None       # PREFIX-ALLOWED-TOKENS-1
    chance: float = 0.0                         # one number drawn uniformly from (0, 1) for this step
    surprises: tuple[float, ...] = ()           # bits of each new token under the scores that it was drawn from
