"""The public call: a model, prompts and a config in, rows out. Text: docs/guide/torch.md."""

import time
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from genspec.backends.torch.decode import decode
from genspec.backends.torch.healing import healed
from genspec.backends.torch.inputs import Config, Ids, config_of, kept_prompts, plans_of, rows_of, start_prompts
from genspec.backends.torch.models import architecture_of, device_of, drivers_of, fact
from genspec.backends.torch.outputs import written
from genspec.backends.torch.request import Request, Streamer
from genspec.backends.torch.stopping import Criterion, Detokenize
from genspec.config.plan import Architecture, OnOverflow
from genspec.config.profile import Profile
from genspec.config.profiles import HF


def generate(
    model: Any,
    input_ids: Ids,
    config: Config = None,
    *,
    attention_mask: Tensor | None = None,
    decoder_input_ids: Ids | None = None,
    negative_prompt_ids: Ids | None = None,
    negative_prompt_attention_mask: Tensor | None = None,
    generator: torch.Generator | None = None,
    seeds: Sequence[int] | None = None,
    tokenizer: Any = None,
    detokenize: Detokenize | None = None,
    clock: Callable[[], float] = time.monotonic,
    streamer: Streamer | None = None,
    prefix_allowed_tokens_fn: Callable[[int, Tensor], Sequence[int]] | None = None,
    logits_processor: Sequence[Callable[[Tensor, Tensor], Tensor]] = (),
    stopping_criteria: Sequence[Criterion] = (),
    model_config: Config = None,
    profile: Profile | str = HF,
    on_overflow: OnOverflow = "truncate",
    architecture: Architecture | None = None,
    vocab_size: int | None = None,
    context_length: int | None = None,
    use_cache: bool = True,
) -> Any:
    """Decode a batch of prompts as a config says: int64[N, row], or with `return_dict_in_generate` an output.

    `model`: a model of transformers, causal or encoder-decoder; or any function from rows to logits, whose contract is
    `drivers.function.Function`. `input_ids`: the prompts, or the sources where the model has an encoder; what
    `attention_mask` marks with 0 is no part of them, wherever it stands, and without a mask everything is.
    `decoder_input_ids`: int64[P, 1], in the place of the start token. `config` is laid over `model_config`, which is
    the model's own `generation_config` unless the call gives one (CONFIG-6), and resolved for every prompt length;
    nothing else decides.

    `generator`: what sampling draws from, torch's own without it, in the order of transformers, so that equal states
    give equal tokens. `seeds`: one a prompt instead; then a row hangs on its seed, not on the batch or the device
    (SAMPLE-7). `tokenizer` or `detokenize`: for stop strings and token healing. `streamer`: for one row outside the
    beam modes. `use_cache` False: whole rows at every step.

    Raises `Rejected` for a config or request that the specification refuses, UnsupportedHere for a mode that this
    decoder has not, and ValueError for arguments that do not belong together.
    """
    started = clock()
    given = rows_of("input_ids", input_ids, attention_mask)
    kind = architecture or architecture_of(model)
    own = getattr(model, "generation_config", None) if model_config is None else model_config
    plans = plans_of(
        config_of(config, own), [len(row) for row in given], architecture=kind, profile=profile,
        on_overflow=on_overflow, vocab_size=vocab_size or fact(model, "vocab_size"),
        context_length=context_length or fact(model, "max_position_embeddings"),
    )
    sources = given if kind == "encoder-decoder" else None
    if sources is not None and decoder_input_ids is not None:
        given = rows_of("decoder_input_ids", decoder_input_ids, None)
    elif sources is not None:
        given = start_prompts(plans)
    device = device_of(model, input_ids)
    drivers = drivers_of(model, sources, plans[0].outputs, device, use_cache)
    request = Request(
        plans=plans,
        prompts=kept_prompts(plans, given),
        sources=sources,
        driver=drivers(),
        device=device,
        unconditional=None if plans[0].operation("guidance") is None else drivers(),
        negatives=None if negative_prompt_ids is None else rows_of(
            "negative_prompt_ids", negative_prompt_ids, negative_prompt_attention_mask),
        generator=generator,
        seeds=None if seeds is None else tuple(seeds),
        allowed_tokens=None if prefix_allowed_tokens_fn is None else (
            lambda prompt, tokens: prefix_allowed_tokens_fn(prompt, torch.tensor(tokens, device=device))),
        processors=tuple(logits_processor),
        criteria=tuple(stopping_criteria),
        detokenize=tokenizer.decode if detokenize is None and tokenizer is not None else detokenize,
        clock=clock,
        started=started,
        streamer=streamer,
    )
    require_arguments(request)
    request = healed(request, drivers)
    return written(request, streamed(request))


def streamed(request: Request) -> Any:
    """Decode, and tell a streamer of the prompt and of the end."""
    if request.streamer is None:
        return decode(request)
    request.streamer.put(torch.tensor([request.prompts[0]]))
    decoded = decode(request)
    request.streamer.end()
    return decoded


def require_arguments(request: Request) -> None:
    """Raise ValueError for a call that lacks what its plan needs, or has what it cannot use."""
    plans, plan = request.plans, request.plan
    for field, needs in (("stop_strings", plan.stopping.stop_strings), ("token_healing", plan.token_healing)):
        if needs and request.detokenize is None:
            raise ValueError(f"{field}: the call needs tokenizer= or detokenize=, a function from token ids to text")
    rows = {"negative_prompt_ids": request.negatives, "the source": request.sources}
    for name, given in {"seeds": request.seeds, **rows}.items():
        if given is not None and len(given) != len(plans):
            raise ValueError(f"{name}: {len(given)} entries for {len(plans)} prompts")
    for name, of_prompts in rows.items():
        if of_prompts is not None and not all(of_prompts):
            raise ValueError(f"{name}: row {list(map(len, of_prompts)).index(0)} has no token")
    if request.streamer is not None and (plan.beams is not None or len(plans) * request.lines_per_prompt > 1):
        raise ValueError("streamer: it takes one row, outside the beam modes")
