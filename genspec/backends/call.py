"""One call of `generate`, as values that JSON can hold: what every decoder behind this interface is given."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from genspec.backends.checkpoints.models import EncoderDecoder, History
from genspec.config.generation_config import GenerationConfig
from genspec.config.plan import Architecture, DecodingPlan
from genspec.config.resolve import Resolution
from genspec_reference import Scripted, Table
from genspec_reference.decode import start_tokens
from genspec_reference.layered import Layered

Tokens = tuple[int, ...]
"""Token ids."""


@dataclass(frozen=True)
class Call:
    """A config, a scripted model and the prompts of a batch, with everything else that decides the rows.

    The config is a mapping as a file has it, so that a call that must be refused can be written down too.
    """

    config: Mapping[str, Any]
    model: Scripted | Layered | Table | History | EncoderDecoder
    prompts: tuple[Tokens, ...]                     # one a row of the batch, without padding
    sources: tuple[Tokens, ...] | None = None       # the encoder's tokens of each, for an encoder-decoder model
    profile: str = "hf"
    seed: int | None = None                         # of one generator from which all rows draw, as torch does
    seeds: tuple[int, ...] | None = None            # one a prompt: noise of its own, whatever else is in the batch
    noise: tuple[tuple[tuple[float, ...], ...], ...] | None = None  # written down: of each row of the one prompt and
                                                    # each step the Exp(1) numbers of the race. VECTORS-10
    pieces: tuple[str, ...] | None = None           # the text of each token, for stop strings. STOPPING-3
    allowed_tokens: tuple[Tokens, ...] | None = None    # for each last token the ids that may follow
    negative_prompts: tuple[Tokens, ...] | None = None  # GUIDANCE-2
    assistant: Scripted | Table | None = None               # ASSISTED-2
    context_length: int | None = None
    note: Mapping[str, Any] = field(default_factory=dict, compare=False)   # where the call comes from; decides nothing

    @property
    def architecture(self) -> Architecture:
        """Return the model's: with sources it is an encoder-decoder."""
        return "decoder-only" if self.sources is None else "encoder-decoder"

    @cached_property
    def plans(self) -> tuple[DecodingPlan, ...]:
        """Return the plan of each prompt. Raises `Rejected` when the specification refuses the call."""
        config = GenerationConfig.from_dict(dict(self.config))
        return tuple(self.resolved(config, prompt) for prompt in self.prompts)

    def resolved(self, config: GenerationConfig, prompt: Tokens) -> DecodingPlan:
        """Resolve the config for one prompt. Raises `Rejected`."""
        return self.resolution(config, prompt).plan

    def resolution(self, config: GenerationConfig, prompt: Tokens) -> Resolution:
        """Give the plan of one prompt with the decisions that led to it. Raises `Rejected`."""
        return config.resolve(
            prompt_length=len(prompt), vocab_size=self.model.vocab_size, context_length=self.context_length,
            architecture=self.architecture, profile=self.profile, assistant=self.assistant is not None,
        )

    def decoder_prompt(self, number: int) -> Tokens:
        """Return the prompt of a row; an empty one of an encoder-decoder model is its start token. TOKENS-5."""
        start = self.plans[number].tokens.decoder_start
        if isinstance(start, tuple) and not self.prompts[number]:
            return start[number:number + 1]             # one for each row of the batch
        return self.prompts[number] or start_tokens(self.plans[number])

    def alone(self, number: int) -> "Call":
        """Return the call of one prompt of the batch."""
        one = slice(number, number + 1)
        starts = self.config.get("decoder_start_token_id")
        config = {**self.config, "decoder_start_token_id": starts[one]} if isinstance(starts, list) else self.config
        return replace(
            self, config=config, prompts=self.prompts[one], sources=self.sources and self.sources[one],
            seeds=self.seeds and self.seeds[one], negative_prompts=self.negative_prompts and self.negative_prompts[one],
        )
