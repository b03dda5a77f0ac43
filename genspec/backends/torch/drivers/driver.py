"""What the decoding loops ask of a model: begin with prompts, then take one token a line."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from torch import Tensor

Layers = tuple[Tensor, ...]
"""One tensor a layer."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a forward pass is asked for beside logits. OUTPUTS-4, OUTPUTS-5."""

    attentions: bool = False
    hidden_states: bool = False


class Forward(NamedTuple):
    """What a model gives at one step for N lines. Nothing of it may be written to: a model may own the memory."""

    logits: Tensor                          # float[N, V], in the model's dtype
    attentions: Layers | None = None        # float[N, heads, q, row] a layer
    cross_attentions: Layers | None = None  # float[N, heads, q, source] a layer
    hidden_states: Layers | None = None     # float[N, q, d] a layer


@dataclass(frozen=True, slots=True)
class Encoded:
    """What an encoder shows of itself, once a prompt. OUTPUTS-4, OUTPUTS-5."""

    attentions: Layers | None = None        # float[P, heads, source, source] a layer
    hidden_states: Layers | None = None     # float[P, source, d] a layer


class Driver(Protocol):
    """A model in the middle of a call: it remembers its lines."""

    def start(self, prompts: Sequence[Sequence[int]], repeats: int) -> Forward:
        """Read the prompts, each once, and go on with `repeats` lines of each, prompt after prompt."""

    def step(self, tokens: Sequence[int], parents: Sequence[int]) -> Forward:
        """Let line i continue what line parents[i] was, by tokens[i]. There are as many lines as tokens.

        Lines of one prompt stand together. A line that nobody continues is gone.
        """

    @property
    def cache(self) -> Any:
        """Return what the model keeps from step to step, None where nothing is kept."""

    @property
    def encoded(self) -> Encoded | None:
        """Return what the encoder showed, None without an encoder."""


def repeated(values: Tensor, repeats: int) -> Tensor:
    """Repeat every line, its copies side by side. [P, ...] -> [P * repeats, ...]."""
    return values if repeats == 1 else values.repeat_interleave(repeats, dim=0)


def last_logits(answer: Any) -> Tensor:
    """Take the logits of the token after each row from what a model gave. float[N, V].

    Raises ValueError for anything else.
    """
    logits = getattr(answer, "logits", answer)
    if not isinstance(logits, Tensor) or logits.ndim not in (2, 3):
        shape = tuple(logits.shape) if isinstance(logits, Tensor) else type(logits).__name__
        raise ValueError(f"a model gives a tensor of logits, [N, V] or [N, L, V], and this one gave {shape}")
    if logits.ndim == 2:
        return logits
    newest = logits.select(1, -1)
    return newest if logits.shape[1] == 1 else newest.clone()       # lets go of the other places
