"""Outputs of `generate` side by side: ours and that of transformers, field by field, down the nested tuples."""

from collections.abc import Iterator, Mapping, Sequence
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


AT_PLACES = {"hidden_states": 1, "encoder_hidden_states": 1, "attentions": 2, "encoder_attentions": 2}
"""Fields with an axis of places, of which those of the prompt, or of the source, may be filling."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How far two numbers may be apart: atol + rtol times the number of transformers."""

    rtol: float = 1e-5
    atol: float = 1e-4


FLOAT32 = Bounds()


@dataclass(frozen=True, slots=True)
class Meant:
    """Which numbers of an output mean something; of the others the shape alone is compared."""

    steps: list[int] | None = None          # of each line: see `live_steps`
    mask: torch.Tensor | None = None        # of prompts or sources, as `generate` was given it. int64[P, L]

    def at(self, name: str, step: int, values: torch.Tensor) -> torch.Tensor:
        """Mark the numbers that count in what a step, or the encoder, gives. Returns bool, as `values` or to spread."""
        marks = torch.ones([len(values)] + [1] * (values.dim() - 1), dtype=torch.bool)
        if self.steps is not None and name in BY_STEP:
            marks &= torch.tensor([step < count for count in self.steps]).view(marks.shape)
        axis = AT_PLACES.get(name)
        if self.mask is not None and axis is not None and values.shape[axis] == self.mask.shape[1]:
            seen = self.mask.bool().repeat_interleave(len(values) // len(self.mask), dim=0)
            marks = marks & seen.view([len(values)] + [-1 if place == axis else 1 for place in range(1, values.dim())])
        return marks


ALL = Meant()


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
    from genspec.backends.torch.generate import generate

    generator = None if "seeds" in more else torch.Generator(ids.device).manual_seed(seed)
    return generate(
        model, ids, GenerationConfig.from_dict(dict(config)), attention_mask=mask, generator=generator, **more
    )


def differences(
    ours: Any, theirs: Any, meant: Meant = ALL, bounds: Bounds = FLOAT32, fields: Sequence[str] = FIELDS,
) -> list[str]:
    """Say where two outputs differ: structure, shape, number type, number."""
    found: list[str] = []
    for name in fields:
        mine, other = (leaves(getattr(output, name, None)) for output in (ours, theirs))
        shapes = [[(place, kind(value)) for place, value in side] for side in (mine, other)]
        if shapes[0] != shapes[1]:
            found.append(f"{name}: ours {shapes[0]}, transformers {shapes[1]}")
            continue
        for (place, value), (_, expected) in zip(mine, other, strict=True):
            if torch.is_tensor(expected):
                marks = meant.at(name, place[0] if place else 0, expected).expand_as(expected)
                found += [f"{name}{list(place)}: {line}" for line in apart(value[marks], expected[marks], bounds)]
    return found


def leaves(value: Any, place: tuple[int, ...] = ()) -> list[tuple[tuple[int, ...], Any]]:
    """List what nested tuples hold, each with its place."""
    if not isinstance(value, tuple):
        return [(place, value)]
    return [leaf for number, part in enumerate(value) for leaf in leaves(part, (*place, number))]


def kind(value: Any) -> str:
    """Name a value by its type and size; whole numbers of any width are one type."""
    if not torch.is_tensor(value):
        return repr(value)
    return f"{value.dtype if value.is_floating_point() else 'int'}{list(value.shape)}"


def apart(ours: torch.Tensor, theirs: torch.Tensor, bounds: Bounds) -> Iterator[str]:
    """Say how far the numbers of two tensors are apart."""
    if not theirs.is_floating_point():
        if not torch.equal(ours, theirs.to(ours.dtype)):
            yield f"\n    ours         {ours.tolist()}\n    transformers {theirs.tolist()}"
    elif not torch.allclose(ours, theirs, rtol=bounds.rtol, atol=bounds.atol):
        worst = (ours.double() - theirs.double()).abs().nan_to_num(torch.inf).argmax()
        yield f"{ours.flatten()[worst]:.8g}, transformers {theirs.flatten()[worst]:.8g}"


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
