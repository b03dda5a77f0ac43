"""A scripted model that shows its layers: hidden states and the logits of every layer. Text: docs/spec/vectors.md."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from genspec_reference.model import Layers, ModelOutput
from genspec_reference.scripted import Scripted, state_after, words_of


@dataclass(frozen=True, slots=True)
class Layered:
    """A model whose logits are those of the scripted model `history`, with layers 0 to `layers` below them.

    Layer l below the last has the logits of `history` with the seed + l + 1. A hidden state is `width` multiples of
    1/32 in [-4, 4): the even ones depend on the position's token only, the odd ones on all that the model has read.
    VECTORS-13
    """

    seed: int
    vocab_size: int = 16
    eos: tuple[int, ...] = ()
    layers: int = 4
    width: int = 4
    tied: bool = False
    kind: str = "layers"

    def __call__(self, tokens: tuple[int, ...], source: tuple[int, ...] = ()) -> ModelOutput:
        """Give logits, hidden states and the logits of each layer. Raises ValueError for a token outside V."""
        logits = Scripted("history", self.seed, self.vocab_size, self.eos)(tokens, source)
        below = (Scripted("history", self.seed + layer + 1, self.vocab_size) for layer in range(self.layers))
        return ModelOutput(
            logits,
            hidden_states=self.hidden_states(tokens, source),
            layer_logits=(*(model(tokens, source) for model in below), logits),
            tied_embeddings=self.tied,
        )

    def hidden_states(self, tokens: tuple[int, ...], source: tuple[int, ...]) -> Layers:
        """Give float[n, width] for each of the layers 0 to `layers`."""
        rows = [(*source, *tokens[: place + 1]) for place in range(len(tokens))]
        return tuple(
            np.array([self.hidden_state(layer, row) for row in rows]) for layer in range(self.layers + 1)
        )

    def hidden_state(self, layer: int, row: tuple[int, ...]) -> NDArray[np.float64]:
        """Give the hidden state of the newest position of a row. float[width]."""
        of_token = numbers_of(state_after(self.seed, (layer, row[-1])), self.width)
        of_row = numbers_of(state_after(self.seed, (layer, *row)), self.width)
        return np.where(np.arange(self.width) % 2 == 0, of_token, of_row)


def numbers_of(state: int, count: int) -> NDArray[np.float64]:
    """Give multiples of 1/32 in [-4, 4) made of a state. float[count]."""
    return (words_of(state, count) % np.uint64(256)).astype(np.float64) / 32 - 4
