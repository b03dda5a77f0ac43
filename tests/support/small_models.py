"""Small random models of transformers: two layers, made from a config and a seed, whose rows end at different steps."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import torch
from transformers import (
    BartConfig,
    BartForConditionalGeneration,
    GenerationConfig,
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedModel,
    T5Config,
    T5ForConditionalGeneration,
)

V, EOS, OTHER_EOS, PAD, START = 61, 2, 5, 1, 3
# No token has a meaning by the model: what ends or fills a row is said by the config of the call alone.
UNSAID: dict[str, Any] = {
    "bos_token_id": None, "eos_token_id": None, "pad_token_id": None, "tie_word_embeddings": False,
}


def llama(vocab_size: int) -> PreTrainedModel:
    """Rotary positions, grouped queries."""
    return LlamaForCausalLM(LlamaConfig(
        vocab_size=vocab_size, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=128, **UNSAID,
    ))


def gpt2(vocab_size: int) -> PreTrainedModel:
    """Positions that are learned: a row padded on the left shows a decoder that counts the padding."""
    return GPT2LMHeadModel(GPT2Config(vocab_size=vocab_size, n_embd=32, n_layer=2, n_head=4, n_positions=128, **UNSAID))


def bart(vocab_size: int) -> PreTrainedModel:
    """Encoder-decoder with learned positions."""
    return BartForConditionalGeneration(BartConfig(
        vocab_size=vocab_size, d_model=32, encoder_layers=2, decoder_layers=2, encoder_attention_heads=4,
        decoder_attention_heads=4, encoder_ffn_dim=64, decoder_ffn_dim=64, max_position_embeddings=128,
        **UNSAID | {"pad_token_id": PAD}, decoder_start_token_id=None, forced_eos_token_id=None,
    ))


def t5(vocab_size: int) -> PreTrainedModel:
    """Encoder-decoder with relative positions."""
    return T5ForConditionalGeneration(T5Config(
        vocab_size=vocab_size, d_model=32, d_kv=8, d_ff=64, num_layers=2, num_heads=4, **UNSAID | {"pad_token_id": PAD},
        decoder_start_token_id=None,
    ))


KINDS: dict[str, Callable[[int], PreTrainedModel]] = {"llama": llama, "gpt2": gpt2, "bart": bart, "t5": t5}
ENCODER_DECODER = ("bart", "t5")
EOS_BIAS = {"llama": 2.5, "gpt2": 3.5, "bart": 3.0, "t5": 3.0}
WIDER_BIAS = 3.0    # more of it, where more tokens are in the way
SEEDS = {"llama": 20, "gpt2": 20, "bart": 41, "t5": 21}


@lru_cache
def small_model(kind: str, dtype: torch.dtype = torch.float32, vocab_size: int = V) -> PreTrainedModel:
    """Make a model. A bias on the logits of its two EOS ids lets rows end early and apart."""
    with torch.random.fork_rng():
        torch.manual_seed(SEEDS[kind])
        model = KINDS[kind](vocab_size)
        spread(model)
        head = torch.nn.Linear(32, vocab_size)
        torch.nn.init.normal_(head.weight, std=0.5)
        torch.nn.init.normal_(head.bias, std=0.5)
    with torch.no_grad():
        head.bias[[EOS, OTHER_EOS]] += EOS_BIAS[kind] + (0.0 if vocab_size == V else WIDER_BIAS)
    model.lm_head = head
    model.set_attn_implementation("eager")          # the one that gives attentions
    model.generation_config = GenerationConfig()
    return model.to(dtype).eval()


def spread(model: PreTrainedModel) -> None:
    """Draw weights wide enough that logits differ by whole numbers: near ties would say nothing of a decoder."""
    for weight in model.parameters():
        if weight.dim() > 1:
            torch.nn.init.normal_(weight, std=0.4)


def ragged(count: int, longest: int = 9, seed: int = 0) -> list[list[int]]:
    """Draw prompts of different lengths that hold no token with a meaning."""
    generator = torch.Generator().manual_seed(seed)
    lengths = [1 + (5 * number) % longest for number in range(count)]
    return [torch.randint(6, V, (length,), generator=generator).tolist() for length in lengths]


def padded(rows: list[list[int]], side: str = "left", pad: int = PAD) -> tuple[torch.Tensor, torch.Tensor]:
    """Fill rows to one length. Returns int64[N, P] and the mask, int64[N, P]."""
    width = max(map(len, rows))
    gaps = [width - len(row) for row in rows]
    seen = [[1] * len(row) for row in rows]
    return filled(rows, gaps, pad, side), filled(seen, gaps, 0, side)


def filled(rows: list[list[int]], gaps: list[int], value: int, side: str) -> torch.Tensor:
    """Put so many values before (left) or after each row. Returns int64[N, P]."""
    pairs = [([value] * gap, row) for row, gap in zip(rows, gaps, strict=True)]
    return torch.tensor([fill + row if side == "left" else row + fill for fill, row in pairs])
