"""What a campaign runs: the values from which every case follows."""

from collections.abc import Iterator
from dataclasses import dataclass

CHUNK = 250
"""Cases of a chunk: some seconds of work, so that an interruption costs little."""


@dataclass(frozen=True, slots=True)
class Campaign:
    """A decoder, a profile and a seed. A chunk is a function of these values and of its number."""

    decoder: str                            # transformers, torch, reference or module:factory
    profile: str = "hf"
    cases: int = 1000
    seed: int = 0
    modes: tuple[str, ...] = ()             # of DecodingPlan; none: all
    chunk: int = CHUNK
    case_seconds: float = 30.0              # a case that takes longer has timed out
    memory_mib: int = 4096                  # what the decoder's process may take, beyond what it has when loaded
    strategy: str = "genspec.conform.strategies:calls"      # where the cases come from

    def chunks(self) -> Iterator[tuple[int, int]]:
        """Give the number of each chunk and of its cases."""
        for number in range(-(-self.cases // self.chunk)):
            yield number, self.count_of(number)

    def count_of(self, number: int) -> int:
        """Give how many cases a chunk has."""
        return min(self.chunk, self.cases - number * self.chunk)

    def seed_of(self, number: int) -> int:
        """Give the seed of a chunk, another one for every chunk of every campaign."""
        return (self.seed << 32) + number
