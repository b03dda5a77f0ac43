"""From decoded rows to what `generate` returns, under the names of transformers. Text: docs/spec/outputs.md."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from genspec.backends.torch.decoded import Decoded
from genspec.backends.torch.drivers.driver import Layers
from genspec.backends.torch.request import Request
from genspec_reference import Row


@dataclass
class GenerateOutput:
    """What `generate` returns with `return_dict_in_generate`. S steps, N rows, L lines: one a row or hypothesis.

    Where transformers is loaded its own classes are returned, of the same names and shapes.
    """

    sequences: Tensor                                       # int64[N, row]. OUTPUTS-16
    scores: tuple[Tensor, ...] | None = None                # S times float32[L, V]. OUTPUTS-18
    logits: tuple[Tensor, ...] | None = None                # S times float32[L, V]
    past_key_values: Any = None


@dataclass
class GenerateDecoderOnlyOutput(GenerateOutput):
    """Of a decoder-only model."""

    attentions: tuple[Layers, ...] | None = None            # S times float[L, heads, q, row] a layer
    hidden_states: tuple[Layers, ...] | None = None         # S times float[L, q, d] a layer


@dataclass
class GenerateEncoderDecoderOutput(GenerateOutput):
    """Of an encoder-decoder model."""

    encoder_attentions: Layers | None = None                # float[P, heads, source, source] a layer
    encoder_hidden_states: Layers | None = None             # float[P, source, d] a layer
    decoder_attentions: tuple[Layers, ...] | None = None
    cross_attentions: tuple[Layers, ...] | None = None      # S times float[L, heads, q, source] a layer
    decoder_hidden_states: tuple[Layers, ...] | None = None


@dataclass
class GenerateBeamDecoderOnlyOutput(GenerateDecoderOnlyOutput):
    """Of a decoder-only model in a beam mode."""

    sequences_scores: Tensor | None = None                  # float32[N]. OUTPUTS-8
    beam_indices: Tensor | None = None                      # int64[N, most new tokens]. OUTPUTS-17


@dataclass
class GenerateBeamEncoderDecoderOutput(GenerateEncoderDecoderOutput):
    """Of an encoder-decoder model in a beam mode."""

    sequences_scores: Tensor | None = None
    beam_indices: Tensor | None = None


OURS = {
    (False, False): GenerateDecoderOnlyOutput,
    (False, True): GenerateEncoderDecoderOutput,
    (True, False): GenerateBeamDecoderOnlyOutput,
    (True, True): GenerateBeamEncoderDecoderOutput,
}


def written(request: Request, decoded: Decoded) -> Any:
    """Write rows as a tensor, and with `return_dict_in_generate` as an output of transformers. OUTPUTS-15 to 18."""
    rows = [row for prompt in decoded.rows for row in prompt]
    sequences = sequences_of(rows, request.plan.tokens.pad, request.device)
    if not request.plan.outputs.return_dict:
        return sequences
    encodes = request.sources is not None
    values = {
        "sequences": sequences,
        "past_key_values": request.driver.cache,
        **steps_of(decoded, len(request.prompts) * request.lines_per_prompt, encodes),
        **(beams_of(request, decoded) if request.plan.beams is not None else {}),
        **(encoder_of(request) if encodes else {}),
    }
    kind = class_of(request.plan.beams is not None, encodes)
    return kind(**values)


def class_of(beams: bool, encodes: bool) -> Any:
    """Give the class of an output: that of transformers where it is loaded, so that nothing heavy is loaded for it."""
    own = OURS[beams, encodes]
    return getattr(sys.modules.get("transformers.generation.utils"), own.__name__, own)


def sequences_of(rows: Sequence[Row], pad: int | None, device: torch.device) -> Tensor:
    """Fill prompts on their left and rows on their right. int64[N, longest prompt + most new tokens]. OUTPUTS-16.

    Raises ValueError when something has to be filled and there is no pad id. TOKENS-3
    """
    before, after = max(row.prompt_length for row in rows), max(len(row.new_tokens) for row in rows)
    ragged = any((row.prompt_length, len(row.new_tokens)) != (before, after) for row in rows)
    if ragged and pad is None:
        raise ValueError("rows of different lengths make no tensor without a pad id: set pad_token_id [TOKENS-3]")
    fill = 0 if pad is None else pad
    return torch.tensor([
        [fill] * (before - row.prompt_length) + [*row.tokens] + [fill] * (after - len(row.new_tokens)) for row in rows
    ], device=device)


def steps_of(decoded: Decoded, lines: int, encodes: bool) -> dict[str, Any]:
    """Gather what the steps kept, each under its name, for all lines; None for what was not kept. OUTPUTS-18."""
    names = {
        "scores": "scores",
        "logits": "logits",
        "attentions": "decoder_attentions" if encodes else "attentions",
        "hidden_states": "decoder_hidden_states" if encodes else "hidden_states",
        **({"cross_attentions": "cross_attentions"} if encodes else {}),
    }
    return {name: kept_under(kept, decoded, lines) for kept, name in names.items()}


def kept_under(name: str, decoded: Decoded, lines: int) -> tuple[Any, ...] | None:
    """Give what every step kept under a name, in its place among all lines of the batch."""
    kept = [getattr(step, name) for step in decoded.steps]
    if not kept or any(one is None for one in kept):
        return None
    fill = -torch.inf if name in ("scores", "logits") else 0.0
    return tuple(
        spread(one, step.lines, lines, fill) if isinstance(one, Tensor)
        else tuple(spread(layer, step.lines, lines, fill) for layer in one)
        for one, step in zip(kept, decoded.steps, strict=True)
    )


def spread(values: Tensor, places: Sequence[int], lines: int, fill: float) -> Tensor:
    """Put the lines of a step in their places. [n, ...] -> [lines, ...], filled where a line has ended. OUTPUTS-18."""
    if len(places) == lines:
        return values
    whole = values.new_full((lines, *values.shape[1:]), fill)
    whole[list(places)] = values
    return whole


def beams_of(request: Request, decoded: Decoded) -> dict[str, Tensor]:
    """Give the scores of the rows, and where their tokens came from. OUTPUTS-8, OUTPUTS-17."""
    rows = [row for prompt in decoded.rows for row in prompt]
    beams, width = request.lines_per_prompt, max(len(row.beam_indices) for row in rows)
    indices = [
        [number * beams + beam for beam in row.beam_indices] + [-1] * (width - len(row.beam_indices))
        for number, prompt in enumerate(decoded.rows) for row in prompt
    ]
    return {
        "sequences_scores": torch.tensor([row.score for row in rows], dtype=torch.float32, device=request.device),
        "beam_indices": torch.tensor(indices, dtype=torch.int64, device=request.device),
    }


def encoder_of(request: Request) -> dict[str, Any]:
    """Give what the encoder showed, where it was asked for."""
    encoded, outputs = request.driver.encoded, request.plan.outputs
    return {
        "encoder_attentions": encoded.attentions if encoded and outputs.attentions else None,
        "encoder_hidden_states": encoded.hidden_states if encoded and outputs.hidden_states else None,
    }
