"""What a model is: of transformers, causal or encoder-decoder, or any function; and what makes drivers of it."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch

from genspec.backends.torch.drivers.causal import CausalDriver
from genspec.backends.torch.drivers.driver import Driver, Wanted
from genspec.backends.torch.drivers.encoder_decoder import Encoder, EncoderDecoderDriver
from genspec.backends.torch.drivers.function import FunctionDriver
from genspec.backends.torch.request import Tokens
from genspec.config.plan import Architecture, Outputs


def is_of_transformers(model: Any) -> bool:
    """Tell whether a model has a config that says which kind of model it is."""
    return hasattr(getattr(model, "config", None), "is_encoder_decoder")


def architecture_of(model: Any) -> Architecture:
    """Tell which kind of model it is. A function is decoder-only, unless the call says otherwise."""
    encodes = is_of_transformers(model) and model.config.is_encoder_decoder
    return "encoder-decoder" if encodes else "decoder-only"


def fact(model: Any, name: str) -> int | None:
    """Read a number of a model's config, or of the part of it that describes its text; None where it is not there."""
    config: Any = getattr(model, "config", None)
    text = config.get_text_config() if hasattr(config, "get_text_config") else config
    value = getattr(text, name, None)
    return value if isinstance(value, int) and value > 0 else None


def device_of(*candidates: Any) -> torch.device:
    """Give the device of the first that has one, else the CPU."""
    devices = (getattr(one, "device", None) for one in candidates)
    return next((device for device in devices if isinstance(device, torch.device)), torch.device("cpu"))


@torch.no_grad()
def drivers_of(
    model: Any, sources: Sequence[Tokens] | None, outputs: Outputs, device: torch.device, use_cache: bool
) -> Callable[[], Driver]:
    """Give what makes drivers of a model. Its encoder is asked here, once for all of them."""
    wanted = Wanted(outputs.attentions, outputs.hidden_states)
    if not is_of_transformers(model):
        return partial(FunctionDriver, model, sources, device)
    if sources is None:
        return partial(CausalDriver, model, wanted, use_cache)
    return partial(EncoderDecoderDriver, model, Encoder(model, sources, wanted), wanted, use_cache)
