"""Models that tell rows and places apart in other ways: windows, slopes, offsets, states that no cache can reorder."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
import transformers
from support.strategies import described

from genspec.backends.torch import generate

V, PAD = 60, 2
NO_IDS: dict[str, Any] = {"bos_token_id": None, "eos_token_id": None, "pad_token_id": None}
SMALL = {"vocab_size": V, "hidden_size": 32, "num_hidden_layers": 2, **NO_IDS}
HEADS = {**SMALL, "num_attention_heads": 4, "max_position_embeddings": 64}
MODELS: dict[str, Callable[[], Any]] = {
    "mistral, a window of 5": lambda: transformers.MistralForCausalLM(transformers.MistralConfig(
        **HEADS, intermediate_size=64, num_key_value_heads=2, sliding_window=5)),
    "bloom, slopes": lambda: transformers.BloomForCausalLM(transformers.BloomConfig(
        vocab_size=V, hidden_size=32, n_layer=2, n_head=4, **NO_IDS)),
    "opt, places with an offset": lambda: transformers.OPTForCausalLM(transformers.OPTConfig(
        **HEADS, ffn_dim=64, word_embed_proj_dim=32)),
    "mamba, a state": lambda: transformers.MambaForCausalLM(transformers.MambaConfig(**SMALL, state_size=4)),
    "marian": lambda: transformers.MarianMTModel(transformers.MarianConfig(
        vocab_size=V, d_model=32, encoder_layers=2, decoder_layers=2, encoder_attention_heads=4,
        decoder_attention_heads=4, encoder_ffn_dim=64, decoder_ffn_dim=64, max_position_embeddings=64, pad_token_id=PAD,
        decoder_start_token_id=PAD, eos_token_id=0)),
}
MODES: dict[str, dict[str, Any]] = {"greedy": {}, "sample": {"do_sample": True, "top_k": 0}, "beams": {"num_beams": 3}}


def model_of(name: str) -> Any:
    generator = torch.Generator().manual_seed(1)
    model = MODELS[name]().eval()
    with torch.no_grad():
        for weights in model.parameters():
            if weights.ndim > 1:
                weights.copy_(torch.randn(weights.shape, generator=generator) * 0.3)
    model.generation_config = transformers.GenerationConfig()
    return model


@pytest.mark.parametrize("name", MODELS)
def test_tokens_are_those_of_transformers(name):
    model = model_of(name)
    ids = torch.randint(22, V, (4, 7), generator=torch.Generator().manual_seed(0))
    mask = torch.tensor([[1] * 7, [0] * 3 + [1] * 4, [0] * 5 + [1] * 2, [1] * 7])
    ids[mask == 0] = PAD
    fields: dict[str, Any] = {"pad_token_id": PAD, "eos_token_id": [5, 9, 13, 17, 21], "max_new_tokens": 10}
    if model.config.is_encoder_decoder:
        ids, mask, fields["decoder_start_token_id"] = ids.flip(1), mask.flip(1), 1
    for mode, more in MODES.items():
        torch.manual_seed(3)
        theirs = model.generate(ids, attention_mask=mask, **fields, **more)
        torch.manual_seed(3)
        ours = generate(model, ids, {**fields, **more}, attention_mask=mask)
        assert ours.tolist() == theirs.tolist(), described(mode=mode, ours=ours, theirs=theirs)
