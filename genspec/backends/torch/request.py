"""One call of the decoder, with everything decided that can be decided before the first step."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import torch
from torch import Tensor

from genspec.backends.torch.drivers.driver import Driver
from genspec.backends.torch.noise import CountedNoise, GeneratorNoise, GivenNoise, Noise
from genspec.backends.torch.pipeline import Allowed, Pipeline, Processor
from genspec.backends.torch.stopping import Criterion, Detokenize, stopped_by
from genspec.config.plan import DecodingPlan
from genspec_reference import Noise as Given

Tokens = tuple[int, ...]
"""Token ids of one row."""


class Streamer(Protocol):
    """What takes the tokens of one row as they come: the streamers of transformers do."""

    def put(self, value: Tensor) -> None:
        """Take the prompt, int64[1, P], and then each new token, int64[1]."""

    def end(self) -> None:
        """Learn that the row has ended."""


@dataclass(frozen=True, slots=True)
class Request:
    """The plan of each prompt, the model that will read them, and what else the call gave."""

    plans: tuple[DecodingPlan, ...]                 # one a prompt: alike but for its length
    prompts: tuple[Tokens, ...]                     # the decoder's tokens, after the cut of LENGTH-5
    sources: tuple[Tokens, ...] | None              # the encoder's
    driver: Driver
    device: torch.device                            # of the model
    unconditional: Driver | None = None             # the same model without the prompts, where guidance asks for it
    negatives: tuple[Tokens, ...] | None = None     # what it reads instead. GUIDANCE-2
    generator: torch.Generator | None = None
    seeds: tuple[int, ...] | None = None            # one a prompt
    given: Given | None = None                      # the noise of the one prompt, written down
    allowed_tokens: Allowed | None = None
    processors: tuple[Processor, ...] = ()
    criteria: tuple[Criterion, ...] = ()
    detokenize: Detokenize | None = None
    clock: Callable[[], float] = lambda: 0.0
    started: float = 0.0
    streamer: Streamer | None = None

    @property
    def plan(self) -> DecodingPlan:
        """Return the first plan, for what all of them say alike."""
        return self.plans[0]

    @property
    def lines_per_prompt(self) -> int:
        """Return how many lines of a batch belong to one prompt: its rows, or its hypotheses."""
        return self.plan.outputs.num_return_sequences if self.plan.beams is None else self.plan.beams.num_beams

    def elapsed(self) -> float:
        """Read the clock, where a plan asks for it. STOPPING-4."""
        return 0.0 if self.plan.stopping.max_time is None else self.clock() - self.started

    @property
    def stopped(self) -> Callable[[Sequence[Sequence[int]]], list[bool]] | None:
        """Return what tells which rows end by the caller's own rules, None where there are none."""
        pad = self.plan.tokens.pad or 0
        return partial(stopped_by, self.criteria, pad, self.device) if self.criteria else None

    def pipeline(self, vocab_size: int) -> Pipeline:
        """Make the pipeline of all lines."""
        return Pipeline(
            self.plans, self.prompts, self.sources, vocab_size, self.device, lines_per_prompt=self.lines_per_prompt,
            allowed_tokens=self.allowed_tokens, processors=self.processors, keep_scores=self.plan.outputs.scores,
        )

    def noise(self) -> Noise | None:
        """Make the noise of all lines; in a beam mode one line a prompt. SAMPLE-2, BEAM-SAMPLE-3."""
        rows = range(self.plan.outputs.num_return_sequences if self.plan.beams is None else 1)
        if not self.plan.draws:
            return None
        if self.given is not None:
            return GivenNoise(self.given, rows, self.device)
        if self.seeds is None:
            return GeneratorNoise(self.generator, len(self.prompts) * len(rows), self.device)
        seeds = [seed for seed in self.seeds for _ in rows]
        return CountedNoise(seeds, [row for _ in self.seeds for row in rows], self.device)
