"""Rows of several prompts as rectangular arrays, as `generate` of a library with batches returns them.

Text: docs/spec/outputs.md.
"""

from collections.abc import Iterable, Sequence, Sized
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genspec_reference.model import Layers
from genspec_reference.output import GenerateOutput, Row, Run
from genspec_reference.scores import Scores, Tokens

Array = NDArray[np.float64]
"""float, of any shape."""


@dataclass(frozen=True, slots=True)
class Padded:
    """N rows of several prompts, prompt by prompt. S is the number of steps of the longest run. OUTPUTS-15.

    An array of a step has L lines: one a row, or in beam modes `num_beams` a prompt. None stands for what the plan
    did not ask for, what the model did not supply, and what no step gave.
    """

    sequences: Tokens                               # int[N, longest prompt + most new tokens]. OUTPUTS-16
    sequences_scores: Scores | None                 # float[N], in beam modes. OUTPUTS-8
    beam_indices: Tokens | None                     # int[N, most new tokens], in beam modes. OUTPUTS-17
    scores: tuple[Array, ...] | None                # S times float[L, V]
    logits: tuple[Array, ...] | None                # S times float[L, V]
    attentions: tuple[Layers, ...] | None           # S times float[L, heads, positions, row] a layer
    cross_attentions: tuple[Layers, ...] | None     # S times float[L, heads, positions, source] a layer
    hidden_states: tuple[Layers, ...] | None        # S times float[L, positions, d] a layer


def padded(outputs: Sequence[GenerateOutput], pad: int | None, num_beams: int = 1) -> Padded:
    """Put the outputs of several prompts into arrays. OUTPUTS-15 to OUTPUTS-18.

    `outputs`: at least one. `pad`: the plan's pad id (TOKENS-3). `num_beams`: the plan's. Raises ValueError when
    something has to be filled and there is no pad id, for no output, and for another `num_beams`.
    """
    most = max((len(step.scores or step.logits or ()) for output in outputs for run in output.runs for step in run),
               default=0)
    if not outputs or most > num_beams:
        raise ValueError("padded needs at least one output" if not outputs else
                         f"a step kept {most} hypotheses: padded needs num_beams={most}, not {num_beams}")
    rows = [row for output in outputs for row in output.rows]
    scores = [row.score for row in rows if row.score is not None]
    kept = partial(kept_of, outputs, num_beams=num_beams)
    return Padded(
        sequences=sequences_of(rows, pad),
        sequences_scores=np.array(scores) if scores else None,
        beam_indices=beam_indices_of(outputs, num_beams) if scores else None,
        scores=stacked_vectors(kept(name="scores")),
        logits=stacked_vectors(kept(name="logits")),
        attentions=stacked_layers(kept(name="attentions")),
        cross_attentions=stacked_layers(kept(name="cross_attentions"), source=True),
        hidden_states=stacked_layers(kept(name="hidden_states")),
    )


def sequences_of(rows: Sequence[Row], pad: int | None) -> Tokens:
    """Fill prompts on their left and rows on their right. int[N, longest prompt + most new tokens]. OUTPUTS-16.

    Raises ValueError when something has to be filled and there is no pad id.
    """
    before, after = longest(row.tokens[:row.prompt_length] for row in rows), longest(row.new_tokens for row in rows)
    if pad is None and any((row.prompt_length, len(row.new_tokens)) != (before, after) for row in rows):
        raise ValueError("rows of different lengths make no array without a pad id: set pad_token_id (TOKENS-3)")
    fill = -1 if pad is None else pad
    return np.array([
        filled((*(fill,) * (before - row.prompt_length), *row.tokens), before + after, fill) for row in rows
    ], dtype=np.intp)


def beam_indices_of(outputs: Sequence[GenerateOutput], num_beams: int) -> Tokens:
    """Count the hypotheses of all prompts together. int[N, most new tokens], -1 after a row's end. OUTPUTS-17."""
    indices = [
        [number * num_beams + hypothesis for hypothesis in row.beam_indices]
        for number, output in enumerate(outputs) for row in output.rows
    ]
    return np.array([filled(row, longest(indices), -1) for row in indices], dtype=np.intp)


def kept_of(outputs: Sequence[GenerateOutput], num_beams: int, name: str) -> list[list[Any]] | None:
    """Gather what the steps kept under a name, S times L: None for a run that is over or no hypothesis. OUTPUTS-18."""
    runs = [run for output in outputs for run in output.runs]
    if any(getattr(step, name) is None for run in runs for step in run) or not longest(runs):
        return None
    return [
        [kept_at(run, number, hypothesis, name) for run in runs for hypothesis in range(num_beams)]
        for number in range(longest(runs))
    ]


def kept_at(run: Run, number: int, hypothesis: int, name: str) -> Any:
    """Give what one step kept of one open hypothesis, None where there is none."""
    kept = getattr(run[number], name) if number < len(run) else ()
    return kept[hypothesis] if hypothesis < len(kept) else None


def stacked_vectors(steps: list[list[Any]] | None) -> tuple[Array, ...] | None:
    """Stack the vectors of each step, minus infinity where there is none. S times float[L, V]. OUTPUTS-18."""
    return None if steps is None else tuple(stacked(lines, -np.inf) for lines in steps)


def stacked_layers(steps: list[list[Any]] | None, source: bool = False) -> tuple[Layers, ...] | None:
    """Stack the arrays of each step and layer, zero where there is none. S times float[L, ...] a layer. OUTPUTS-18.

    `source`: the last axis is the encoder's input.
    """
    if steps is None:
        return None
    return tuple(
        tuple(
            stacked([None if layers is None else layers[number] for layers in lines], 0.0, source)
            for number in range(longest(layers for layers in lines if layers is not None))
        )
        for lines in steps
    )


def stacked(arrays: Sequence[Array | None], fill: float, source: bool = False) -> Array:
    """Stack arrays of different sizes. L times float[...] -> float[L, ...]. OUTPUTS-18.

    Each is filled in front, as its prompt is, on every axis; the encoder's input is filled at its end.
    """
    whole = np.max([array.shape for array in arrays if array is not None], axis=0)
    stack = np.full((len(arrays), *whole), fill)
    for place, array in zip(stack, arrays, strict=True):
        if array is not None:
            corner = [slice(size - own, size) for size, own in zip(whole, array.shape, strict=True)]
            if source:
                corner[-1] = slice(array.shape[-1])
            place[tuple(corner)] = array
    return stack


def filled(values: Sequence[int], width: int, fill: int) -> tuple[int, ...]:
    """Lengthen a row at its end. int[n] -> int[width]."""
    return (*values, *(fill,) * (width - len(values)))


def longest(rows: Iterable[Sized]) -> int:
    """Give the length of the longest of several sequences."""
    return max(map(len, rows))
