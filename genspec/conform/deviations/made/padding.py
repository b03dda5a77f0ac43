"""DEV-29: padding that counts as tokens of the row, or of the source."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genspec.config.generation_config import GenerationConfig
from genspec.config.plan import Operation
from genspec.conform.deviations.counterfactual import Situation, with_its_operations
from genspec.conform.deviations.deviation import numbers
from genspec.conform.oracle.requests import with_operations
from genspec_reference import FinishReason, GenerateOutput, Row
from genspec_reference.context import Context
from genspec_reference.model import Model, ModelOutput
from genspec_reference.operations.repetition_penalty import repetition_penalty
from genspec_reference.request import Request
from genspec_reference.scores import Scores
from genspec_reference.stopping import finish_reason


def padding_counts(situation: Situation) -> Situation | None:
    """Give the prompt with its padding, and a model that does not read it: so operations see the padding alone."""
    call, number = situation.call, situation.number
    width = max(map(len, call.prompts))
    front = width - len(call.prompts[number]) if all(call.prompts) else 0
    back = 0 if call.sources is None else max(map(len, call.sources)) - len(call.sources[number])
    if not front and not back:
        return None
    from genspec.backends.transformers.arguments import fill_of

    fill, request = fill_of(call), situation.request
    padding = (fill,) * front
    given = request.plan.operation("prefix_allowed_tokens")
    allowed: Any = None if given is None else given.arguments["allowed_tokens"]
    prompt = padding + request.prompt
    instead = request.prompt[-1:] if request.negative_prompt is None else request.negative_prompt
    request = replace(
        request, prompt=prompt, plan=call.resolved(GenerationConfig.from_dict(dict(call.config)), prompt),
        model=WithoutPadding(request.model, front, back),
        source=None if request.source is None else request.source + (fill,) * back,
        negative_prompt=padding + instead,      # the model cuts it off again
        allowed_tokens=allowed,
    )
    request = with_its_operations(request)
    if front and numbers(situation.info.version) >= (5,):
        request = with_operations(request, tuple(unpadded(one, front) for one in request.plan.operations))
    answered = situation.answered
    return replace(situation, request=request, answered=answered and with_front(answered, padding, request))


@dataclass(frozen=True, slots=True)
class WithoutPadding:
    """A model that is given rows with padding and reads them without."""

    model: Model
    front: int                              # tokens of padding before the row
    back: int                               # and behind the source

    def __call__(self, tokens: tuple[int, ...], source: tuple[int, ...] = ()) -> Any:
        """Ask the model."""
        given = () if not source else (source[:len(source) - self.back],)
        answer = self.model(tokens[self.front:], *given)
        if not isinstance(answer, ModelOutput) or answer.hidden_states is None:
            return answer
        return replace(answer, hidden_states=tuple(map(self.padded, answer.hidden_states)))

    def padded(self, states: NDArray[np.float64]) -> NDArray[np.float64]:
        """Put states in front that change no comparison: those of the padding are not compared. float[n, d]."""
        return np.concatenate((np.repeat(states[:1], self.front, axis=0), states))


def unpadded(operation: Operation, front: int) -> Operation:
    """Let the repetition penalty see the row alone, as it does since 5.0."""
    if operation.name != "repetition_penalty":
        return operation

    def penalised(scores: Scores, context: Context) -> Scores:
        penalty = float(str(operation.arguments["penalty"]))
        return repetition_penalty(scores, penalty, tokens=context.tokens[front:], prompt_length=0)

    return Operation("processor", {"function": penalised}, operation.clause)


def with_front(output: GenerateOutput, padding: tuple[int, ...], request: Request) -> GenerateOutput:
    """Give the rows as they stand in the batch."""
    return replace(output, rows=tuple(
        ended(replace(row, tokens=padding + row.tokens, prompt_length=row.prompt_length + len(padding)), request)
        for row in output.rows
    ))


def ended(row: Row, request: Request) -> Row:
    """End a row where the text of its padding completes a stop string, and nothing but padding stands behind."""
    for end in range(row.prompt_length + 1, len(row.tokens) + 1):
        if finish_reason(request, row.tokens[:end]) == FinishReason.STOP_STRING:
            only_padding = set(row.tokens[end:]) <= {request.plan.tokens.pad} and not row.beam_indices
            if end == len(row.tokens) or only_padding:
                return replace(row, tokens=row.tokens[:end], finish_reason=FinishReason.STOP_STRING)
            return row
    return row
