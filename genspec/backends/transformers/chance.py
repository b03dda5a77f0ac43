"""Noise that is given, in the place of torch's generator: `torch.multinomial` runs the same race on other numbers.

A draw of torch is a race on the CPU (SAMPLE-1): the n greatest p / e, with e from the generator. Here e comes from the
call. All else is the code of `generate`.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from typing import Any
from unittest import mock

import numpy as np
import torch

from genspec_reference import Noise


@contextmanager
def given_noise(noises: Sequence[Noise]) -> Iterator[None]:
    """Let `generate` draw with the noise of each prompt: its nth draw is step n of every row."""
    original, steps = torch.multinomial, count()

    def multinomial(probabilities: torch.Tensor, num_samples: int, *rest: Any, **more: Any) -> torch.Tensor:
        if not can_be_drawn_from(probabilities) or num_samples > probabilities.shape[-1]:
            return original(probabilities, num_samples, *rest, **more)      # which raises
        noise = noise_of_step(noises, probabilities.shape, next(steps))
        return torch.topk(probabilities.double() / noise, num_samples, dim=-1).indices

    with mock.patch.object(torch, "multinomial", multinomial):
        yield


def can_be_drawn_from(probabilities: torch.Tensor) -> bool:
    """Tell whether each line has numbers alone and a token left. float[n, V]."""
    sums = probabilities.sum(-1)
    return bool((torch.isfinite(sums) & (sums > 0)).all())


def noise_of_step(noises: Sequence[Noise], shape: Sequence[int], step: int) -> torch.Tensor:
    """Give the noise of one draw: as many rows for each prompt. float64[rows, size]."""
    rows, size = shape
    each = rows // len(noises)
    return torch.from_numpy(np.stack([noise(row, step, size) for noise in noises for row in range(each)]))
