"""What a model is: a function from a row to the logits of the next token. Text: docs/spec/scores.md."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from genspec_reference.scores import Scores, as_scores

Layers = tuple[NDArray[np.float64], ...]
"""One array a layer."""


@dataclass(frozen=True, slots=True)
class ModelOutput:
    """What a model gives for one row of n tokens. Only the logits are needed; the rest is used when it is there."""

    logits: Scores                          # float[V]: of the token after the row
    hidden_states: Layers | None = None     # float[n, d] a layer, the last layer last. OUTPUTS-5
    attentions: Layers | None = None        # float[heads, n, n] a layer. OUTPUTS-4
    cross_attentions: Layers | None = None  # float[heads, n, source] a layer. OUTPUTS-4
    layer_logits: Layers | None = None      # float[V] a layer, the embeddings first, the last layer last. DOLA-2
    tied_embeddings: bool = False           # the output matrix is the embedding matrix. DOLA-3


Model = Callable[..., ModelOutput | ArrayLike]
"""`model(tokens)`, or `model(tokens, source)` for an encoder-decoder model, gives a `ModelOutput` or bare logits.

`tokens`: the row so far, a tuple of ids; `source`: the tokens given to the encoder. The same arguments always give
the same logits: a model has no state.
"""


def evaluate(model: Model, tokens: tuple[int, ...], source: tuple[int, ...] | None) -> ModelOutput:
    """Ask the model for the token after a row. All logits become float64, in arrays of their own.

    Raises ValueError for another shape.
    """
    answer: Any = model(tokens) if source is None else model(tokens, source)
    if not isinstance(answer, ModelOutput):
        return ModelOutput(as_scores(answer))
    layers = None if answer.layer_logits is None else tuple(as_scores(layer) for layer in answer.layer_logits)
    return replace(answer, logits=as_scores(answer.logits), layer_logits=layers)
