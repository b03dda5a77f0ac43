"""A model of the reference as an encoder-decoder model of transformers.

Its encoder gives the source's ids, each as a state of width 1; its decoder reads them across, and its own earlier
tokens out of its cache, as the decoder-only model does.
"""

from typing import Any

import torch
from transformers.modeling_outputs import BaseModelOutput, Seq2SeqLMOutput

from genspec.backends.transformers import cache as caches
from genspec.backends.transformers.layers import attentions_of, hidden_states_of
from genspec.backends.transformers.model import (
    Row,
    ScriptedConfig,
    ScriptedModel,
    kept,
    logits_of,
    rows_read,
)
from genspec.backends.transformers.version import HAS_CACHES
from genspec_reference.model import Model


class ScriptedEncoder(torch.nn.Module):
    """What `get_encoder` gives."""

    main_input_name = "input_ids"

    def forward(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor | None = None, **_: Any
    ) -> BaseModelOutput:
        """Give float32[n, source, 1]: the ids."""
        return BaseModelOutput(last_hidden_state=input_ids[:, :, None].float())


class ScriptedEncoderDecoder(ScriptedModel):
    """A function from a row and a source to logits."""

    def __init__(self, config: ScriptedConfig, function: Model | None = None) -> None:
        """Wrap a function, as the decoder-only model does."""
        config.is_encoder_decoder = True
        super().__init__(config, function)
        self.encoder = ScriptedEncoder()

    def get_encoder(self, *_: Any, **__: Any) -> ScriptedEncoder:
        """Return the encoder, which `generate` runs once."""
        return self.encoder

    def forward(    # type: ignore[override]  # noqa: PLR0917  the order of transformers
        self,
        input_ids: torch.Tensor | None = None,
        attention_mask: torch.Tensor | None = None,
        decoder_input_ids: torch.Tensor | None = None,
        decoder_attention_mask: torch.Tensor | None = None,
        encoder_outputs: Any = None,
        past_key_values: Any = None,
        use_cache: bool | None = None,
        output_attentions: bool | None = None,
        output_hidden_states: bool | None = None,
        logits_to_keep: int = 0,
        **_: Any,
    ) -> Seq2SeqLMOutput:
        """Read the new tokens of the decoder behind those of the cache. int64[n, q] -> float32[n, kept, V].

        `attention_mask`: of the source. Raises ValueError when there is nothing for the decoder to read.
        """
        if decoder_input_ids is None:
            raise ValueError("You have to specify decoder_input_ids: the decoder has nothing to read")
        if encoder_outputs is None:
            encoder_outputs = self.encoder(input_ids)
        if past_key_values is None and use_cache:
            past_key_values = new_cache()
        new = decoder_input_ids.shape[1]
        ids, past_key_values = caches.append(past_key_values, decoder_input_ids)
        across, past_key_values = caches.source_of(past_key_values, encoder_outputs[0][:, :, 0].long())
        sources: list[Row] = [line[-1] for line in rows_read(across, attention_mask, 1)]
        rows = rows_read(ids, decoder_attention_mask, new)
        self.tell(ids.shape[1])
        answers = [
            [self.answer(row, source) if row else None for row in kept(line, logits_to_keep)]
            for line, source in zip(rows, sources, strict=True)
        ]
        return Seq2SeqLMOutput(
            logits=logits_of(answers, self.config.vocab_size),
            past_key_values=past_key_values,
            decoder_hidden_states=hidden_states_of(answers, new) if output_hidden_states else None,
            decoder_attentions=attentions_of(answers, new, ids.shape[1]) if output_attentions else None,
            cross_attentions=attentions_of(answers, new, across.shape[1], cross=True) if output_attentions else None,
            encoder_last_hidden_state=encoder_outputs[0],
        )

    if not HAS_CACHES:

        def prepare_inputs_for_generation(
            self, input_ids: torch.Tensor, past_key_values: Any = None, **kwargs: Any
        ) -> dict[str, Any]:
            """Cut what the cache holds already, but for the last token: contrastive search gives that one alone."""
            read = min(caches.length_of(past_key_values), input_ids.shape[1] - 1)
            return {**kwargs, "decoder_input_ids": input_ids[:, read:], "past_key_values": past_key_values}


def new_cache() -> Any:
    """Make the cache of a decoder that is called without one."""
    if not HAS_CACHES:
        return ()
    from transformers.cache_utils import DynamicCache, EncoderDecoderCache

    return EncoderDecoderCache(DynamicCache(), DynamicCache())
