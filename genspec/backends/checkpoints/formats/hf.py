"""The folder that transformers and many other engines read: safetensors, config.json, tokenizer.json."""

from pathlib import Path
from typing import Any

from safetensors.numpy import save_file

from genspec.backends.checkpoints import bart, llama
from genspec.backends.checkpoints.checkpoint import CONTEXT, Checkpoint
from genspec.backends.checkpoints.folder import save_json
from genspec.backends.checkpoints.tokenizer import tokenizer, tokenizer_config


def write(checkpoint: Checkpoint, folder: Path) -> None:
    """Write a checkpoint into an empty folder."""
    kind = bart if checkpoint.kind == "encoder-decoder" else llama
    save_file(dict(kind.tensors(checkpoint)), folder / "model.safetensors", metadata={"format": "pt"})
    save_json(folder / "config.json", {**kind.config(checkpoint), **special_tokens(checkpoint), "dtype": "float32"})
    save_json(folder / "generation_config.json", generation_config(checkpoint))
    save_json(folder / "tokenizer.json", tokenizer(checkpoint.vocab_size, checkpoint.eos))
    save_json(folder / "tokenizer_config.json", tokenizer_config(checkpoint.eos, CONTEXT))


def special_tokens(checkpoint: Checkpoint) -> dict[str, Any]:
    """Say which ids end a row. There is no BOS and no padding token, and null keeps the defaults of a kind away."""
    ends = checkpoint.eos
    end = list(ends) if len(ends) > 1 else ends[0] if ends else None
    return {"bos_token_id": None, "pad_token_id": None, "eos_token_id": end}


def generation_config(checkpoint: Checkpoint) -> dict[str, Any]:
    """Give generation_config.json: the special tokens, and nothing that changes a score."""
    starts = {"decoder_start_token_id": bart.START} if checkpoint.kind == "encoder-decoder" else {}
    ends = {name: token for name, token in special_tokens(checkpoint).items() if token is not None}
    return {**starts, **ends}
