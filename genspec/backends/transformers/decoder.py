"""`generate` of the installed transformers as a decoder: from a call to its arguments, and from its rows back."""

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
from transformers import logging

from genspec.backends.call import Call
from genspec.backends.decoder import Answer, Arrays, Info, Refusal, Unsupported
from genspec.backends.noise import noises_of
from genspec.backends.transformers.arguments import arguments_of, draws, inputs_of, wants, width_of
from genspec.backends.transformers.chance import given_noise
from genspec.backends.transformers.limits import limit_of
from genspec.backends.transformers.pool import assistant_of, model_of
from genspec.backends.transformers.rows import Returned, outputs_of
from genspec.backends.transformers.speculation import Chance, given_chance
from genspec.backends.transformers.version import RELEASE, VERSION, profile_of
from genspec.config.decision import Rejected
from genspec.config.mode import Mode
from genspec.config.plan import DecodingPlan
from genspec_reference import GenerateOutput, Noise

Plans = Sequence[DecodingPlan] | None
"""One a prompt; None for a call that the specification refuses."""
Noises = Sequence[Noise] | None
"""One a prompt; None where torch's own generator is the noise, or nothing is drawn."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class TransformersDecoder:
    """`generate`, on the whole batch at once or on each prompt alone."""

    batched: bool = True

    @property
    def info(self) -> Info:
        """Tell which decoder this is."""
        return Info("transformers", VERSION, "float32", profile_of(RELEASE))

    def decode(self, call: Call) -> Answer:
        """Decode every prompt of a call. Whatever `generate` raises is a refusal, with the name of the exception."""
        return self.answered(call, decoded if self.batched else one_by_one)

    def arrays(self, call: Call) -> Arrays | Refusal | Unsupported:
        """Decode a batch, and give the arrays as `generate` returns them."""
        return self.answered(call, arrays_of) if self.batched else Unsupported("decodes each prompt alone")

    def answered(
        self, call: Call, read: Callable[[Call, Plans, Noises], T]
    ) -> T | Refusal | Unsupported:
        """Decode a call and read what came of it."""
        plans = plans_of(call)
        reason = limit_of(call, plans, batched=self.batched)
        if reason is not None:
            return Unsupported(reason)
        noises = None if plans is None or not draws(call) else noises_for(call, plans[0].mode, self.batched)
        try:
            with silence():
                return read(call, plans, noises)
        except Exception as error:      # whatever it is, it is the answer of transformers
            return Refusal(type(error).__name__, str(error))


def plans_of(call: Call) -> Plans:
    """Give the plan of each prompt, or None when the specification refuses the call: transformers may not."""
    try:
        return call.plans
    except Rejected:
        return None


def noises_for(call: Call, mode: Mode, batched: bool) -> Noises:
    """Give the noise of each prompt, or None where torch's own generator is the noise.

    A prompt alone draws what it would draw in the batch. Raises ValueError for a call without a seed.
    """
    noises = noises_of(call)
    of_torch = call.seeds is None and call.noise is None
    return None if batched and of_torch and mode is not Mode.ASSISTED else noises


def one_by_one(call: Call, plans: Plans, noises: Noises) -> tuple[GenerateOutput, ...]:
    """Decode each prompt alone. Raises what `generate` raises."""
    outputs: list[GenerateOutput] = []
    for number in range(len(call.prompts)):
        plan, noise = plans and plans[number:number + 1], noises and noises[number:number + 1]
        outputs += decoded(call.alone(number), plan, noise)
    return tuple(outputs)


def decoded(call: Call, plans: Plans, noises: Noises) -> tuple[GenerateOutput, ...]:
    """Decode the prompts of a call as one batch. Raises what `generate` raises."""
    return outputs_of(returned(call, plans, noises))


def arrays_of(call: Call, plans: Plans, noises: Noises) -> Arrays:
    """Decode the prompts of a call as one batch, and give what `generate` returns. Raises what it raises."""
    found = returned(call, plans, noises)
    asked = [name for name in ("scores", "logits") if wants(call, f"output_{name}")]
    arrays: dict[str, Any] = {"sequences": found.output.sequences.tolist()}
    for name in ("sequences_scores", "beam_indices", *asked):
        value = found.member(name)
        if value is not None:
            arrays[name] = [step.tolist() for step in value] if isinstance(value, tuple) else value.tolist()
    return arrays


def returned(call: Call, plans: Plans, noises: Noises) -> Returned:
    """Run `generate` on the prompts of a call as one batch. Raises what it raises."""
    if draws(call):
        torch.default_generator.manual_seed(call.seed or 0)     # torch.manual_seed of the CPU alone, and faster
    width = width_of(call, inputs_of(call))
    chance = chance_of(call, plans, noises, width)
    try:
        output = generated(call, chance, forced_scores=True)
    except (RuntimeError, TypeError):
        if call.config.get("force_words_ids") is None or wants(call, "output_scores"):
            raise
        output = generated(call, chance, forced_scores=False)   # 4.46 cannot write the indices of some of these rows
    return Returned(call, output, width, plans)


def chance_of(call: Call, plans: Plans, noises: Noises, width: int) -> AbstractContextManager[None]:
    """Put the noise that is given in the place of torch's own, while `generate` runs."""
    if noises is None:
        return nullcontext()
    if plans is not None and plans[0].mode is Mode.ASSISTED:
        return given_chance(Chance(noises[0], width, call.model.vocab_size, assistant_of(call)))
    return given_noise(noises)


def generated(call: Call, chance: AbstractContextManager[None], *, forced_scores: bool) -> Any:
    """Run `generate`."""
    model = model_of(call)
    arguments = arguments_of(call, forced_scores=forced_scores)
    with chance:
        return model.generate(**arguments)


@contextmanager
def silence() -> Iterator[None]:
    """Keep the warnings of transformers to itself. Its logger stays at errors: to switch it back costs a step."""
    if logging.get_verbosity() < logging.ERROR:
        logging.set_verbosity_error()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
