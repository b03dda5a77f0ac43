"""One model of transformers for each shape of scripted models, used again: building one takes longer than a call."""

from functools import cache
from typing import Any

from genspec.backends.call import Call
from genspec.backends.transformers.encoder_decoder import ScriptedEncoderDecoder
from genspec.backends.transformers.model import ScriptedConfig, ScriptedModel
from genspec.config.plan import Architecture
from genspec_reference.layered import Layered
from genspec_reference.model import Model

CLASSES: dict[Architecture, type[ScriptedModel]] = {
    "decoder-only": ScriptedModel, "encoder-decoder": ScriptedEncoderDecoder,
}
DRAFTS = {
    "num_assistant_tokens": 20, "num_assistant_tokens_schedule": "constant", "assistant_confidence_threshold": 0.4,
}
"""What applies to an assistant where the call is silent. ASSISTED-2, ASSISTED-3."""


def model_of(call: Call) -> ScriptedModel:
    """Give the model of a call."""
    model = playing(call.architecture, call.model)
    model.config.max_position_embeddings = call.context_length
    model.config.tie_word_embeddings = isinstance(call.model, Layered) and call.model.tied
    model.shows_layer_logits = call.config.get("dola_layers") is not None
    return model


def assistant_of(call: Call) -> ScriptedModel | None:
    """Give the assistant of a call. transformers reads how it drafts from its own config."""
    if call.assistant is None:
        return None
    assistant = playing(call.architecture, call.assistant, "assistant")
    for name, unset in DRAFTS.items():
        given: Any = call.config.get(name)
        setattr(assistant.generation_config, name, unset if given is None else given)
    return assistant


def playing(architecture: Architecture, function: Any, role: str = "model") -> ScriptedModel:
    """Give a model of the right shape, wrapped around a function with a `vocab_size`."""
    layers = function.layers if isinstance(function, Layered) else 1
    model = made(architecture, function.vocab_size, layers, role)
    model.play(function)
    return model


def wrapped(function: Model, vocab_size: int, architecture: Architecture = "decoder-only") -> ScriptedModel:
    """Make a model of its own around any function of the reference."""
    return CLASSES[architecture](ScriptedConfig(vocab_size), function)


@cache
def made(architecture: Architecture, vocab_size: int, layers: int, role: str) -> ScriptedModel:
    """Make a model for functions of one shape. `role`: a model and its assistant are two."""
    return CLASSES[architecture](ScriptedConfig(vocab_size, layers))
