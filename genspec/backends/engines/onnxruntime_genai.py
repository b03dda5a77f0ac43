"""onnxruntime-genai as a decoder: its Generator on a checkpoint of the model, in float32 on the CPU.

EOS ids stand in the model folder, and rows come back without the one that ended them. A model without an EOS ends rows
at its pad id: a token that it has besides, and that never comes while another one is left, is both.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from genspec.backends.call import Tokens
from genspec.backends.checkpoints import Checkpoint
from genspec.backends.engines.engine import Asked, Engine, EngineDecoder, Hypothesis
from genspec.backends.engines.unended import ended
from genspec.dialects.onnxruntime_genai import DIALECT
from genspec.dialects.spelling import Unspoken


@dataclass(frozen=True)
class Loaded:
    """A checkpoint, and the models that were loaded from it: one a pad id."""

    folder: Path
    checkpoint: Checkpoint
    models: dict[int, Any] = field(default_factory=dict)

    @property
    def spare(self) -> int | None:
        """Return the token that a model without an EOS has besides."""
        return None if self.checkpoint.eos else self.checkpoint.vocab_size - 1

    def model(self, prompt: Tokens) -> Any:
        """Give a model whose pad id is no token of the prompt: those are masked. Raises `Unspoken`."""
        import onnxruntime_genai

        pad = self.spare if self.spare is not None else next(
            (token for token in range(self.checkpoint.vocab_size) if token not in prompt), None)
        if pad is None:
            raise Unspoken("every token stands in the prompt, and those equal to the pad id are masked")
        if pad not in self.models:
            rewrite(self.folder, pad_token_id=pad)
            self.models[pad] = onnxruntime_genai.Model(str(self.folder))
        return self.models[pad]


def load(folder: Path, checkpoint: Checkpoint) -> Loaded:
    """Name the EOS ids. A model is loaded when its prompt is known. Raises `Unspoken` for one without any."""
    if checkpoint.kind == "history" and not checkpoint.eos:
        raise Unspoken("a model without an EOS ends rows at its pad id, and this one has no spare token")
    rewrite(folder, eos_token_id=list(checkpoint.eos) or [checkpoint.vocab_size - 1])
    return Loaded(folder, checkpoint)


def rewrite(folder: Path, **given: Any) -> None:
    """Write special tokens into genai_config.json."""
    path = folder / "genai_config.json"
    config = json.loads(path.read_text("utf-8"))
    config["model"] |= given
    path.write_text(json.dumps(config), "utf-8")


def generate(loaded: Loaded, asked: Asked) -> Sequence[Sequence[Hypothesis]]:
    """Decode one prompt, as often as rows are drawn, or with beams."""
    count, prompt, plan = asked.plan.outputs.num_return_sequences, asked.prompts[0], asked.plan
    says: Any = loaded.checkpoint.model
    if plan.draws:
        rows = [row for number in range(count) for row in rows_of(loaded, asked, 1, number)]
        return [[Hypothesis(ended([row], prompt, plan, says)[0]) for row in rows]]
    return [[Hypothesis(row) for row in ended(rows_of(loaded, asked, count), prompt, plan, says)]]


def rows_of(loaded: Loaded, asked: Asked, count: int, number: int = 0) -> list[Tokens]:
    """Run a generator: new tokens without the EOS. `number`: of the row that is drawn.

    Raises `Unspoken` where the spare token came: the model of the call does not have it.
    """
    import onnxruntime_genai

    prompt = asked.prompts[0]
    model = loaded.model(prompt)
    settings = onnxruntime_genai.GeneratorParams(model)
    settings.set_search_options(**search_options(asked, number))
    generator = onnxruntime_genai.Generator(model, settings)
    generator.append_tokens([*prompt])
    while not generator.is_done():
        generator.generate_next_token()
    rows = [tuple(map(int, generator.get_sequence(place)))[len(prompt):] for place in range(count)]
    length = asked.plan.length.max_new_tokens
    if loaded.spare is not None and any(loaded.spare in row or len(row) < length for row in rows):
        raise Unspoken("no token was left but the one that a model without an EOS has besides")
    return rows


def search_options(asked: Asked, number: int) -> Mapping[str, Any]:
    """Give the options of a search; the EOS ids are none of them."""
    options = {name: value for name, value in asked.options.items() if name != "eos_token_id"}
    return options | ({"random_seed": ((asked.seed or 0) + number) % 2**31} if asked.plan.draws else {})


def decoder() -> EngineDecoder:
    """Make the decoder. Raises ImportError that says what to install."""
    more = {"kinds": ["table", "lines", "attention"]}
    return EngineDecoder(Engine(DIALECT, "onnx", load, generate, ends_inside=True, spare=1, more=more))
