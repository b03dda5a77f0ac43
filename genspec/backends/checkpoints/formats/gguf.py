"""The file of llama.cpp: F32 tensors, and a vocabulary in which every token is text of its own.

The vocabulary is of the kind of RWKV, whose tokens are not merged, and which alone has no EOS unless one is named:
the others end rows at token 2 or 11.
"""

from pathlib import Path

from gguf import GGUFWriter, LlamaFileType, TokenType

from genspec.backends.checkpoints import llama
from genspec.backends.checkpoints.checkpoint import Checkpoint
from genspec.backends.checkpoints.tokenizer import text_of

NAMES = {
    "model.embed_tokens": "token_embd",
    "model.norm": "output_norm",
    "lm_head": "output",
    f"{llama.LAYER}input_layernorm": "blk.0.attn_norm",
    f"{llama.LAYER}self_attn.q_proj": "blk.0.attn_q",
    f"{llama.LAYER}self_attn.k_proj": "blk.0.attn_k",
    f"{llama.LAYER}self_attn.v_proj": "blk.0.attn_v",
    f"{llama.LAYER}self_attn.o_proj": "blk.0.attn_output",
    f"{llama.LAYER}post_attention_layernorm": "blk.0.ffn_norm",
    f"{llama.LAYER}mlp.gate_proj": "blk.0.ffn_gate",
    f"{llama.LAYER}mlp.up_proj": "blk.0.ffn_up",
    f"{llama.LAYER}mlp.down_proj": "blk.0.ffn_down",
}
"""What transformers and llama.cpp call a tensor.

llama.cpp pairs neighbours where transformers pairs the halves of a head, so a converter moves the rows of queries
and keys. Ours fill the first row of a head only, which stays where it is.
"""


ENDS = (GGUFWriter.add_eos_token_id, GGUFWriter.add_eot_token_id, GGUFWriter.add_eom_token_id)
"""The ways to say that a token ends a row: of a text, of a turn, of a message. llama.cpp stops at each."""


def write(checkpoint: Checkpoint, folder: Path) -> None:
    """Write a checkpoint into an empty folder."""
    writer = GGUFWriter(folder / "model.gguf", "llama")
    describe_model(writer, checkpoint)
    describe_vocabulary(writer, checkpoint)
    for name, tensor in llama.tensors(checkpoint).items():
        part, _, suffix = name.rpartition(".")
        writer.add_tensor(f"{NAMES[part]}.{suffix}", tensor)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def describe_model(writer: GGUFWriter, checkpoint: Checkpoint) -> None:
    """Say what the tensors are."""
    config = llama.config(checkpoint)
    writer.add_name(f"genspec {checkpoint.kind}")
    writer.add_file_type(LlamaFileType.ALL_F32)
    writer.add_vocab_size(config["vocab_size"])
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_key_length(config["head_dim"])
    writer.add_value_length(config["head_dim"])
    writer.add_rope_dimension_count(config["head_dim"])
    writer.add_rope_freq_base(config["rope_theta"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])


def describe_vocabulary(writer: GGUFWriter, checkpoint: Checkpoint) -> None:
    """Give each token its text, and say which tokens end a row."""
    texts = [text_of(token) for token in range(checkpoint.vocab_size)]
    writer.add_tokenizer_model("rwkv")
    writer.add_token_list(texts)
    writer.add_token_types([TokenType.NORMAL] * len(texts))
    writer.add_add_bos_token(False)
    for add, token in zip(ENDS, checkpoint.eos, strict=False):
        add(writer, token)
