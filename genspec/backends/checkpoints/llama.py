"""A Llama whose logits are known: `bigram`, bit for bit in float32, and `history`.

The width d is a power of 4 above V. Token t is the axis t, times sqrt(d): its mean square is 1, so the norms of the
layers divide by 1 and a head of d x V reads line t of the table. Where the row is read too, a query and a key that
are the same for all tokens leave attention to the rotary positions alone.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genspec.backends.checkpoints.checkpoint import CONTEXT, Checkpoint
from genspec.backends.checkpoints.models import HISTORY_GAIN, HISTORY_SHIFT, lines_of

Matrix = NDArray[np.float32]
Tensors = Mapping[str, Matrix]
"""Names of weights, as transformers has them, and the weights."""

LAYER = "model.layers.0."
ROPE_BASE = 10000.0     # of no effect: only the first pair of a head turns, by 1 radian a position
EPS = 1e-12             # 1 + EPS is 1 in float32


def tensors(checkpoint: Checkpoint) -> Tensors:
    """Give the weights: embeddings float32[V, d], head float32[V, d], one layer."""
    size, width = checkpoint.vocab_size, checkpoint.room
    scale = float(np.sqrt(width))
    reads = checkpoint.kind == "history"
    return {
        "model.embed_tokens.weight": scale * axes(size, width),
        f"{LAYER}input_layernorm.weight": np.full(width, 1 / scale, np.float32),
        f"{LAYER}self_attn.q_proj.weight": (query if reads else nothing)(width),
        f"{LAYER}self_attn.k_proj.weight": (key if reads else nothing)(width),
        f"{LAYER}self_attn.v_proj.weight": shifted(size, width, HISTORY_SHIFT) if reads else nothing(width),
        f"{LAYER}self_attn.o_proj.weight": np.float32(HISTORY_GAIN * scale if reads else 0) * axes(width, width),
        f"{LAYER}post_attention_layernorm.weight": np.ones(width, np.float32),
        f"{LAYER}mlp.gate_proj.weight": nothing(width),
        f"{LAYER}mlp.up_proj.weight": nothing(width),
        f"{LAYER}mlp.down_proj.weight": nothing(width),
        "model.norm.weight": np.full(width, 1 / scale, np.float32),
        "lm_head.weight": head(lines_of(checkpoint.table), width),
    }


def config(checkpoint: Checkpoint) -> dict[str, Any]:
    """Give config.json."""
    width = checkpoint.room
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "vocab_size": checkpoint.vocab_size,
        "hidden_size": width,
        "intermediate_size": width,         # never V: builders take a matrix with V rows for the head
        "num_hidden_layers": 1,
        "num_attention_heads": heads(width),
        "num_key_value_heads": heads(width),
        "head_dim": width // heads(width),
        "hidden_act": "silu",
        "max_position_embeddings": CONTEXT,
        "rms_norm_eps": EPS,
        "rope_theta": ROPE_BASE,            # where engines other than transformers 5 look for it
        "rope_parameters": {"rope_type": "default", "rope_theta": ROPE_BASE},
        "attention_bias": False,
        "mlp_bias": False,
        "tie_word_embeddings": False,
        "use_cache": True,
    }


def heads(width: int) -> int:
    """Return how many heads share the width: 4 or more, so that a head is 16 or 64 wide."""
    return max(4, width // 64)


def axes(rows: int, width: int) -> Matrix:
    """Give each row an axis of its own. float32[rows, width]."""
    return np.eye(rows, width, dtype=np.float32)


def nothing(width: int) -> Matrix:
    """Give a matrix that switches a part of the layer off. float32[width, width]."""
    return np.zeros((width, width), np.float32)


def query(width: int) -> Matrix:
    """Ask the same after every token, in the first rotary pair, so that a key m back scores cos(m)."""
    size = width // heads(width)
    return float(np.sqrt(size)) * key(width)        # attention divides by this root


def key(width: int) -> Matrix:
    """Give every token the same key: the first number of each head is 1. float32[width, width]."""
    rows = nothing(width)
    rows[:: width // heads(width)] = 1.0
    return rows


def shifted(size: int, width: int, shift: int) -> Matrix:
    """Turn token t into t + shift, modulo V. float32[width, width], as a weight: out x in."""
    matrix = nothing(width)
    tokens = np.arange(size)
    matrix[(tokens + shift) % size, tokens] = 1.0
    return matrix


def head(lines: NDArray[np.float64], width: int) -> Matrix:
    """Read the line of each axis. float64[V, V] -> float32[V, width]: logits are rows of the table."""
    weight = np.zeros((len(lines), width), np.float32)
    weight[:, : len(lines)] = lines.T
    return weight
