"""A BART whose logits are known: an encoder-decoder that reads its source and its row, with even attention.

Token t is a pair of axes, t and w + t, with opposite signs: the mean over the width 2w is 0, which is what a layer
norm takes away first. Its eps is 1e-5 and cannot be set; in a stream of variance 64^2 it vanishes in float32.
"""

from typing import Any

import numpy as np

from genspec.backends.checkpoints.checkpoint import CONTEXT, Checkpoint
from genspec.backends.checkpoints.llama import Matrix, Tensors, axes, head, heads, nothing, shifted
from genspec.backends.checkpoints.models import HISTORY_GAIN, HISTORY_SHIFT, SOURCE_SHIFT, lines_of

STREAM = 64.0       # the standard deviation of the stream between layers
OFFSET = 2          # of BART's positions: its table begins with two that are not used
START = 0           # the decoder starts from token 0


def tensors(checkpoint: Checkpoint) -> Tensors:
    """Give the weights of one layer of the encoder and one of the decoder; the width is d = 2w."""
    size, half = checkpoint.vocab_size, checkpoint.room
    width, scale = checkpoint.width, float(np.sqrt(half))
    words = STREAM * scale * pairs(axes(size, half))
    decoder, encoder = "model.decoder.", "model.encoder."
    return {
        "model.shared.weight": words,
        **{f"{side}embed_tokens.weight": words for side in (encoder, decoder)},
        **{f"{side}embed_positions.weight": np.zeros((CONTEXT + OFFSET, width), np.float32)
           for side in (encoder, decoder)},
        **norm(f"{encoder}layernorm_embedding", width, STREAM),
        **attention(f"{encoder}layers.0.self_attn", nothing(width)),
        **norm(f"{encoder}layers.0.self_attn_layer_norm", width, STREAM),
        **feed_forward(f"{encoder}layers.0", width, STREAM),
        **norm(f"{decoder}layernorm_embedding", width, STREAM),
        **attention(f"{decoder}layers.0.self_attn", HISTORY_GAIN * both(shifted(size, half, HISTORY_SHIFT))),
        **norm(f"{decoder}layers.0.self_attn_layer_norm", width, STREAM),
        **attention(f"{decoder}layers.0.encoder_attn", both(shifted(size, half, SOURCE_SHIFT))),
        **norm(f"{decoder}layers.0.encoder_attn_layer_norm", width, STREAM),
        **feed_forward(f"{decoder}layers.0", width, 1 / scale),
        "final_logits_bias": np.zeros((1, size), np.float32),
        "lm_head.weight": head(lines_of(checkpoint.table), width),
    }


def config(checkpoint: Checkpoint) -> dict[str, Any]:
    """Give config.json."""
    width = checkpoint.width
    return {
        "architectures": ["BartForConditionalGeneration"],
        "model_type": "bart",
        "is_encoder_decoder": True,
        "vocab_size": checkpoint.vocab_size,
        "d_model": width,
        **{f"{side}_layers": 1 for side in ("encoder", "decoder")},
        **{f"{side}_attention_heads": heads(width) for side in ("encoder", "decoder")},
        **{f"{side}_ffn_dim": width for side in ("encoder", "decoder")},
        "num_hidden_layers": 1,
        "activation_function": "relu",
        "normalize_before": False,          # a converter asks for it
        "normalize_embedding": True,
        "scale_embedding": False,
        "dropout": 0.0,
        "max_position_embeddings": CONTEXT,
        "decoder_start_token_id": START,
        "forced_eos_token_id": None,
        "forced_bos_token_id": None,
        "tie_word_embeddings": False,
        "use_cache": True,
    }


def pairs(rows: Matrix) -> Matrix:
    """Repeat the axes with opposite signs, so that every row has the mean 0. float32[n, w] -> float32[n, 2w]."""
    return np.concatenate((rows, -rows), axis=1)


def both(matrix: Matrix) -> Matrix:
    """Do the same to both axes of a pair. float32[w, w] -> float32[2w, 2w]."""
    return np.kron(np.eye(2, dtype=np.float32), matrix)


def attention(name: str, value: Matrix) -> Tensors:
    """Attend evenly, queries and keys being 0, and pass the values on. `value`: float32[d, d], out x in."""
    width = len(value)
    weights = {"q_proj": nothing(width), "k_proj": nothing(width), "v_proj": value, "out_proj": axes(width, width)}
    return linears(name, weights)


def feed_forward(name: str, width: int, after: float) -> Tensors:
    """Add nothing, then normalise to the standard deviation `after`."""
    return {
        **linears(name, {"fc1": nothing(width), "fc2": nothing(width)}),
        **norm(f"{name}.final_layer_norm", width, after),
    }


def linears(name: str, weights: Tensors) -> Tensors:
    """Name weights, and biases of 0."""
    named = {f"{name}.{part}.weight": weight for part, weight in weights.items()}
    return named | {f"{name}.{part}.bias": np.zeros(len(weight), np.float32) for part, weight in weights.items()}


def norm(name: str, width: int, deviation: float) -> Tensors:
    """Normalise to a standard deviation."""
    return {f"{name}.weight": np.full(width, deviation, np.float32), f"{name}.bias": np.zeros(width, np.float32)}
