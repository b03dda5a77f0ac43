"""What a decoding loop hands on: rows without padding, and what its steps kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import torch
from torch import Tensor

from genspec.backends.torch.drivers.driver import Forward, Layers
from genspec.config.plan import Outputs
from genspec_reference import Row


class Drawn(NamedTuple):
    """A candidate of a beam mode. BEAM-SEARCH-2."""

    total: float
    beam: int
    token: int


@dataclass(frozen=True, slots=True)
class Kept:
    """What one step keeps of its lines: of the tensors only what the plan's outputs ask for."""

    lines: tuple[int, ...]                      # of the whole batch: rows, or prompt * num_beams + place
    scores: Tensor | None = None                # float32[N, V]. OUTPUTS-2
    logits: Tensor | None = None                # float32[N, V]. OUTPUTS-3
    attentions: Layers | None = None            # OUTPUTS-4
    cross_attentions: Layers | None = None
    hidden_states: Layers | None = None         # OUTPUTS-5
    open: Mapping[int, int] = field(default_factory=dict)       # in a beam mode: how many of a prompt's lines are real
    candidates: Mapping[int, Sequence[Drawn]] = field(default_factory=dict)     # and what it considered, by rank


@dataclass(frozen=True, slots=True)
class Decoded:
    """The rows of each prompt, and the steps of the batch."""

    rows: tuple[tuple[Row, ...], ...]
    steps: tuple[Kept, ...]


def kept_of(
    outputs: Outputs, lines: Sequence[int], forward: Forward, scores: Tensor | None,
    *, open_ones: Mapping[int, int] | None = None, candidates: Mapping[int, Sequence[Drawn]] | None = None,
) -> Kept:
    """Keep of one step what was asked for. Logits are copied: the model may use their memory again."""
    return Kept(
        tuple(lines),
        scores=scores if outputs.scores else None,
        logits=forward.logits.to(torch.float32, copy=True) if outputs.logits else None,
        attentions=forward.attentions if outputs.attentions else None,
        cross_attentions=forward.cross_attentions if outputs.attentions else None,
        hidden_states=forward.hidden_states if outputs.hidden_states else None,
        open=open_ones or {},
        candidates=candidates or {},
    )
