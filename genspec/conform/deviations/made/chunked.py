"""DEV-62: a prompt that is read in chunks, beside a source."""

from dataclasses import dataclass, replace
from typing import Any

from genspec.conform.deviations.counterfactual import Situation
from genspec_reference.model import Model


def source_is_cut(situation: Situation) -> Situation | None:
    """Let the first pass read as many tokens of the source as the decoder's prompt has."""
    if situation.call.sources is None or situation.call.config.get("prefill_chunk_size") is None:
        return None
    request = situation.request
    return replace(situation, request=replace(request, model=CutAtFirst(request.model, len(request.prompt))))


@dataclass(frozen=True, slots=True)
class CutAtFirst:
    """A model whose first pass sees the beginning of the source alone."""

    model: Model
    length: int                             # tokens of the decoder's prompt

    def __call__(self, tokens: tuple[int, ...], source: tuple[int, ...] = ()) -> Any:
        """Ask the model."""
        return self.model(tokens, source if len(tokens) > self.length else source[:self.length])
