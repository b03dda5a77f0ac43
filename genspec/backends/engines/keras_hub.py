"""KerasHub as a decoder: its samplers, on a function that looks lines of a table up. Keras runs on torch here."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from genspec.backends.checkpoints import Checkpoint
from genspec.backends.checkpoints.models import lines_of
from genspec.backends.engines.engine import Asked, Engine, EngineDecoder, Hypothesis
from genspec.config.mode import Mode
from genspec.dialects.keras_hub import DIALECT
from genspec.dialects.spelling import Unspoken

os.environ.setdefault("KERAS_BACKEND", "torch")


def load(_: Path, checkpoint: Checkpoint) -> Any:
    """Make the table that `next` reads. float32[V, V]."""
    from keras import ops

    return ops.convert_to_tensor(lines_of(checkpoint.table), dtype="float32")


def generate(lines: Any, asked: Asked) -> Sequence[Sequence[Hypothesis]]:
    """Decode one prompt, as often as rows are drawn, or with beams."""
    if asked.plan.mode is Mode.BEAM_SEARCH:
        return [beams(lines, asked)]
    return [[Hypothesis(row(lines, asked, number)) for number in range(asked.plan.outputs.num_return_sequences)]]


def row(lines: Any, asked: Asked, number: int) -> tuple[int, ...]:
    """Decode one row: new tokens, the EOS included."""
    return ended(decoded(lines, asked, sampler_of(asked, (asked.seed or 0) + number))[0], asked)


def beams(lines: Any, asked: Asked) -> list[Hypothesis]:
    """Decode with beams, the best hypothesis first."""
    from keras_hub import samplers

    sampler = samplers.BeamSampler(num_beams=asked.options["num_beams"], return_all_beams=True)
    rows, scores = decoded(lines, asked, sampler)
    count = asked.plan.outputs.num_return_sequences
    found = zip(rows[0][:count], scores[0][:count], strict=True)
    return [Hypothesis(ended(tokens, asked), float(score)) for tokens, score in found]


def decoded(lines: Any, asked: Asked, sampler: Any) -> Any:
    """Run a sampler on the prompt and the empty places behind it."""
    from keras import ops

    prompt, length = asked.prompts[0], asked.options["max_length"]
    empty = [filler(len(lines), asked)] * (length - len(prompt))
    places = ops.convert_to_tensor([[*prompt, *empty]], dtype="int32")
    mask = ops.convert_to_tensor([[True] * len(prompt) + [False] * (length - len(prompt))], dtype="bool")

    def following(tokens: Any, cache: Any, index: Any) -> tuple[Any, Any, Any]:
        return ops.take(lines, tokens[:, index - 1], axis=0), None, cache

    ends = asked.options.get("stop_token_ids") or None
    answer = sampler(next=following, prompt=places, cache=(), index=len(prompt), mask=mask, stop_token_ids=ends)
    if isinstance(answer, tuple):
        return tuple(ops.convert_to_numpy(part) for part in answer)
    return ops.convert_to_numpy(answer)


def filler(size: int, asked: Asked) -> int:
    """Give a token for empty places: a stop id there would end the row before it begins. Raises `Unspoken`."""
    ends = asked.plan.stopping.eos_token_ids
    free = next((token for token in range(size) if token not in ends), None)
    if free is None:
        raise Unspoken("every token is an EOS, and empty places hold one that is none")
    return free


def sampler_of(asked: Asked, seed: int) -> Any:
    """Make the sampler of the options. Raises `Unspoken` for those that no single one has."""
    from keras_hub import samplers

    options, plan = asked.options, asked.plan
    if not plan.draws:
        return samplers.GreedySampler()
    shared = {"temperature": options.get("temperature", 1.0), "seed": seed}
    size = options.get("k") or None
    if plan.operation("top_p"):
        return samplers.TopPSampler(p=options["p"], k=size if plan.operation("top_k") else None, **shared)
    if plan.operation("top_k"):
        return samplers.TopKSampler(k=size, **shared)
    if plan.mode is Mode.SAMPLE:
        return samplers.RandomSampler(**shared)
    raise Unspoken(f"KerasHub has no sampler for {plan.mode}")


def ended(tokens: Sequence[int], asked: Asked) -> tuple[int, ...]:
    """Cut a row behind the first EOS of what is new: what stands there was empty before."""
    new = [int(token) for token in tokens[len(asked.prompts[0]):]]
    ends = asked.plan.stopping.eos_token_ids
    length = next((place + 1 for place, token in enumerate(new) if token in ends), len(new))
    return tuple(new[:length])


def decoder() -> EngineDecoder:
    """Make the decoder. Raises ImportError that says what to install."""
    return EngineDecoder(Engine(DIALECT, "hf", load, generate))
