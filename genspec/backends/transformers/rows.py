"""What `generate` returns as outputs of the reference: padding is taken off, and nothing else is changed.

A row ends where its beam indices end, if it has some, or else at a token that ends rows (an EOS, or one that completes
a stop string) with nothing but padding behind it. So a row with other tokens behind its end keeps them, and differs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import torch

from genspec.backends.call import Call, Tokens
from genspec.backends.transformers.arguments import eos_of, has_beams, pad_of, wants
from genspec.config.plan import DecodingPlan
from genspec_reference import FinishReason, GenerateOutput, Row, Step
from genspec_reference.layered import Layered
from genspec_reference.model import Layers
from genspec_reference.output import Run
from genspec_reference.request import Request
from genspec_reference.scores import Scores
from genspec_reference.stopping import finish_reason

NOTHING_KEPT = Step((), np.inf)
LAYERS = {
    "attentions": "output_attentions", "cross_attentions": "output_attentions", "hidden_states": "output_hidden_states",
}


@dataclass(frozen=True)
class Returned:
    """What one call of `generate` returned, and what it takes to read it."""

    call: Call
    output: Any
    width: int                                  # of the decoder's prompts, padding included
    plans: Sequence[DecodingPlan] | None        # None for a call that the specification refuses

    @cached_property
    def sequences(self) -> list[Tokens]:
        """Return the rows as they came."""
        return [tuple(row) for row in self.output.sequences.tolist()]

    @cached_property
    def lengths(self) -> list[int]:
        """Return the length of each prompt without padding, with a token put in front of it."""
        own = [len(prompt) or 1 for prompt in self.call.prompts]
        return [length + self.width - max(own) for length in own]

    @property
    def rows_a_prompt(self) -> int:
        """Return how many rows each prompt has."""
        return len(self.sequences) // len(self.call.prompts)

    @property
    def begins_with_copies(self) -> bool:
        """Tell whether a search has all its hypotheses open from the start. BEAM-SAMPLE-1."""
        return self.plans is not None and self.plans[0].draws and self.plans[0].profile.drawn_start == "copies"

    def pads(self, *, exactly: bool) -> bool:
        """Tell whether padding may stand behind a row. Without beams and an EOS none is written: rows go on (DEV-54).

        `exactly`: whether beam indices have cut the row. In groups some releases have one too many (DEV-44).
        """
        if exactly:
            return self.call.config.get("num_beam_groups") not in (None, 1)
        return has_beams(self.call) or bool(eos_of(self.call.config))

    def member(self, name: str) -> Any:
        """Return a member of the output, or None where this kind of output has none."""
        found = getattr(self.output, name, None)
        return getattr(self.output, f"decoder_{name}", None) if found is None else found


def outputs_of(returned: Returned) -> tuple[GenerateOutput, ...]:
    """Read the outputs of all prompts, in their order."""
    return tuple(output_of(returned, number) for number in range(len(returned.call.prompts)))


def output_of(returned: Returned, number: int) -> GenerateOutput:
    """Read the rows of one prompt, with a run for each; in a beam mode one run for all."""
    first = number * returned.rows_a_prompt
    lines = range(first, first + returned.rows_a_prompt)
    beams = has_beams(returned.call)
    rows = tuple(row_of(returned, number, line, 0 if beams else line - first) for line in lines)
    if beams:
        return GenerateOutput(rows, (steps_of_beams(returned, number),))
    runs = [
        steps_of(returned, number, [[line]] * len(row.new_tokens)) for line, row in zip(lines, rows, strict=True)
    ]
    return GenerateOutput(rows, tuple(runs))


def row_of(returned: Returned, number: int, line: int, run: int) -> Row:
    """Read one row. Its beam indices are counted within the prompt. OUTPUTS-9."""
    whole, length = returned.sequences[line], returned.lengths[number]
    prompt, new = whole[returned.width - length:returned.width], whole[returned.width:]
    indices: Tokens = ()
    if (given := returned.member("beam_indices")) is not None:
        beams = returned.call.config["num_beams"]
        indices = tuple(index - number * beams for index in given[line].tolist() if index != -1)
        new = new[:len(indices)]
    if returned.pads(exactly=bool(indices)):
        new = without_padding(returned, number, prompt, new)
    scores = returned.member("sequences_scores")
    return Row(
        (*prompt, *new), length, reason_of(returned, number, prompt, new) or FinishReason.LENGTH,
        score=None if scores is None else float(scores[line]), beam_indices=indices, run=run,
    )


def without_padding(returned: Returned, number: int, prompt: Tokens, new: Tokens) -> Tokens:
    """Cut a row at the first token that ends it and has nothing but padding behind it."""
    pad = pad_of(returned.call.config)
    padding = next((count for count, token in enumerate(reversed(new)) if token != pad), len(new))
    for end in range(max(1, len(new) - padding), len(new)):
        reason = reason_of(returned, number, prompt, new[:end])
        if reason in (FinishReason.EOS, FinishReason.STOP_STRING):
            return new[:end]
    return new


def reason_of(returned: Returned, number: int, prompt: Tokens, new: Tokens) -> FinishReason | None:
    """Tell why a row ends after these tokens, or None. generate does not say, so the rules of the plan do."""
    call = returned.call
    if returned.plans is None:
        return FinishReason.EOS if new and new[-1] in eos_of(call.config) else None
    pieces = call.pieces
    return finish_reason(Request(
        returned.plans[number], call.model, prompt,
        detokenize=None if pieces is None else lambda tokens: "".join(pieces[token] for token in tokens),
    ), (*prompt, *new))


def steps_of_beams(returned: Returned, number: int) -> Run:
    """Read the steps of a search: its open hypotheses are one a group at first (or copies of it), and then all.

    In a batch they go on until the last search ends. OUTPUTS-18
    """
    config = returned.call.config
    beams, groups = config["num_beams"], config.get("num_beam_groups") or 1
    lines = list(range(number * beams, (number + 1) * beams))
    at_first = lines if returned.begins_with_copies else lines[::beams // groups]
    count = len(returned.member("scores") or ())
    return steps_of(returned, number, [at_first, *[lines] * (count - 1)][:count])


def steps_of(returned: Returned, number: int, lines: Sequence[Sequence[int]]) -> Run:
    """Read what was kept of each step. `lines`: for each step those of the open hypotheses."""
    call = returned.call
    kept: dict[str, Sequence[Any]] = {}
    for name in ("scores", "logits"):
        if wants(call, f"output_{name}") and (given := returned.member(name)) is not None:
            kept[name] = [vectors_of(step, some) for step, some in zip(given, lines, strict=False)]
    for name, asked in LAYERS.items():
        given = returned.member(name)
        if wants(call, asked) and isinstance(call.model, Layered) and given and given[0]:
            padding = returned.width - returned.lengths[number]
            source = len(call.sources[number]) if name == "cross_attentions" and call.sources is not None else None
            kept[name] = [
                tuple(layers_of(step, line, name, padding, source) for line in some)
                for step, some in zip(given, lines, strict=False)
            ]
    return tuple(step_at(place, kept) for place in range(len(lines))) if kept else (NOTHING_KEPT,) * len(lines)


def step_at(place: int, kept: Mapping[str, Sequence[Any]]) -> Step:
    """Give one step with all that was kept of it."""
    return replace(NOTHING_KEPT, **{name: steps[place] for name, steps in kept.items() if place < len(steps)})


def vectors_of(step: torch.Tensor, lines: Sequence[int]) -> tuple[Scores, ...]:
    """Give the vectors of some lines. float32[n, V] -> float64[V] each."""
    return tuple(step[list(lines)].double().numpy())


def layers_of(step: Sequence[torch.Tensor], line: int, name: str, padding: int, source: int | None) -> Layers:
    """Give the layers of one line without its padding: in front of its positions, and behind its source.

    A step of one position is a later one, and has no padding; without a cache every step covers the prompt.
    """
    layers = [layer[line].double().numpy() for layer in step]
    layers = [layer[..., padding:, :] if layer.shape[-2] > 1 else layer for layer in layers]
    if name == "attentions":
        return tuple(layer[..., padding:] for layer in layers)
    return tuple(layers if source is None else (layer[..., :source] for layer in layers))
