"""The exponential numbers of a step, for all lines at once: counted from seeds, or drawn from torch's generator."""

from collections.abc import Sequence
from functools import cache
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genspec_reference import Noise as Given
from genspec_reference import noise
from genspec_reference.noise import seed_of
from genspec_reference.scripted import FIRST, SECOND, STEP, state_after
from genspec_reference.scripted import mixed as mixed_word

SIGN, MANTISSA = 1 << 63, (1 << 53) - 1
TRIED = 4096


class Noise(Protocol):
    """Where chance comes from, one stream a row; in a beam mode all hypotheses of a prompt share one.

    Exactly one of `exponentials` and `at` is asked at each step, for the streams in their order.
    """

    def keep(self, streams: Sequence[int]) -> None:
        """Go on with some of the streams only: their places among those that there are, rising."""

    def exponentials(self, step: int, size: int) -> Tensor:
        """Give the Exp(1) numbers of a step: float[streams, size]."""

    def at(self, step: int, size: int, places: NDArray[np.intp]) -> NDArray[Any]:
        """Give those at few places. int[streams, n] -> float[streams, n]."""

    def chances(self, step: int, size: int) -> list[float]:
        """Give a number of (0, 1) for each stream, made of the noise behind its first `size` numbers. XTC-2."""


class GeneratorNoise:
    """The numbers that `torch.multinomial` draws from a generator's state: the same on a CPU, number for number.

    Every step draws for all streams at once, and in order, whichever of them still need numbers: so a row's draws
    depend on its batch, as they do there.
    """

    def __init__(self, generator: torch.Generator | None, streams: int, device: torch.device | str = "cpu") -> None:
        """Begin where the generator stands; None is torch's own. `streams`: how many there are."""
        self.generator, self.streams, self.device = generator, streams, torch.device(device)
        self.memory, self.left = torch.empty(0, device=self.device), list(range(streams))

    def keep(self, streams: Sequence[int]) -> None:
        """Go on drawing for all, and give the numbers of some."""
        self.left = [self.left[stream] for stream in streams]

    def exponentials(self, step: int, size: int) -> Tensor:
        """Draw float32[streams, size], of all streams, and give those that are left."""
        if self.memory.shape != (self.streams, size):
            self.memory = torch.empty(self.streams, size, device=self.device)
        drawn = self.memory.exponential_(1, generator=self.generator)
        return drawn if len(self.left) == self.streams else drawn[self.left]

    def at(self, step: int, size: int, places: NDArray[np.intp]) -> NDArray[Any]:
        """Draw all, and give those asked for. On a CPU the others are drawn as words only, and never made numbers."""
        if not is_logarithm_of_words():
            return np.take_along_axis(self.exponentials(step, size).cpu().numpy(), places, 1)
        memory, words = torch.empty(size, dtype=torch.int64), np.empty(places.shape, dtype=np.int64)
        rows = {stream: row for row, stream in enumerate(self.left)}
        for stream in range(self.streams):
            drawn = memory.random_(generator=self.generator).numpy()
            if stream in rows:
                words[rows[stream]] = drawn[places[rows[stream]]]
        return exponentials_of(words)

    def chances(self, step: int, size: int) -> list[float]:
        """Draw one number more for each stream."""
        drawn = torch.empty(self.streams, device=self.device).exponential_(1, generator=self.generator)
        return torch.exp(-drawn.double())[self.left].tolist()


class CountedNoise:
    """The noise of `genspec_reference.counted_noise`, computed where the tensors are, and only what is asked for.

    Streams do not share anything: a row has the same numbers in every batch, at every place in it. SAMPLE-7
    """

    def __init__(
        self, seeds: Sequence[int], rows: Sequence[int] | None = None, device: torch.device | str = "cpu"
    ) -> None:
        """Take the seed of each stream, and which of its prompt's returned rows it is for; the first by default."""
        rows = rows or [0] * len(seeds)
        self.begun = [state_after(seed_of(seed), (row,)) for seed, row in zip(seeds, rows, strict=True)]
        self.device = torch.device(device)

    def keep(self, streams: Sequence[int]) -> None:
        """Forget the others."""
        self.begun = [self.begun[stream] for stream in streams]

    def states(self, step: int) -> list[int]:
        """Give the state of each stream at a step."""
        return [mixed_word(begun ^ (step + 1)) for begun in self.begun]

    def exponentials(self, step: int, size: int) -> Tensor:
        """Count float64[streams, size]."""
        states = torch.tensor([signed(state) for state in self.states(step)], device=self.device)
        words = mixed(states[:, None] ^ torch.arange(1, size + 1, device=self.device))
        return uniforms(words).log_().neg_()

    def at(self, step: int, size: int, places: NDArray[np.intp]) -> NDArray[Any]:
        """Count those asked for."""
        states = np.array(self.states(step), dtype=np.uint64)
        return -np.log(noise.uniforms(mixed_words(states[:, None] ^ (places + 1).astype(np.uint64))))

    def chances(self, step: int, size: int) -> list[float]:
        """Count the number behind the first `size`."""
        behind = np.full((len(self.begun), 1), size)
        drawn: list[float] = np.exp(-self.at(step, size, behind))[:, 0].tolist()
        return drawn


class GivenNoise:
    """Numbers that are written down, by the same functions that give the reference its noise. VECTORS-10."""

    def __init__(self, noise: Given, rows: Sequence[int], device: torch.device | str = "cpu") -> None:
        """Take the noise of one prompt, and which of its returned rows each stream is for."""
        self.noise, self.rows, self.device = noise, list(rows), torch.device(device)

    def keep(self, streams: Sequence[int]) -> None:
        """Forget the others."""
        self.rows = [self.rows[stream] for stream in streams]

    def exponentials(self, step: int, size: int) -> Tensor:
        """Read float64[streams, size]."""
        return torch.from_numpy(self.numbers(step, size)).to(self.device)

    def at(self, step: int, size: int, places: NDArray[np.intp]) -> NDArray[Any]:
        """Read those asked for."""
        return np.take_along_axis(self.numbers(step, size), places, 1)

    def chances(self, step: int, size: int) -> list[float]:
        """Read the number behind the first `size`."""
        drawn: list[float] = np.exp(-self.numbers(step, size + 1)[:, size]).tolist()
        return drawn

    def numbers(self, step: int, size: int) -> NDArray[np.float64]:
        """Read the numbers of a step. float64[streams, size]."""
        return np.stack([self.noise(row, step, size) for row in self.rows])


def exponentials_of(words: NDArray[np.int64]) -> NDArray[np.float32]:
    """Make of 64 random bits what torch's `exponential_` makes of them on a CPU. int64[...] -> float32[...]."""
    return np.asarray(-np.log1p(-((words & MANTISSA) * 2.0**-53)), dtype=np.float32)


@cache
def is_logarithm_of_words() -> bool:
    """Try whether this torch draws exponential numbers from words, one after another: then few can be made alone."""
    one, other = torch.Generator().manual_seed(TRIED), torch.Generator().manual_seed(TRIED)
    words = torch.empty(TRIED, dtype=torch.int64).random_(generator=one)
    drawn = torch.empty(TRIED).exponential_(1, generator=other)
    same = np.array_equal(exponentials_of(words.numpy()), drawn.numpy())
    return same and torch.equal(one.get_state(), other.get_state())


def mixed_words(words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Mix 64 bits of each number where they stand, as `scripted.mixed_each` does."""
    words += STEP
    words ^= words >> 30
    words *= FIRST
    words ^= words >> 27
    words *= SECOND
    words ^= words >> 31
    return words


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
