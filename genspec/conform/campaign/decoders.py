"""Decoders by their names on the command line."""

import sys
from importlib import import_module
from typing import Any

from genspec.backends.decoder import Decoder
from genspec.conform.workers.told import NoDecoder
from genspec.dialects import NAMES, module_of

__all__ = ["NAMED", "NoDecoder", "decoder_named", "found"]

NAMED = {
    "reference": "genspec.backends.reference:ReferenceDecoder",
    "torch": "genspec.backends.torch.decoder:TorchDecoder",
    "torch-cached": "genspec.backends.torch.decoder:cached",
    "transformers": "genspec.backends.transformers.decoder:TransformersDecoder",
    **{name: f"genspec.backends.engines.{module_of(name)}:decoder" for name in NAMES},
}


def decoder_named(name: str) -> Decoder:
    """Make the decoder of a name: a known one, or what `module:factory` returns. Raises `NoDecoder`."""
    decoder = found(NAMED.get(name, name))()
    if not callable(getattr(decoder, "decode", None)) or not hasattr(decoder, "info"):
        raise NoDecoder(f"{name} gives {type(decoder).__name__}, which has no `decode` and `info`")
    return decoder      # type: ignore[no-any-return]  # it has what a decoder has


def found(path: str) -> Any:
    """Import what `module:attribute` names. Raises `NoDecoder`. The current folder counts, as for `python -m`."""
    module, _, attribute = path.partition(":")
    if not module or not attribute:
        raise NoDecoder(f"{path!r:.60} is none of {', '.join(sorted(NAMED))}, nor module:factory")
    if "" not in sys.path:
        sys.path.insert(0, "")
    try:
        return getattr(import_module(module), attribute)
    except ImportError as error:
        raise NoDecoder(f"{module} cannot be imported: {error}") from None
    except AttributeError:
        raise NoDecoder(f"{module} has no {attribute}") from None
