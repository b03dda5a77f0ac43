"""One step for one row: ask the model, run the pipeline, keep what was asked for. Text: docs/spec/pipeline.md."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from genspec.config.plan import Operation
from genspec_reference.beams.hypotheses import Selection
from genspec_reference.context import Context
from genspec_reference.model import Layers, ModelOutput, evaluate
from genspec_reference.output import Step
from genspec_reference.pipeline import TRUNCATIONS, Applied, run_pipeline
from genspec_reference.request import Request
from genspec_reference.scores import Scores, log_softmax
from genspec_reference.select import Choice

CLOSING = TRUNCATIONS | {"temperature", "watermark", "renormalize"}
"""The operations that the caller's own stand before. PIPELINE-4."""


@dataclass(frozen=True, slots=True)
class Scored:
    """What one row gets at one step: the model's answer and the scores made of it."""

    answer: ModelOutput
    applied: tuple[Applied, ...]

    @property
    def scores(self) -> Scores:
        """Return the scores after the last operation. float[V]."""
        return self.applied[-1].scores

    @property
    def margin(self) -> float:
        """Return the least margin of all operations."""
        return min(applied.margin for applied in self.applied)


def score_row(
    request: Request, tokens: tuple[int, ...], *, row: int = 0, surprises: tuple[float, ...] = (),
    answer: ModelOutput | None = None, normalised: bool = False,
) -> Scored:
    """Give the scores of the token after a row. PIPELINE-1, PIPELINE-3.

    `row`: which returned row, for the noise. `answer`: the model's, where the mode has it already. `normalised`:
    start from the log-softmax of the logits, as beam modes do.
    """
    answer = answer or evaluate(request.model, tokens, request.source)
    context = context_of(request, tokens, row, surprises, answer.logits.size)
    start = Applied("logits", "PIPELINE-3", answer.logits)
    if normalised:
        start = Applied("log_softmax", "PIPELINE-3", log_softmax(answer.logits))
    return Scored(answer, run_pipeline(start, operations_of(request), context, request.plan.profile))


def context_of(
    request: Request, tokens: tuple[int, ...], row: int, surprises: tuple[float, ...], vocab_size: int
) -> Context:
    """Gather what operations may know."""
    return Context(
        tokens=tokens,
        prompt_length=len(request.prompt),
        source=request.prompt if request.source is None else request.source,
        unconditional_logits=unconditional_logits(request, tokens),
        allowed_tokens=request.allowed_tokens,
        chance=chance_of(request, tokens, row, vocab_size),
        surprises=surprises,
    )


def unconditional_logits(request: Request, tokens: tuple[int, ...]) -> Scores | None:
    """Ask the model for the row without its prompt, when the plan has guidance. float[V]. GUIDANCE-2."""
    if request.plan.operation("guidance") is None:
        return None
    instead = request.prompt[-1:] if request.negative_prompt is None else request.negative_prompt
    return evaluate(request.model, instead + tokens[len(request.prompt):], request.source).logits


def chance_of(request: Request, tokens: tuple[int, ...], row: int, vocab_size: int) -> float:
    """Draw the step's uniform number where an operation needs it: exp(-e), e the noise after the race's. XTC-2."""
    if request.plan.operation("xtc") is None:
        return 0.0
    race = vocab_size * (1 if request.plan.beams is None else request.plan.beams.num_beams)     # BEAM-SAMPLE-3
    return float(np.exp(-noise_of(request, tokens, row, race + 1)[race]))


def noise_of(request: Request, tokens: tuple[int, ...], row: int, size: int) -> Scores:
    """Ask for the Exp(1) numbers of one step. float[size]. SAMPLE-2.

    Raises ValueError when the call gives no noise, or numbers that cannot be drawn.
    """
    if request.noise is None:
        raise ValueError("this plan draws: decode needs noise=, for example seeded_noise(0)")
    noise = np.asarray(request.noise(row, len(tokens) - len(request.prompt), size), dtype=np.float64)
    if noise.shape != (size,) or not (noise.min() > 0 and noise.max() < np.inf):
        raise ValueError(f"noise is {size} positive numbers; this has the shape {noise.shape}: {noise}")
    return noise


def operations_of(request: Request) -> tuple[Operation, ...]:
    """Add the operations of the call to those of the plan, each in its place. PIPELINE-1, PIPELINE-4.

    Raises ValueError when the call gives `allowed_tokens` and the profile has no such operation. PIPELINE-5
    """
    operations, profile = request.plan.operations, request.plan.profile
    own = [Operation("processor", {"function": function}, "PIPELINE-4") for function in request.processors]
    operations = inserted(operations, own, CLOSING)
    if request.allowed_tokens is None:
        return operations
    allowed = Operation("prefix_allowed_tokens", {}, "PREFIX-ALLOWED-TOKENS-1")
    order = profile.order_in(request.plan.mode)
    if allowed.name not in order:
        raise ValueError(f"allowed_tokens: the profile has no {allowed.name} in {request.plan.mode}")
    return inserted(operations, [allowed], frozenset(order[order.index(allowed.name):]) | {"processor"})


def inserted(
    operations: tuple[Operation, ...], added: list[Operation], later: frozenset[str]
) -> tuple[Operation, ...]:
    """Put operations in front of the first one that is later."""
    place = next((n for n, operation in enumerate(operations) if operation.name in later), len(operations))
    return (*operations[:place], *added, *operations[place:])


def step_of(
    request: Request, scored: Sequence[Scored], choices: Sequence[Choice], margin: float,
    selections: Sequence[Selection] = (),
) -> Step:
    """Keep of one step what the plan's outputs and the call ask for. OUTPUTS-2 to OUTPUTS-5, OUTPUTS-19.

    `selections`: what a beam mode did with the candidates.
    """
    wanted, prompt_length = request.plan.outputs, len(request.prompt)
    answers = [one.answer for one in scored]
    attentions = collected([answer.attentions for answer in answers], prompt_length)
    cross_attentions = collected([answer.cross_attentions for answer in answers], prompt_length)
    hidden_states = collected([answer.hidden_states for answer in answers], prompt_length)
    return Step(
        choices=tuple(choices),
        margin=min(margin, *(one.margin for one in scored)),
        scores=tuple(one.scores for one in scored) if wanted.scores else None,
        logits=tuple(answer.logits for answer in answers) if wanted.logits else None,
        attentions=attentions if wanted.attentions else None,
        cross_attentions=cross_attentions if wanted.attentions else None,
        hidden_states=hidden_states if wanted.hidden_states else None,
        applied=tuple(one.applied for one in scored) if request.trace else (),
        selections=tuple(selections) if request.trace else (),
    )


def collected(layers: Sequence[Layers | None], prompt_length: int) -> tuple[Layers, ...] | None:
    """Keep the layers of every open hypothesis, or nothing when the model supplies none for one of them."""
    kept = tuple(newest(one, prompt_length) for one in layers if one is not None)
    return kept if len(kept) == len(layers) else None


def newest(layers: Layers, prompt_length: int) -> Layers:
    """Keep every position of the prompt at the first step, and of a later one the newest. OUTPUTS-11.

    The positions are the last axis but one: float[..., positions, d] a layer.
    """
    return tuple(array if array.shape[-2] <= prompt_length else array[..., -1:, :] for array in layers)
