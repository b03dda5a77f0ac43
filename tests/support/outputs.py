"""Runs of the reference with all that a step can keep, and arrays of several of them."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from genspec import GenerationConfig
from genspec_reference import GenerateOutput, ModelOutput, Scripted, generate, seeded_noise
from genspec_reference.padded import padded

KEPT = {"return_dict_in_generate": True, "output_scores": True, "output_logits": True}
ALL = {"output_attentions": True, "output_hidden_states": True}
MODES: tuple[dict[str, Any], ...] = (
    {}, {"do_sample": True, "num_return_sequences": 2}, {"num_beams": 3, "num_return_sequences": 2},
    {"num_beams": 2, "length_penalty": 0.5, "early_stopping": True},
    {"num_beams": 3, "do_sample": True, "num_return_sequences": 3},
)


def run(model: Any, prompt: Sequence[int], **config: Any) -> GenerateOutput:
    return generate(GenerationConfig(**KEPT | {"max_new_tokens": 5} | config), model, prompt, noise=seeded_noise(3))


def is_near(outputs: Sequence[GenerateOutput], least: float = 1e-4) -> bool:
    """Tell whether float32 may decide otherwise."""
    return min((step.margin for output in outputs for one in output.runs for step in one), default=np.inf) < least


def layered(tokens: tuple[int, ...], source: tuple[int, ...] = ()) -> ModelOutput:
    """Give all that a model can, each number telling its position: 2 layers, 3 heads, width 2."""
    size = len(tokens)
    positions = np.arange(size, dtype=float)
    return ModelOutput(
        Scripted("history", 7)(tokens, source),
        hidden_states=tuple(np.tile(positions[:, None] + 100 * layer, (1, 2)) for layer in range(3)),
        attentions=tuple(np.tile(positions[:, None] + 100 * layer, (3, 1, size)) for layer in range(2)),
        cross_attentions=tuple(np.tile(positions[:, None], (3, 1, len(source))) for _ in range(2)) if source else None,
    )


def arrays_of(model: Any, batch: Sequence[Sequence[int]], pad: int | None = 0, **config: Any) -> Any:
    outputs = [run(model, prompt, **config) for prompt in batch]
    return outputs, padded(outputs, pad, config.get("num_beams", 1))
