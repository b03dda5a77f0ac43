"""What a decoder returns. Text: docs/spec/outputs.md."""

from dataclasses import dataclass, field
from typing import Any

from genspec_reference.beams.hypotheses import Selection
from genspec_reference.model import Layers
from genspec_reference.pipeline import Applied
from genspec_reference.scores import Scores
from genspec_reference.select import Choice
from genspec_reference.stopping import FinishReason


def kept() -> Any:
    """Declare what a step keeps when it is asked for. Arrays have no truth value, so it is not compared."""
    return field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a run. n is the number of open hypotheses: 1 outside the beam modes."""

    choices: tuple[Choice, ...]             # the token taken; in beam modes the candidates in their order
    margin: float                           # the least distance of any decision of this step to the other side
    scores: tuple[Scores, ...] | None = kept()             # n times float[V], after the last operation. OUTPUTS-2
    logits: tuple[Scores, ...] | None = kept()             # n times float[V], before the first operation. OUTPUTS-3
    attentions: tuple[Layers, ...] | None = kept()         # n times float[heads, q, row] a layer. OUTPUTS-4
    cross_attentions: tuple[Layers, ...] | None = kept()   # n times float[heads, q, source] a layer. OUTPUTS-4
    hidden_states: tuple[Layers, ...] | None = kept()   # n times float[q, d] a layer. OUTPUTS-5, OUTPUTS-11
    applied: tuple[tuple[Applied, ...], ...] = field(default=(), compare=False)     # n pipelines, in a trace
    selections: tuple[Selection, ...] = field(default=(), compare=False)    # in a beam mode one a group, in a trace


Run = tuple[Step, ...]
"""The steps of one search: of one drawn row, or of all hypotheses of a beam mode together."""


@dataclass(frozen=True, slots=True)
class Row:
    """One returned sequence. OUTPUTS-6."""

    tokens: tuple[int, ...]                 # prompt and new tokens, no padding
    prompt_length: int
    finish_reason: FinishReason
    score: float | None = None              # in beam modes: the hypothesis' score. OUTPUTS-8
    beam_indices: tuple[int, ...] = ()      # in beam modes: which open hypothesis each new token extended. OUTPUTS-9
    run: int = 0                            # the run whose steps produced it

    @property
    def new_tokens(self) -> tuple[int, ...]:
        """Return the row without the prompt."""
        return self.tokens[self.prompt_length:]


@dataclass(frozen=True, slots=True)
class GenerateOutput:
    """The rows of one prompt, best first in beam modes, and the runs that produced them."""

    rows: tuple[Row, ...]
    runs: tuple[Run, ...]

    @property
    def sequences(self) -> tuple[tuple[int, ...], ...]:
        """Return the rows' tokens, prompt included. OUTPUTS-7."""
        return tuple(row.tokens for row in self.rows)

    @property
    def new_tokens(self) -> tuple[tuple[int, ...], ...]:
        """Return the rows' tokens without the prompt. OUTPUTS-7."""
        return tuple(row.new_tokens for row in self.rows)
