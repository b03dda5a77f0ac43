"""onnxruntime-genai as a decoder: its Generator on a checkpoint of the model, in float32 on the CPU.

EOS ids stand in the model folder, and rows come back without the one that ended them. A model without an EOS ends rows
at its pad id, and tokens of a prompt that are the pad id are masked: a token of its own, which never comes, is both.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genspec.backends.call import Tokens
from genspec.backends.checkpoints import Checkpoint
from genspec.backends.engines.engine import Asked, Engine, EngineDecoder, Hypothesis
from genspec.backends.engines.unended import ended
from genspec.dialects.onnxruntime_genai import DIALECT
from genspec.dialects.spelling import Unspoken
from genspec_reference.scores import Scores


@dataclass(frozen=True)
class Loaded:
    """A model, and the function that it computes."""

    model: Any
    says: Callable[[Tokens], Scores]


def load(folder: Path, checkpoint: Checkpoint) -> Loaded:
    """Name the special tokens and load. Raises `Unspoken` for a model that has no spare token and no EOS."""
    import onnxruntime_genai

    last = checkpoint.vocab_size - 1
    if checkpoint.kind == "history" and not checkpoint.eos:
        raise Unspoken("a model without an EOS ends rows at its pad id, and this one has no spare token")
    rewrite(folder, eos_token_id=list(checkpoint.eos) or [last], pad_token_id=last)
    return Loaded(onnxruntime_genai.Model(str(folder)), checkpoint.model)    # type: ignore[arg-type]


def rewrite(folder: Path, **given: Any) -> None:
    """Write special tokens into genai_config.json."""
    path = folder / "genai_config.json"
    config = json.loads(path.read_text("utf-8"))
    config["model"] |= given
    path.write_text(json.dumps(config), "utf-8")


def generate(loaded: Loaded, asked: Asked) -> Sequence[Sequence[Hypothesis]]:
    """Decode one prompt, as often as rows are drawn, or with beams."""
    count, prompt, plan = asked.plan.outputs.num_return_sequences, asked.prompts[0], asked.plan
    if plan.draws:
        rows = [row for number in range(count) for row in rows_of(loaded, asked, 1, number)]
        return [[Hypothesis(*ended([row], prompt, plan, loaded.says)) for row in rows]]
    return [[Hypothesis(row) for row in ended(rows_of(loaded, asked, count), prompt, plan, loaded.says)]]


def rows_of(loaded: Loaded, asked: Asked, count: int, number: int = 0) -> list[Tokens]:
    """Run a generator: new tokens without the EOS. `number`: of the row that is drawn."""
    import onnxruntime_genai

    prompt = asked.prompts[0]
    settings = onnxruntime_genai.GeneratorParams(loaded.model)
    settings.set_search_options(**search_options(asked, number))
    generator = onnxruntime_genai.Generator(loaded.model, settings)
    generator.append_tokens([*prompt])
    while not generator.is_done():
        generator.generate_next_token()
    return [tuple(map(int, generator.get_sequence(place)))[len(prompt):] for place in range(count)]


def search_options(asked: Asked, number: int) -> Mapping[str, Any]:
    """Give the options of a search; the EOS ids are none of them."""
    options = {name: value for name, value in asked.options.items() if name != "eos_token_id"}
    return options | ({"random_seed": ((asked.seed or 0) + number) % 2**31} if asked.plan.draws else {})


def decoder() -> EngineDecoder:
    """Make the decoder. Raises ImportError that says what to install."""
    more = {"kinds": ["table", "lines", "attention"]}
    return EngineDecoder(Engine(DIALECT, "onnx", load, generate, ends_inside=True, spare=1, more=more))
