"""OpenVINO GenAI as a decoder: LLMPipeline on a checkpoint of the model, float32 in computation and cache."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from genspec.backends.checkpoints import Checkpoint
from genspec.backends.engines.engine import Asked, Engine, EngineDecoder, Hypothesis, is_beams
from genspec.dialects.openvino_genai import DIALECT

NO_EOS = 2**30
"""An id that is no token: without one, that of the model folder applies."""


def load(folder: Path, _: Checkpoint) -> Any:
    """Load a checkpoint."""
    import openvino_genai

    return openvino_genai.LLMPipeline(str(folder), "CPU", INFERENCE_PRECISION_HINT="f32", KV_CACHE_PRECISION="f32",
                                      INFERENCE_NUM_THREADS=1)


def generate(loaded: Any, asked: Asked) -> Sequence[Sequence[Hypothesis]]:
    """Decode a batch, shorter prompts padded on the left."""
    count = asked.plan.outputs.num_return_sequences
    result = loaded.generate(batch(asked), settings(asked))
    rows = [
        Hypothesis(tuple(row), score if is_beams(asked.plan) else None)
        for row, score in zip(result.tokens, result.scores, strict=True)
    ]
    return [rows[number * count:(number + 1) * count] for number in range(len(asked.prompts))]


def batch(asked: Asked) -> Any:
    """Give the prompts as one matrix, and which of its places are tokens."""
    import openvino
    import openvino_genai

    longest = max(map(len, asked.prompts))
    ids = np.array([[0] * (longest - len(prompt)) + [*prompt] for prompt in asked.prompts], dtype=np.int64)
    mask = np.array([[0] * (longest - len(prompt)) + [1] * len(prompt) for prompt in asked.prompts], dtype=np.int64)
    return openvino_genai.TokenizedInputs(openvino.Tensor(ids), openvino.Tensor(mask))


def settings(asked: Asked) -> Any:
    """Give the options as a GenerationConfig."""
    import openvino_genai

    ends = asked.options.get("stop_token_ids") or {NO_EOS}
    options = {**asked.options, "stop_token_ids": ends, "eos_token_id": min(ends)}
    if NO_EOS in ends:
        options["min_new_tokens"] = 0       # it would hold back an id beyond the vocabulary
    if asked.plan.draws:
        options["rng_seed"] = (asked.seed or 0) % 2**32
    if "stop_criteria" in options:
        options["stop_criteria"] = getattr(openvino_genai.StopCriteria, options["stop_criteria"])
    config = openvino_genai.GenerationConfig()
    for name, value in options.items():
        setattr(config, name, value)
    return config


def decoder() -> EngineDecoder:
    """Make the decoder. Raises ImportError that says what to install."""
    more = {"kinds": ["table", "lines", "attention"]}
    return EngineDecoder(Engine(DIALECT, "openvino", load, generate, batched=True, more=more))
