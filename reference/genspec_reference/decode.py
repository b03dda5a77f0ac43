"""Run a plan, or a config, on a model. Text: docs/spec/README.md."""

from collections.abc import Iterable, Sequence
from importlib import import_module
from operator import index
from typing import Any

from genspec.config.generation_config import GenerationConfig
from genspec.config.plan import Architecture, DecodingPlan, OnOverflow
from genspec.config.profile import Profile
from genspec_reference.context import Allowed
from genspec_reference.healing import healed
from genspec_reference.model import Model
from genspec_reference.noise import Noise
from genspec_reference.output import GenerateOutput
from genspec_reference.request import Clock, Detokenize, Processor, Request


def decode(
    plan: DecodingPlan,
    model: Model,
    prompt: Iterable[int],
    *,
    source: Iterable[int] | None = None,
    noise: Noise | None = None,
    detokenize: Detokenize | None = None,
    clock: Clock | None = None,
    allowed_tokens: Allowed | None = None,
    negative_prompt: Iterable[int] | None = None,
    processors: Sequence[Processor] = (),
    assistant: Model | None = None,
    trace: bool = False,
) -> GenerateOutput:
    """Decode one prompt as the plan says: the exact answer to what a decoder must do.

    `prompt`: the decoder's token ids, without padding, as long as the plan was made for; an empty one is replaced by
    BOS (TOKENS-6). `source`: the encoder's, for an encoder-decoder model. `noise`: Exp(1) numbers, when the plan
    draws. `detokenize`: when it has stop strings or heals the prompt; `clock`: when it has `max_time`.

    Raises `Rejected` when no token can be produced (SCORES-2, SCORES-6), and ValueError for a call that lacks what
    the plan needs, gives a prompt of another length, or ids that are none.
    """
    return run(Request(
        plan=plan,
        model=model,
        prompt=kept_prompt(plan, ids_of("prompt", prompt)),
        source=source_of(plan, source),
        noise=noise,
        detokenize=detokenize,
        clock=clock,
        started=clock() if clock is not None else 0.0,
        allowed_tokens=allowed_tokens,
        negative_prompt=None if negative_prompt is None else ids_of("negative_prompt", negative_prompt),
        processors=tuple(processors),
        assistant=assistant,
        trace=trace,
    ))


def run(request: Request) -> GenerateOutput:
    """Run the mode of a request's plan: `modes/<mode>.py::<mode>`, after the prompt is healed. Raises as `decode`."""
    mode = import_module(f"genspec_reference.modes.{request.plan.mode}")
    return getattr(mode, request.plan.mode)(healed(request))    # type: ignore[no-any-return]  # found by its name


def kept_prompt(plan: DecodingPlan, prompt: tuple[int, ...]) -> tuple[int, ...]:
    """Cut an overlong prompt from its front (LENGTH-5) and replace an empty one by BOS (TOKENS-6)."""
    if not prompt and plan.tokens.bos is not None:
        prompt = (plan.tokens.bos,)
    made_for = plan.length.dropped_prompt_tokens + plan.length.prompt_length
    if len(prompt) != made_for:
        raise ValueError(f"the plan was made for a prompt of {made_for} tokens, and this one has {len(prompt)}")
    return prompt[plan.length.dropped_prompt_tokens:]


def source_of(plan: DecodingPlan, source: Iterable[int] | None) -> tuple[int, ...] | None:
    """Hold the call to the plan's architecture: an encoder-decoder model has a source, and no other has."""
    if (plan.architecture == "encoder-decoder") != (source is not None):
        raise ValueError(f"the plan is for a model that is {plan.architecture}: "
                         f"source= is {'missing' if source is None else 'not for it'}")
    return None if source is None else ids_of("source", source)


def ids_of(name: str, given: Iterable[int]) -> tuple[int, ...]:
    """Read token ids of any integer type. Raises ValueError, naming the argument, for what is no id."""
    try:
        ids = tuple(index(token) for token in given)
    except TypeError as error:
        raise ValueError(f"{name} is a list of token ids, not {given!r}") from error
    if min(ids, default=0) < 0:
        raise ValueError(f"{name} holds {min(ids)}, which is no token id")
    return ids


def generate(
    config: GenerationConfig, model: Model, prompt: Sequence[int] = (), *, vocab_size: int | None = None,
    context_length: int | None = None, profile: Profile | str = "hf", on_overflow: OnOverflow = "truncate", **call: Any,
) -> GenerateOutput:
    """Resolve a config for one prompt and decode it. `call`: what `decode` takes beside the prompt.

    With a `source` the model is an encoder-decoder, and an empty prompt is its start token (TOKENS-5).
    Raises `Rejected` when the config is refused, and what `decode` raises.
    """
    architecture: Architecture = "decoder-only" if call.get("source") is None else "encoder-decoder"
    prompt = ids_of("prompt", prompt)
    plan = config.resolve(
        prompt_length=len(prompt), vocab_size=vocab_size, context_length=context_length,
        architecture=architecture, profile=profile, on_overflow=on_overflow,
        assistant=call.get("assistant") is not None,
    ).plan
    return decode(plan, model, prompt or start_tokens(plan), **call)


def start_tokens(plan: DecodingPlan) -> tuple[int, ...]:
    """Give the decoder's prompt when the call gives none: its start token, or BOS. TOKENS-5, TOKENS-6."""
    if plan.architecture == "decoder-only":
        return ()
    start = plan.tokens.decoder_start
    return start[:1] if isinstance(start, tuple) else () if start is None else (start,)
