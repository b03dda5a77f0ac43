"""DEV-43: what a group reads that has ended and goes on with the first place of the batch: the cache of that place.

It holds the row, its padding and its source as they were written; which of it is read is told by the prompt itself.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from genspec.conform.deviations.made.padding import WithoutPadding
from genspec_reference.model import Model
from genspec_reference.request import Request

Behind = Callable[[Request, Request], Request]
"""Give the request of a prompt, and of the first one, as one that reads on behind the first."""
SHIFT = 2
"""By how much padding stands further than it is counted: `generate` gives it the position 1, and nothing is read before
it, which makes -1. A scripted model reads a token at another position as another token."""


@dataclass(frozen=True, slots=True)
class FirstCache:
    """A model that goes on with the cache of the first prompt."""

    model: Model                            # of the prompt that reads
    padding: int                            # tokens before the first prompt
    shift: int                              # by how much the padding was written at other positions
    source: tuple[int, ...]                 # of the first prompt, with what stands behind it
    vocab_size: int

    def __call__(self, tokens: tuple[int, ...], source: tuple[int, ...] = ()) -> Any:
        """Ask the model: its mask cuts the first source to the length of its own."""
        padding = tuple((token + self.shift) % self.vocab_size for token in tokens[:self.padding])
        given = () if not source else (self.source[:len(source)],)
        return self.model(padding + tokens[self.padding:], *given)


def behind_the_first(request: Request, first: Request, *, vocab_size: int, positions: bool) -> Request:
    """Give a request whose model reads the cache of the first prompt.

    `positions`: whether the model is told positions, as it is by `generate` since 4.42.
    """
    padding = first.model.front if isinstance(first.model, WithoutPadding) else 0
    shift = SHIFT if positions and request.source is None else 0
    return replace(request, model=FirstCache(request.model, padding, shift, first.source or (), vocab_size))
