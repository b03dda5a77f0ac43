"""The chance of assisted decoding, given: what a position of the row draws does not depend on the rounds of drafts.

`generate` draws a varying count of numbers a round, so that its own generator cannot be replayed position by position.
Here each number that it draws is the one that ASSISTED-16 names for the position; all else is its own code.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from operator import itemgetter
from typing import Any
from unittest import mock

import torch
from transformers.generation import utils
from transformers.generation.logits_process import UnbatchedClassifierFreeGuidanceLogitsProcessor

from genspec.backends.transformers.chance import can_be_drawn_from
from genspec.backends.transformers.model import ScriptedModel
from genspec_reference import Noise


@dataclass
class Chance:
    """The numbers of each position of one row, and the position that is being judged, if any."""

    noise: Noise
    prompt_length: int
    vocab_size: int
    assistant: ScriptedModel | None
    judged: list[int] = field(default_factory=list)
    reads: list[tuple[ScriptedModel, int]] = field(default_factory=list)    # since the last draw
    deaf: bool = False                      # while guidance reads

    def hear(self, reader: ScriptedModel, length: int) -> None:
        """Note who reads how much of the row."""
        if not self.deaf:
            self.reads.append((reader, length))

    def unconditional(self, original: Callable[..., torch.Tensor], guidance: Any, ids: torch.Tensor) -> torch.Tensor:
        """Let guidance read what it reads for itself, which is another row, and may be longer. float32[1, n, V]."""
        self.deaf = True
        try:
            return original(guidance, ids)
        finally:
            self.deaf = False

    def at(self, place: int) -> torch.Tensor:
        """Give the numbers of the token at a place of the row. float64[V], or with an assistant float64[2 V + 2]."""
        size = self.vocab_size if self.assistant is None else 2 * self.vocab_size + 2
        return torch.from_numpy(self.noise(0, place - self.prompt_length, size))

    def multinomial(
        self, original: Callable[..., torch.Tensor], probabilities: torch.Tensor, num_samples: int
    ) -> torch.Tensor:
        """Draw a token for each of the last places that were read, or for the one that is judged. float32[n, V]."""
        if not can_be_drawn_from(probabilities):
            return original(probabilities, num_samples)     # which raises
        reader, length = max(self.reads, key=itemgetter(1))     # the row
        self.reads.clear()
        first = self.judged[0] if self.judged else length - len(probabilities) + 1
        drafting = not self.judged and self.assistant is not None and reader is self.assistant
        begin = self.vocab_size + 2 if drafting else 0
        races = [self.at(first + row)[begin:begin + self.vocab_size] for row in range(len(probabilities))]
        return (probabilities.double() / torch.stack(races)).argmax(-1, keepdim=True)

    def speculative_sampling(
        self, original: Callable[..., Any], ids: torch.Tensor, proposed: torch.Tensor, length: int,
        logits: torch.Tensor, *rest: Any, **more: Any,
    ) -> Any:
        """Judge a draft of some length with the numbers of its places: int[1, n], float32[1, length, V]."""
        start, places = ids.shape[1] - length, torch.arange(length)
        chance = torch.exp(-torch.stack([self.at(start + place)[self.vocab_size + 1] for place in range(length)]))
        ratio = logits.softmax(-1)[0, places, ids[0, start:]] / proposed.softmax(-1)[0, places, ids[0, start:]]
        if (weight := more.get("assistant_ensemble_weight")) is not None:
            ratio = 1 - weight + weight * ratio
        self.judged.append(start + int(((chance > ratio).cumsum(0) < 1).sum()))
        try:
            with mock.patch.object(torch, "rand_like", lambda like: chance.to(like.dtype).reshape(like.shape)):
                return original(ids, proposed, length, logits, *rest, **more)
        finally:
            self.judged.clear()
            self.reads.clear()


@contextmanager
def given_chance(chance: Chance) -> Iterator[None]:
    """Let assisted decoding draw with given numbers."""
    speculative = partial(chance.speculative_sampling, utils._speculative_sampling)
    guided = UnbatchedClassifierFreeGuidanceLogitsProcessor
    asks = guided.get_unconditional_logits

    def unconditional(guidance: Any, ids: torch.Tensor) -> torch.Tensor:
        return chance.unconditional(asks, guidance, ids)

    with mock.patch.object(ScriptedModel, "readers", [chance.hear]), \
            mock.patch.object(utils, "_speculative_sampling", speculative), \
            mock.patch.object(guided, "get_unconditional_logits", unconditional), \
            mock.patch.object(torch, "multinomial", partial(chance.multinomial, torch.multinomial)):
        yield
