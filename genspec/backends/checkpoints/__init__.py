"""Model folders whose logits are known exactly, to test an engine whole. Text: docs/guide/checkpoints.md."""

TYPE_CHECKING = False   # type checkers take it for true; the command line reads KINDS and FORMATS without numpy

if TYPE_CHECKING:
    from genspec.backends.checkpoints.checkpoint import Checkpoint
    from genspec.backends.checkpoints.folder import checkpoint_of, model_of
    from genspec.backends.checkpoints.write import write_checkpoint

__all__ = ["FORMATS", "KINDS", "Checkpoint", "checkpoint_of", "model_of", "write_checkpoint"]

KINDS = ("bigram", "history", "encoder-decoder")
FORMATS = ("hf", "gguf", "onnx", "ctranslate2", "openvino")
HOMES = {"Checkpoint": "checkpoint", "checkpoint_of": "folder", "model_of": "folder", "write_checkpoint": "write"}


def __getattr__(name: str) -> object:
    """Import a public name when it is first used."""
    if name not in HOMES:
        raise AttributeError(f"module 'genspec.backends.checkpoints' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"genspec.backends.checkpoints.{HOMES[name]}"), name)
