"""Hidden states and attentions as a model of transformers gives them: a tensor a layer, of the new positions only."""

from collections.abc import Callable, Iterable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from genspec_reference.model import Layers, ModelOutput

Answers = Sequence[Sequence[ModelOutput | None]]
"""For each row what the model says at each position that is kept, the newest last; None where nothing was read."""
Array = NDArray[np.float64]
UNREAD = 1.0
"""All numbers of the hidden state of a padding. A real model has one of no length 0 there as well: contrastive search
divides by the length before it masks what comes of it."""


def hidden_states_of(answers: Answers, new: int, *, layer_logits: bool = False) -> tuple[torch.Tensor, ...]:
    """Give float32[n, new, width] a layer; with `layer_logits` instead the logits of each, float32[n, kept, V]."""
    if layer_logits:
        return layer_logits_of(answers)
    return stacked(answers, lambda answer: answer.hidden_states or made_up(answer), (new, 0), fill=UNREAD)


def attentions_of(answers: Answers, new: int, length: int, *, cross: bool = False) -> tuple[torch.Tensor, ...] | None:
    """Give float32[n, heads, new, length] a layer, or None where the model has none."""
    def layers(answer: ModelOutput) -> Layers:
        return (answer.cross_attentions if cross else answer.attentions) or ()

    return stacked(answers, layers, (new, length), from_left=cross) or None


def made_up(answer: ModelOutput) -> Layers:
    """Stand in for the hidden states of a model without any: one layer of one zero."""
    return (np.zeros((1, 1)),)


def layer_logits_of(answers: Answers) -> tuple[torch.Tensor, ...]:
    """Give the logits of each layer, zeros where nothing was read. Raises ValueError for a model without any."""
    newest = answers[0][-1]
    if newest is None or newest.layer_logits is None:
        raise ValueError("DoLa reads the logits of each layer, and this model gives none")
    nothing = tuple(np.zeros_like(layer) for layer in newest.layer_logits)
    given = [[nothing if answer is None else answer.layer_logits or nothing for answer in line] for line in answers]
    return tuple(
        torch.from_numpy(np.array([[layers[number] for layers in line] for line in given], dtype=np.float32))
        for number in range(len(nothing))
    )


def stacked(
    answers: Answers, layers: Callable[[ModelOutput], Layers], room: tuple[int, int], *, from_left: bool = False,
    fill: float = 0.0,
) -> tuple[torch.Tensor, ...]:
    """Stack the arrays of all rows, with `fill` where there is none.

    `room`: how many positions, the last axis but one, and of an attention how long the last axis. Rows stand on the
    right, as their padding is on the left; `from_left`: the last axis is a source, padded on the right.
    """
    given = [layers(answer) if (answer := line[-1]) is not None else () for line in answers]
    most = max(given, key=len, default=())
    return tuple(
        torch.from_numpy(np.stack([
            placed(one[layer] if one else None, shape_of(most[layer], room), from_left, fill) for one in given
        ])) for layer in range(len(most))
    )


def shape_of(array: Array, room: tuple[int, int]) -> tuple[int, ...]:
    """Give the shape in which every row fits."""
    new, length = room
    return (*array.shape[:-2], new, length or array.shape[-1])


def placed(array: Array | None, shape: Iterable[int], from_left: bool, fill: float = 0.0) -> NDArray[np.float32]:
    """Put the newest positions of one row into an array of a shape."""
    whole: NDArray[np.float32] = np.full(tuple(shape), fill, dtype=np.float32)
    if array is None:
        return whole
    newest = array[..., -whole.shape[-2]:, :]
    rows = slice(whole.shape[-2] - newest.shape[-2], None)
    columns = slice(0, newest.shape[-1]) if from_left else slice(whole.shape[-1] - newest.shape[-1], None)
    whole[..., rows, columns] = newest
    return whole
