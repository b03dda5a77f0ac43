"""onnxruntime-genai as a decoder: its Generator on a checkpoint of the model, in float32 on the CPU.

EOS ids stand in the model folder, and rows come back without the one that ended them.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from genspec.backends.checkpoints import Checkpoint
from genspec.backends.checkpoints.models import lines_of
from genspec.backends.engines.engine import Asked, Engine, EngineDecoder, Hypothesis
from genspec.backends.engines.unended import ended
from genspec.dialects.onnxruntime_genai import DIALECT
from genspec_reference.scores import Scores


class Loaded(NamedTuple):
    """A model, and what it says after each token."""

    model: Any
    lines: Scores                       # float[V, V]


def load(folder: Path, checkpoint: Checkpoint) -> Loaded:
    """Load a checkpoint, with its EOS ids."""
    import onnxruntime_genai

    path = folder / "genai_config.json"
    config = json.loads(path.read_text("utf-8"))
    config["model"]["eos_token_id"] = list(checkpoint.eos)
    path.write_text(json.dumps(config), "utf-8")
    return Loaded(onnxruntime_genai.Model(str(folder)), lines_of(checkpoint.table))


def generate(loaded: Loaded, asked: Asked) -> Sequence[Sequence[Hypothesis]]:
    """Decode one prompt."""
    import onnxruntime_genai

    settings = onnxruntime_genai.GeneratorParams(loaded.model)
    settings.set_search_options(**search_options(asked))
    generator = onnxruntime_genai.Generator(loaded.model, settings)
    prompt = asked.prompts[0]
    generator.append_tokens([*prompt])
    while not generator.is_done():
        generator.generate_next_token()
    count = asked.plan.outputs.num_return_sequences
    rows = [tuple(map(int, generator.get_sequence(number)))[len(prompt):] for number in range(count)]
    return [[Hypothesis(row) for row in ended(rows, prompt, asked.plan, [*loaded.lines])]]


def search_options(asked: Asked) -> Mapping[str, Any]:
    """Give the options of a search; the EOS ids are none of them."""
    options = {name: value for name, value in asked.options.items() if name != "eos_token_id"}
    return options | ({"random_seed": (asked.seed or 0) % 2**31} if asked.plan.draws else {})


def decoder() -> EngineDecoder:
    """Make the decoder. Raises ImportError that says what to install."""
    return EngineDecoder(Engine(DIALECT, "onnx", load, generate, ends_inside=True))
