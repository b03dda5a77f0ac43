"""The noise of a call, prompt by prompt: counted from seeds, or replayed from the generator that torch would use."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from genspec.backends.call import Call
from genspec_reference import Noise, counted_noise, given_noise
from genspec_reference.scores import Scores

if TYPE_CHECKING:
    import torch


def noises_of(call: Call) -> Sequence[Noise]:
    """Give the noise of each prompt. Raises ValueError for a call that draws and has no seed."""
    if call.noise is not None:
        return [written_noise(call.noise)]
    if call.seeds is not None:
        return [counted_noise(seed) for seed in call.seeds]
    if call.seed is None:
        raise ValueError("this call draws: it needs seed=, seeds= or noise=")
    return replayed_noises(call, call.seed)


def written_noise(rows: Sequence[Sequence[Sequence[float]]]) -> Noise:
    """Give the noise of one prompt as it is written down, row by row and step by step. VECTORS-10."""
    return lambda row, step, size: given_noise(rows[row])(0, step, size)


def replayed_noises(call: Call, seed: int) -> Sequence[Noise]:
    """Replay what `torch.multinomial` draws on a CPU in a batch of these prompts. SAMPLE-1, BEAM-SAMPLE-1."""
    beams, wanted = call.plans[0].beams, call.plans[0].outputs.num_return_sequences
    rows, width = (wanted, 1) if beams is None else (1, beams.num_beams)
    stream = Stream(seed, len(call.prompts) * rows, width * call.model.vocab_size)
    return [stream.of_prompt(number * rows) for number in range(len(call.prompts))]


class Stream:
    """The exponentials of one generator, a step at a time, kept so that each row can be asked alone."""

    def __init__(self, seed: int, rows: int, size: int) -> None:
        """Begin with no step drawn."""
        self.seed, self.shape = seed, (rows, size)
        self.generator: torch.Generator | None = None
        self.steps: list[Scores] = []

    def of_prompt(self, first_row: int) -> Noise:
        """Give the noise of one prompt, whose first returned row stands at this place in the batch."""
        return lambda row, step, size: self.step(step)[first_row + row, :size]

    def step(self, step: int) -> Scores:
        """Give the noise of all rows at a step. float[rows, size]."""
        import torch

        if self.generator is None:
            self.generator = torch.Generator().manual_seed(self.seed)
        while len(self.steps) <= step:
            drawn = torch.empty(self.shape).exponential_(1, generator=self.generator)
            self.steps.append(np.asarray(drawn, dtype=np.float64))
        return self.steps[step]
