"""A Hugging Face model that keeps keys and values from step to step, as far as both kinds of model agree."""

import inspect
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from genspec.backends.torch.drivers.driver import Encoded, Forward, Layers, Wanted, last_logits, repeated
from genspec.backends.torch.drivers.lines import Lines, selected
from genspec.backends.torch.drivers.padding import left_padded, ragged
from genspec.backends.torch.drivers.rows import Rows


class CachedDriver(ABC):
    """Lines whose past stands in the model's cache; or whole rows, where the model has none or shall have none."""

    encoded: Encoded | None = None

    def __init__(self, model: Any, wanted: Wanted, use_cache: bool = True) -> None:
        """Begin before the prompts are read. `use_cache` False: every step reads whole rows. CACHE-1."""
        self.model, self.wanted, self.use_cache = model, wanted, use_cache
        self.device: torch.device = model.device
        inner = model.get_base_model() if hasattr(model, "get_base_model") else model       # behind an adapter
        self.takes = frozenset(inspect.signature(inner.forward).parameters)
        self.takes_places = bool(self.takes & {"position_ids", "decoder_position_ids"})
        self.asked = {
            "use_cache": use_cache, "return_dict": True,
            "output_attentions": wanted.attentions, "output_hidden_states": wanted.hidden_states,
            **({"logits_to_keep": 1} if "logits_to_keep" in self.takes else {}),
        }
        self.cache: Any = None

    @abstractmethod
    def inputs(self, ids: Tensor, mask: Tensor | None, places: Tensor) -> dict[str, Any]:
        """Name what the model's forward takes: the newest tokens, the mask of whole rows, and the tokens' places.

        int64[N, q]; int64[N, row], None where nothing fills a row; int64[N, q].
        """

    def start(self, prompts: Sequence[Sequence[int]], repeats: int) -> Forward:
        """Read the prompts, each once."""
        ids, mask = left_padded(prompts, self.device)
        self.filled, places = ragged(prompts), places_in(mask)
        answer = self.ask(ids, mask, places)
        self.lines, self.mask, self.newest = Lines(len(prompts), 1, self.device), mask, places[:, -1:]
        self.rows = None if self.cache is not None else Rows(ids, mask)
        if repeats > 1:
            self.move([line for line in range(len(prompts)) for _ in range(repeats)])
        return self.forward_of(answer, repeats)

    def step(self, tokens: Sequence[int], parents: Sequence[int]) -> Forward:
        """Append one token a line."""
        self.move(parents)
        if self.rows is not None:
            ids, mask = self.rows.append(tokens)
            return self.forward_of(self.ask(ids, mask, places_in(mask)), newest_only=True)
        if self.filled:
            self.mask = torch.nn.functional.pad(self.mask, (0, 1), value=1)
        if self.takes_places:
            self.newest = self.newest + 1
        ids = torch.from_numpy(np.array(tokens)[:, None]).to(self.device)       # sooner there than torch.tensor
        return self.forward_of(self.ask(ids, self.mask, self.newest))

    def move(self, parents: Sequence[int]) -> None:
        """Let line i be what line parents[i] was."""
        moved, others = self.lines.move(parents)
        if self.rows is not None:
            self.rows.move(moved, others)
        elif moved is not None:
            reorder(self.cache, moved, of_one_source=others is None)
        self.select(others)

    def select(self, lines: Tensor | None) -> None:
        """Select lines in what all lines of a prompt share. int64[n], None: all."""
        self.mask, self.newest = selected(self.mask, lines), selected(self.newest, lines)

    def ask(self, ids: Tensor, mask: Tensor, places: Tensor) -> Any:
        """Run the model on tokens, and keep its cache. int64[N, q], int64[N, row], int64[N, q]."""
        answer = self.model(
            **self.inputs(ids, mask if self.filled else None, places), past_key_values=self.cache, **self.asked,
        )
        kept = getattr(answer, "past_key_values", None) if self.use_cache else None
        self.cache = kept if hasattr(kept, "reorder_cache") else None
        return answer

    def forward_of(self, answer: Any, repeats: int = 1, newest_only: bool = False) -> Forward:
        """Take from a model's answer what a step keeps. `newest_only`: of the last place alone. OUTPUTS-11."""
        logits = repeated(last_logits(answer), repeats)
        if not (self.wanted.attentions or self.wanted.hidden_states):
            return Forward(logits)

        def layers(*names: str) -> Layers | None:
            given = next((found for name in names if (found := getattr(answer, name, None))), None)
            if given is None or any(layer is None for layer in given):
                return None
            return tuple(repeated(layer[..., -1:, :] if newest_only else layer, repeats) for layer in given)

        return Forward(
            logits,
            attentions=layers("decoder_attentions", "attentions"),
            cross_attentions=layers("cross_attentions"),
            hidden_states=layers("decoder_hidden_states", "hidden_states"),
        )


def places_in(mask: Tensor) -> Tensor:
    """Count the tokens of each row from 0; what fills a row has some number. int64[N, L] -> int64[N, L]."""
    return (mask.cumsum(1) - 1).clamp(min=0)


def reorder(cache: Any, lines: Tensor, of_one_source: bool) -> None:
    """Let the lines of a cache be others. `of_one_source`: each reads the source that it read, so that part stays."""
    (getattr(cache, "self_attention_cache", cache) if of_one_source else cache).reorder_cache(lines)
