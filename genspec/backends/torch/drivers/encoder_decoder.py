"""A Hugging Face encoder-decoder model: the encoder runs once, the decoder a token a step."""

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from genspec.backends.torch.drivers.cached import CachedDriver
from genspec.backends.torch.drivers.driver import Encoded, Wanted
from genspec.backends.torch.drivers.lines import selected
from genspec.backends.torch.drivers.padding import right_padded


class Encoder:
    """What the encoder gives for the sources, asked once, whoever reads it."""

    def __init__(self, model: Any, sources: Sequence[Sequence[int]], wanted: Wanted) -> None:
        """Run it on its tokens for each prompt."""
        ids, self.mask = right_padded(sources, model.device)
        self.answer: Any = model.get_encoder()(
            input_ids=ids, attention_mask=self.mask, return_dict=True,
            output_attentions=wanted.attentions, output_hidden_states=wanted.hidden_states,
        )

    @property
    def encoded(self) -> Encoded:
        """Return what it shows of itself."""
        return Encoded(getattr(self.answer, "attentions", None), getattr(self.answer, "hidden_states", None))


class EncoderDecoderDriver(CachedDriver):
    """A decoder over sources that were encoded before."""

    def __init__(self, model: Any, encoder: Encoder, wanted: Wanted, use_cache: bool = True) -> None:
        """`use_cache`: as of `CachedDriver`."""
        super().__init__(model, wanted, use_cache)
        self.encoded = encoder.encoded
        self.kind, self.states, self.source_mask = type(encoder.answer), encoder.answer.last_hidden_state, encoder.mask

    def inputs(self, ids: Tensor, mask: Tensor | None, places: Tensor) -> dict[str, Any]:
        """Name what the model's forward takes. As `CachedDriver.inputs`."""
        return {
            "decoder_input_ids": ids, "decoder_attention_mask": mask,
            "encoder_outputs": self.kind(last_hidden_state=self.states), "attention_mask": self.source_mask,
            **({"decoder_position_ids": places} if "decoder_position_ids" in self.takes else {}),
        }

    def select(self, lines: Tensor | None) -> None:
        """Select lines in what all lines of a prompt share, the source too. int64[n], None: all."""
        super().select(lines)
        self.states, self.source_mask = selected(self.states, lines), selected(self.source_mask, lines)
