"""CTranslate2 as a decoder: `Generator.generate_batch` on a checkpoint of the model, in float32.

The prompt is not part of the result, so that lengths count new tokens; `with_prompt` makes the other choice.
Encoder-decoders are for the Translator: `ctranslate2_translator.py`.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from genspec.backends.checkpoints import Checkpoint
from genspec.backends.checkpoints.tokenizer import text_of
from genspec.backends.engines import ctranslate2_translator
from genspec.backends.engines.architectures import ByArchitecture
from genspec.backends.engines.engine import Asked, Engine, EngineDecoder, Hypothesis, is_beams
from genspec.dialects.ctranslate2 import DIALECT


def load(folder: Path, _: Checkpoint) -> Any:
    """Load a checkpoint of a decoder-only model."""
    import ctranslate2

    return ctranslate2.Generator(str(folder), compute_type="float32", intra_threads=1)


def generate(loaded: Any, asked: Asked) -> Sequence[Sequence[Hypothesis]]:
    """Decode a batch."""
    options = {"end_token": [], **asked.options}            # none: no token ends a row
    if asked.plan.draws:
        ctranslate2_translator.begin_anew(asked.seed or 0)
    else:
        options["sampling_topk"] = 1
    results = loaded.generate_batch([[text_of(token) for token in prompt] for prompt in asked.prompts], **options)
    return [rows_of(result, is_beams(asked.plan)) for result in results]


def generate_with_prompt(loaded: Any, asked: Asked) -> Sequence[Sequence[Hypothesis]]:
    """Decode one prompt that stands in the result: lengths count it then, without its first token."""
    prompt = asked.prompts[0]
    lengths = {name: asked.options[name] + len(prompt) - 1 for name in ("max_length", "min_length")}
    options = {**asked.options, **lengths, "include_prompt_in_result": True}
    return [[replace(row, new_tokens=row.new_tokens[len(prompt):]) for row in rows]
            for rows in generate(loaded, replace(asked, options=options))]


def rows_of(result: Any, scored: bool) -> list[Hypothesis]:
    """Read the hypotheses of one prompt."""
    return [
        Hypothesis(tuple(row), score if scored else None)
        for row, score in zip(result.sequences_ids, result.scores, strict=True)
    ]


MORE = {"kinds": ["table", "lines", "attention"]}


def decoder() -> ByArchitecture:
    """Make the decoder. Raises ImportError that says what to install."""
    return ByArchitecture(EngineDecoder(Engine(DIALECT, "ctranslate2", load, generate, batched=True, more=MORE)),
                          EngineDecoder(ctranslate2_translator.ENGINE))


def with_prompt() -> EngineDecoder:
    """Make the decoder that has the prompt in the result, as it is by default: then it counts for the penalties."""
    return EngineDecoder(Engine(DIALECT, "ctranslate2", load, generate_with_prompt, more=MORE))
