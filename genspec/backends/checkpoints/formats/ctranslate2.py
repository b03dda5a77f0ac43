"""The folder of CTranslate2, made by its own converter."""

import json
from pathlib import Path

from genspec.backends.checkpoints.checkpoint import Checkpoint
from genspec.backends.checkpoints.folder import save_json
from genspec.backends.checkpoints.formats.convert import convert


def write(checkpoint: Checkpoint, folder: Path) -> None:
    """Write a checkpoint into an empty folder. Its first EOS is the one that ends rows by default."""
    convert(checkpoint, lambda source: (
        "-m", "ctranslate2.converters.transformers", "--model", source, "--output_dir", str(folder), "--force",
    ))
    name_special_tokens(folder / "config.json")


def name_special_tokens(path: Path) -> None:
    """Call the special tokens that a model lacks by a name that no token has: CTranslate2 does not load null."""
    config = json.loads(path.read_text("utf-8"))
    save_json(path, config | {name: "" for name in ("bos_token", "unk_token") if config[name] is None})
