"""One plan with everything that a call gives beside it. Text: docs/spec/README.md."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from genspec.config.plan import DecodingPlan
from genspec_reference.context import Allowed, Context
from genspec_reference.model import Model
from genspec_reference.noise import Noise
from genspec_reference.scores import Scores

Detokenize = Callable[[Sequence[int]], str]
"""Give the text of a row. STOPPING-3."""
Clock = Callable[[], float]
"""Give the time in seconds. STOPPING-4."""
Processor = Callable[[Scores, Context], Scores]
"""An operation of the caller's own. PIPELINE-1."""


@dataclass(frozen=True, slots=True)
class Request:
    """What a mode reads: the plan, the model, the prompt, and what else the call gave."""

    plan: DecodingPlan
    model: Model
    prompt: tuple[int, ...]                         # the decoder's tokens, after the cut of LENGTH-5
    source: tuple[int, ...] | None = None           # the encoder's tokens of an encoder-decoder model
    noise: Noise | None = None                      # SAMPLE-2
    detokenize: Detokenize | None = None            # STOPPING-3
    clock: Clock | None = None                      # STOPPING-4
    started: float = 0.0                            # what the clock said before the first step
    allowed_tokens: Allowed | None = None           # PREFIX-ALLOWED-TOKENS-1
    negative_prompt: tuple[int, ...] | None = None  # GUIDANCE-2
    processors: tuple[Processor, ...] = ()          # PIPELINE-1
    assistant: Model | None = None                  # ASSISTED-2
    trace: bool = False                             # keep the scores after every operation

    @property
    def wants_noise(self) -> bool:
        """Tell whether a step draws anything."""
        return self.plan.draws or self.plan.operation("xtc") is not None
