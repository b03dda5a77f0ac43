"""Our decoder on torch behind the interface of all decoders."""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf, nan
from typing import Any, TypeVar

import torch
from torch import Tensor

from genspec import __version__
from genspec.backends.call import Call
from genspec.backends.decoder import Answer, Arrays, Info, Refusal, Unsupported
from genspec.backends.noise import written_noise
from genspec.backends.torch.decode import decode
from genspec.backends.torch.decoded import Decoded, Kept
from genspec.backends.torch.drivers.driver import Driver
from genspec.backends.torch.healing import healed
from genspec.backends.torch.inputs import UnsupportedHere, kept_prompts, require_supported
from genspec.backends.torch.models import drivers_of
from genspec.backends.torch.outputs import written
from genspec.backends.torch.request import Request
from genspec.backends.torch.scripted import batched
from genspec.config.decision import Rejected
from genspec_reference import GenerateOutput, Step
from genspec_reference.scores import Scores
from genspec_reference.select import Choice

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class TorchDecoder:
    """All prompts of a call in one batch, the scripted model read row by row as a function.

    `cached`: as a model of transformers instead, which keeps what it has read in a cache.
    """

    dtype: torch.dtype = torch.float32      # of the logits; all that follows is float32
    device: str = "cpu"
    cached: bool = False

    @property
    def info(self) -> Info:
        """Tell which decoder this is."""
        return Info("torch, cached" if self.cached else "torch", __version__, "float32", "hf")

    def decode(self, call: Call) -> Answer:
        """Decode every prompt of a call."""
        return self.answered(call, outputs_of)

    def arrays(self, call: Call) -> Arrays | Refusal | Unsupported:
        """Decode a batch, and give the arrays that `generate` returns."""
        return self.answered(call, arrays_of)

    def answered(self, call: Call, read: Callable[[Request, Decoded], T]) -> T | Refusal | Unsupported:
        """Decode a call and read what came of it."""
        try:
            require_supported(call.plans[0])
            drivers = drivers_of(self.model(call), call.sources, call.plans[0].outputs, torch.device(self.device), True)
            request = healed(self.request(call, drivers), drivers)
            return read(request, decode(request))
        except UnsupportedHere as reason:
            return Unsupported(str(reason))
        except Rejected as rejected:
            clauses = tuple(sorted({reason.clause for reason in rejected.reasons}))
            return Refusal("Rejected", str(rejected), clauses)

    def model(self, call: Call) -> Any:
        """Make a model of the call's function."""
        if not self.cached:
            return batched(call.model, self.dtype, self.device)
        from genspec.backends.transformers.pool import model_of

        return model_of(call)

    def request(self, call: Call, drivers: Callable[[], Driver]) -> Request:
        """Make a request of a call, which has no padding."""
        plans, pieces, allowed = call.plans, call.pieces, call.allowed_tokens
        prompts = kept_prompts(plans, [call.decoder_prompt(number) for number in range(len(call.prompts))])
        return Request(
            plans=plans,
            prompts=prompts,
            sources=call.sources,
            driver=drivers(),
            device=torch.device(self.device),
            unconditional=None if plans[0].operation("guidance") is None else drivers(),
            negatives=call.negative_prompts,
            generator=None if call.seed is None else torch.Generator().manual_seed(call.seed),
            seeds=call.seeds,
            given=None if call.noise is None else written_noise(call.noise),
            allowed_tokens=None if allowed is None else lambda prompt, tokens: allowed[tokens[-1]],
            detokenize=None if pieces is None else lambda tokens: "".join(pieces[token] for token in tokens),
        )


def cached() -> TorchDecoder:
    """Make the decoder that reads its model as one of transformers, with a cache."""
    return TorchDecoder(cached=True)


def outputs_of(request: Request, decoded: Decoded) -> tuple[GenerateOutput, ...]:
    """Write what was decoded as the reference does, prompt by prompt, with the scores and logits of its steps."""
    if request.plan.beams is None:
        return tuple(output_of_rows(decoded, number) for number in range(len(decoded.rows)))
    return tuple(output_of_search(request, decoded, number) for number in range(len(decoded.rows)))


def arrays_of(request: Request, decoded: Decoded) -> Arrays:
    """Give what `generate` returns, by name."""
    found = written(request, decoded)
    if isinstance(found, Tensor):
        return {"sequences": found.tolist()}
    return {name: plain(value) for name in ARRAYS if (value := getattr(found, name, None)) is not None}


ARRAYS = ("sequences", "sequences_scores", "beam_indices", "scores", "logits")
"""What is returned of a batch, attentions and hidden states apart."""


def plain(value: Any) -> Any:
    """Give lists for tensors, and for tuples of them."""
    return [plain(one) for one in value] if isinstance(value, tuple) else value.tolist()


def output_of_rows(decoded: Decoded, number: int) -> GenerateOutput:
    """Give every row the steps that it took part in."""
    rows = decoded.rows[number]
    lines = range(number * len(rows), (number + 1) * len(rows))
    return GenerateOutput(rows, tuple(
        tuple(step_of_row(*step, line) for step in zip(decoded.steps, row.new_tokens, strict=False))
        for line, row in zip(lines, rows, strict=True)
    ))


def step_of_row(kept: Kept, token: int, line: int) -> Step:
    """Write one step of one row. Its margin is not known; nor, where scores are not kept, its score."""
    place = kept.lines.index(line)
    scores, logits = vectors(kept.scores, place, 1), vectors(kept.logits, place, 1)
    score = nan if scores is None else float(scores[0][token])
    return Step((Choice(token, score, inf),), inf, scores, logits)


def output_of_search(request: Request, decoded: Decoded, number: int) -> GenerateOutput:
    """Give a prompt the steps of its search, as long as a hypothesis was open."""
    line = number * request.lines_per_prompt
    steps = tuple(step_of_search(kept, number, line) for kept in decoded.steps if kept.open.get(number))
    return GenerateOutput(decoded.rows[number], (steps,))


def step_of_search(kept: Kept, number: int, line: int) -> Step:
    """Write one step of the search of a prompt, whose first line is this one."""
    place, count = kept.lines.index(line), kept.open[number]
    choices = tuple(Choice(one.token, one.total, inf, one.beam) for one in kept.candidates[number])
    return Step(choices, inf, vectors(kept.scores, place, count), vectors(kept.logits, place, count))


def vectors(kept: Tensor | None, first: int, count: int) -> tuple[Scores, ...] | None:
    """Take the vectors of neighbouring lines. float32[N, V] -> count times float64[V]."""
    return None if kept is None else tuple(kept[first:first + count].double().cpu().numpy())
