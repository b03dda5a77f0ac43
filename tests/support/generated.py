"""Outputs of `generate` side by side: ours and that of transformers, field by field, down the nested tuples."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch

FIELDS = (
    "sequences", "sequences_scores", "beam_indices", "scores", "logits", "attentions", "hidden_states",
    "encoder_attentions", "encoder_hidden_states", "decoder_attentions", "cross_attentions", "decoder_hidden_states",
)
EVERYTHING = {
    "return_dict_in_generate": True, "output_scores": True, "output_logits": True, "output_attentions": True,
    "output_hidden_states": True,
}
BY_STEP = ("scores", "logits", "attentions", "hidden_states", "decoder_attentions", "cross_attentions",
           "decoder_hidden_states")


@dataclass(frozen=True, slots=True)
class Bounds:
    """How far two numbers may be apart: atol + rtol times the number of transformers."""

    rtol: float = 1e-5
    atol: float = 1e-4


FLOAT32 = Bounds()


def of_transformers(model: Any, ids: torch.Tensor, mask: torch.Tensor, config: Mapping[str, Any], seed: int = 0) -> Any:
    """Run `generate` of transformers. The seed is that of torch's own generator."""
    torch.manual_seed(seed)
    with torch.no_grad():
        return model.generate(ids, attention_mask=mask, **config)


def of_genspec(
    model: Any, ids: torch.Tensor, mask: torch.Tensor, config: Mapping[str, Any], seed: int = 0, **more: Any
) -> Any:
    """Run our `generate` on the same values."""
    from genspec import GenerationConfig
    from genspec.backends.torch import generate

    generator = None if "seeds" in more else torch.Generator(ids.device).manual_seed(seed)
    return generate(
        model, ids, GenerationConfig.from_dict(dict(config)), attention_mask=mask, generator=generator, **more
    )


def differences(
    ours: Any, theirs: Any, live: list[int] | None = None, bounds: Bounds = FLOAT32,
) -> list[str]:
    """Say where two outputs differ: structure, shape, number. `live`: see `live_steps`."""
    pairs = [(name, getattr(ours, name, None), getattr(theirs, name, None)) for name in FIELDS]
    return [line for pair in pairs for line in of_field(*pair, live, bounds)]


def of_field(name: str, ours: Any, theirs: Any, live: list[int] | None, bounds: Bounds) -> Iterator[str]:
    """Say where two values of one field differ."""
    if ours is None or theirs is None:
        if ours is not theirs:
            yield f"{name}: ours {kind(ours)}, transformers {kind(theirs)}"
        return
    if name not in BY_STEP or live is None:
        yield from of_nested(name, ours, theirs, None, bounds)
        return
    if len(ours) != len(theirs):
        yield f"{name}: {len(ours)} steps, transformers {len(theirs)}"
        return
    for step, (mine, other) in enumerate(zip(ours, theirs, strict=True)):
        rows = [row for row, count in enumerate(live) if step < count]
        yield from of_nested(f"{name}[{step}]", mine, other, rows, bounds)


def of_nested(name: str, ours: Any, theirs: Any, rows: list[int] | None, bounds: Bounds) -> Iterator[str]:
    """Say where two tensors, or tuples of them, differ. `rows`: those whose numbers count."""
    if isinstance(theirs, tuple):
        if not isinstance(ours, tuple) or len(ours) != len(theirs):
            yield f"{name}: ours {kind(ours)}, transformers {kind(theirs)}"
            return
        for place, (mine, other) in enumerate(zip(ours, theirs, strict=True)):
            yield from of_nested(f"{name}[{place}]", mine, other, rows, bounds)
        return
    if not torch.is_tensor(ours) or ours.shape != theirs.shape:
        yield f"{name}: ours {kind(ours)}, transformers {kind(theirs)}"
        return
    if rows is not None:
        ours, theirs = ours[rows], theirs[rows]
    if theirs.is_floating_point():
        if ours.dtype != theirs.dtype:
            yield f"{name}: {ours.dtype}, transformers {theirs.dtype}"
        elif not torch.allclose(ours, theirs, rtol=bounds.rtol, atol=bounds.atol, equal_nan=True):
            yield f"{name}: differs by {apart(ours, theirs):.2g}"
    elif not torch.equal(ours, theirs.to(ours.dtype)):
        yield f"{name}:\n    ours         {ours.tolist()}\n    transformers {theirs.tolist()}"


def apart(ours: torch.Tensor, theirs: torch.Tensor) -> float:
    """Return the greatest distance of two numbers that are finite on both sides; infinity where one alone is."""
    finite = ours.isfinite() & theirs.isfinite()
    if not torch.equal(ours[~finite], theirs[~finite]):
        return float("inf")
    return float((ours[finite].double() - theirs[finite].double()).abs().max())


def kind(value: Any) -> str:
    """Name a value by its type and size."""
    if torch.is_tensor(value):
        return f"{value.dtype}{list(value.shape)}"
    return f"{type(value).__name__} of {len(value)}" if isinstance(value, tuple) else repr(value)


def live_steps(output: Any, prompt_length: int, prompts: int, config: Mapping[str, Any]) -> list[int]:
    """Count for each row of the decoder's batch the steps whose scores mean something.

    After its end a row is fed padding until the others end; what stands there is nobody's score (DEV-55). In a beam
    mode a prompt lives at least as long as its longest returned row.
    """
    ids = config.get("eos_token_id")
    eos = set(ids if isinstance(ids, list) else [ids])
    counts = []
    for row in output.sequences[:, prompt_length:].tolist():
        ends = [place + 1 for place, token in enumerate(row) if token in eos]
        counts.append(ends[0] if ends else len(row))
    beams = config.get("num_beams", 1)
    if beams == 1:
        return counts
    returned = len(counts) // prompts
    longest = [max(counts[number * returned:(number + 1) * returned]) for number in range(prompts)]
    return [count for count in longest for _ in range(beams)]
