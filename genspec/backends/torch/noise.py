"""The exponential numbers of a step, for all lines at once: counted from seeds, or drawn from torch's generator."""

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor

from genspec_reference.scripted import FIRST, SECOND, STEP, state_after

SIGN = 1 << 63


class Noise(Protocol):
    """Where chance comes from, one stream a row; in a beam mode all hypotheses of a prompt share one."""

    def exponentials(self, step: int, size: int, streams: Sequence[int], places: Tensor | None = None) -> Tensor:
        """Give the Exp(1) numbers of a step: float[n, size] of n streams, or those at the places, int64[n, m]."""

    def chances(self, step: int, size: int, streams: Sequence[int]) -> list[float]:
        """Give a number of (0, 1) for each stream, made of the noise behind its first `size` numbers. XTC-2."""


class GeneratorNoise:
    """The numbers that `torch.multinomial` draws from a generator's state: the same on a CPU, number for number.

    Every step draws for all streams at once, and in order, whichever of them still need numbers: so a row's draws
    depend on its batch, as they do there.
    """

    def __init__(self, generator: torch.Generator | None, streams: int, device: torch.device | str = "cpu") -> None:
        """Begin where the generator stands; None is torch's own. `streams`: how many there are in all."""
        self.generator, self.streams, self.device = generator, streams, torch.device(device)
        self.memory = torch.empty(0, device=self.device)

    def exponentials(self, step: int, size: int, streams: Sequence[int], places: Tensor | None = None) -> Tensor:
        """Draw float32[all streams, size], and give those asked for."""
        if self.memory.shape != (self.streams, size):
            self.memory = torch.empty(self.streams, size, device=self.device)
        drawn = self.memory.exponential_(1, generator=self.generator)
        if len(streams) < self.streams:
            drawn = drawn[torch.tensor(streams, device=self.device)]
        return drawn if places is None else drawn.gather(1, places)

    def chances(self, step: int, size: int, streams: Sequence[int]) -> list[float]:
        """Draw one number more for each stream."""
        drawn = torch.empty(self.streams, device=self.device).exponential_(1, generator=self.generator)
        chances: list[float] = torch.exp(-drawn.double()).tolist()
        return [chances[stream] for stream in streams]


class CountedNoise:
    """The noise of `genspec_reference.counted_noise`, computed where the tensors are, and only what is asked for.

    Streams do not share anything: a row has the same numbers in every batch, at every place in it. SAMPLE-7
    """

    def __init__(
        self, seeds: Sequence[int], rows: Sequence[int] | None = None, device: torch.device | str = "cpu"
    ) -> None:
        """Take the seed of each stream, and which of its prompt's returned rows it is for; the first by default."""
        self.seeds, self.rows = tuple(seeds), tuple(rows or (0,) * len(seeds))
        self.device = torch.device(device)

    def exponentials(self, step: int, size: int, streams: Sequence[int], places: Tensor | None = None) -> Tensor:
        """Count float64[n, size], or float64[n, m] at the places."""
        if places is None:
            places = torch.arange(size, device=self.device)
        states = [signed(state_after(self.seeds[stream], (self.rows[stream], step))) for stream in streams]
        words = mixed(torch.tensor(states, device=self.device)[:, None] ^ (places + 1))
        return uniforms(words).log_().neg_()

    def chances(self, step: int, size: int, streams: Sequence[int]) -> list[float]:
        """Count the number behind the first `size`."""
        place = torch.full((len(streams), 1), size, device=self.device)
        chances: list[float] = torch.exp(-self.exponentials(step, size, streams, place))[:, 0].tolist()
        return chances


def mixed(words: Tensor) -> Tensor:
    """Mix 64 bits of each number, as `scripted.mixed_each` does. int64[...] -> int64[...]; products wrap around."""
    words = words + signed(STEP)
    words = (words ^ shifted(words, 30)).mul_(signed(FIRST))
    words = (words ^ shifted(words, 27)).mul_(signed(SECOND))
    return words ^ shifted(words, 31)


def shifted(words: Tensor, bits: int) -> Tensor:
    """Shift to the right and fill up with zeros, which torch does for no signed number. int64[...] -> int64[...]."""
    return (words >> bits).bitwise_and_((1 << (64 - bits)) - 1)


def signed(word: int) -> int:
    """Read 64 bits as a signed number."""
    return (word ^ SIGN) - SIGN


def uniforms(words: Tensor) -> Tensor:
    """Give the middle of one of 2^52 equal parts of (0, 1) for each word. int64[...] -> float64[...]. SAMPLE-7."""
    return shifted(words, 12).double().add_(0.5).mul_(2.0**-52)
