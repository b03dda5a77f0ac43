"""DEV-48 and DEV-113: DoLa contrasts all rows of a batch with one layer, and gives a prompt one row."""

from dataclasses import dataclass, field, replace

import numpy as np

from genspec.config.mode import Mode
from genspec.conform.deviations.counterfactual import Situation
from genspec_reference import Row
from genspec_reference.model import Model, ModelOutput, evaluate
from genspec_reference.modes.dola import candidate_layers, divergence, layers_of
from genspec_reference.request import Request

ONE_LAYER = (0,)
"""The layers that are named for a model that shows one below its last."""


@dataclass(frozen=True)
class Batch:
    """The rows of a batch as they were answered, and the layer that they choose together at each step."""

    model: Model
    rows: tuple[Row, ...]
    named: str | tuple[int, ...]
    pad: int                                # behind a row that has ended
    chosen: dict[int, int] = field(default_factory=dict)

    def layer(self, step: int) -> int:
        """Give the number of the layer of a step."""
        if step not in self.chosen:
            self.chosen[step] = self.choose([self.read(row, step) for row in self.rows])
        return self.chosen[step]

    def choose(self, answers: list[ModelOutput]) -> int:
        """Choose the layer of the greatest mean."""
        candidates = candidate_layers(self.named, len(layers_of(answers[0])) - 1, answers[0].tied_embeddings)
        means = [np.mean([divergence(one.logits, layers_of(one)[layer]) for one in answers]) for layer in candidates]
        return candidates[int(np.argmax(means))]

    def read(self, row: Row, step: int) -> ModelOutput:
        """Ask the model behind so many new tokens, filled up behind the end."""
        filled = row.tokens + (self.pad,) * step
        return evaluate(self.model, filled[:row.prompt_length + step], None)


@dataclass(frozen=True)
class OneLayer:
    """A model that shows the layer that its batch has chosen, and its last one."""

    model: Model
    batch: Batch
    start: int                              # tokens of the prompt

    def __call__(self, tokens: tuple[int, ...], source: tuple[int, ...] = ()) -> ModelOutput:
        """Ask the model."""
        answer = evaluate(self.model, tokens, source or None)
        layers = layers_of(answer)
        return replace(answer, layer_logits=(layers[self.batch.layer(max(0, len(tokens) - self.start))], layers[-1]))


def batch_chooses_a_layer(situation: Situation) -> Situation | None:
    """Let all rows of a batch be contrasted with one layer. What it would be of a refused batch is not told."""
    request, plan, call = situation.request, situation.request.plan, situation.call
    rows = tuple(row for output in situation.whole for row in output.rows)
    if plan.mode is not Mode.DOLA or plan.dola_layers is None or call.sources is not None or len(rows) < 2:
        return None
    batch = Batch(call.model, rows, plan.dola_layers, filling(request))
    model = OneLayer(request.model, batch, len(request.prompt))
    return replace(situation, request=replace(request, model=model, plan=replace(plan, dola_layers=ONE_LAYER)))


def filling(request: Request) -> int:
    """Give the token behind a row that has ended: the pad, or else the first EOS."""
    plan = request.plan
    if plan.tokens.pad is not None:
        return plan.tokens.pad
    return plan.stopping.eos_token_ids[0] if plan.stopping.eos_token_ids else 0


def returns_one_row(situation: Situation) -> Situation | None:
    """Let a prompt have one row, however many are asked for. DEV-113."""
    request, plan = situation.request, situation.request.plan
    if plan.mode is not Mode.DOLA or plan.outputs.num_return_sequences < 2:
        return None
    once = replace(plan, outputs=replace(plan.outputs, num_return_sequences=1))
    return replace(situation, request=replace(request, plan=once))
