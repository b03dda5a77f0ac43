"""onnxruntime-genai as a decoder: its Generator on a checkpoint of the model, in float32 on the CPU.

EOS ids stand in the model folder, and rows come back without the one that ended them.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from genspec.backends.call import Tokens
from genspec.backends.checkpoints import Checkpoint
from genspec.backends.checkpoints.models import lines_of
from genspec.backends.engines.engine import Asked, Engine, EngineDecoder, Hypothesis
from genspec.backends.engines.unended import ended
from genspec.dialects.onnxruntime_genai import DIALECT
from genspec.dialects.spelling import Unspoken
from genspec_reference.scores import Scores


@dataclass(frozen=True)
class Loaded:
    """A checkpoint, and the models that were loaded from it: one a pad id."""

    folder: Path
    lines: Scores                       # float[V, V], what is said after each token
    models: dict[int, Any] = field(default_factory=dict)

    def model(self, prompt: Tokens) -> Any:
        """Give a model whose pad id is no token of the prompt: those are masked. Raises `Unspoken`."""
        import onnxruntime_genai

        free = next((token for token in range(len(self.lines)) if token not in prompt), None)
        if free is None:
            raise Unspoken("every token stands in the prompt, and those equal to the pad id are masked")
        if free not in self.models:
            rewrite(self.folder, pad_token_id=free)
            self.models[free] = onnxruntime_genai.Model(str(self.folder))
        return self.models[free]


def load(folder: Path, checkpoint: Checkpoint) -> Loaded:
    """Name the EOS ids. A model is loaded when its prompt is known. Raises `Unspoken` without an EOS."""
    if not checkpoint.eos:
        raise Unspoken("a model without an EOS ends rows at its pad id")
    rewrite(folder, eos_token_id=list(checkpoint.eos))
    return Loaded(folder, lines_of(checkpoint.table))


def rewrite(folder: Path, **given: Any) -> None:
    """Write special tokens into genai_config.json."""
    path = folder / "genai_config.json"
    config = json.loads(path.read_text("utf-8"))
    config["model"] |= given
    path.write_text(json.dumps(config), "utf-8")


def generate(loaded: Loaded, asked: Asked) -> Sequence[Sequence[Hypothesis]]:
    """Decode one prompt."""
    import onnxruntime_genai

    prompt = asked.prompts[0]
    model = loaded.model(prompt)
    settings = onnxruntime_genai.GeneratorParams(model)
    settings.set_search_options(**search_options(asked))
    generator = onnxruntime_genai.Generator(model, settings)
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
