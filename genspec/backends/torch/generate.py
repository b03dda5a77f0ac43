"""The public call: a model, prompts and a config in, rows out. Text: docs/guide/torch.md."""

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor

from genspec.backends.torch.decode import decode
from genspec.backends.torch.drivers.causal import CausalDriver
from genspec.backends.torch.drivers.driver import Driver, Wanted
from genspec.backends.torch.drivers.encoder_decoder import Encoder, EncoderDecoderDriver
from genspec.backends.torch.drivers.function import FunctionDriver
from genspec.backends.torch.inputs import Config, config_of, kept_prompts, plans_of, rows_of, start_prompts
from genspec.backends.torch.outputs import written
from genspec.backends.torch.request import Request, Streamer, Tokens
from genspec.backends.torch.stopping import Detokenize
from genspec.config.plan import Architecture, DecodingPlan, OnOverflow, Outputs
from genspec.config.profile import Profile
from genspec.config.profiles import HF

Ids = Tensor | Sequence[Sequence[int]]
"""int64[P, L], or one list of ids a row."""


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
    `decoder_input_ids`: int64[P, 1], in the place of the start token. `config` is laid over `model_config`, or without
    it over the model's own `generation_config` (CONFIG-6), and resolved for every prompt length; nothing else decides.

    `generator`: what sampling draws from, torch's own without it; in the order of transformers, so that equal states
    give equal tokens. `seeds`: one a prompt instead; then a row hangs on its seed alone, not on the batch or the device
    (SAMPLE-7). `tokenizer` or `detokenize`: for stop strings. `streamer`: for one row outside the beam modes.

    Raises `Rejected` for a config or request that the specification refuses, UnsupportedHere for a mode that this
    decoder has not, and ValueError for arguments that do not belong together.
    """
    config = config_of(config, getattr(model, "generation_config", None) if model_config is None else model_config)
    known = getattr(model, "config", None)
    architecture = architecture or architecture_of(known)
    facts = {
        "architecture": architecture, "profile": profile, "on_overflow": on_overflow,
        "vocab_size": vocab_size or fact(known, "vocab_size"),
        "context_length": context_length or fact(known, "max_position_embeddings"),
    }
    given = rows_of("input_ids", input_ids, attention_mask)
    plans = plans_of(config, [len(row) for row in given], **facts)
    sources = given if architecture == "encoder-decoder" else None
    prompts = given if sources is None else (
        start_prompts(plans) if decoder_input_ids is None else rows_of("decoder_input_ids", decoder_input_ids, None))
    prompts = kept_prompts(plans, prompts)
    device = device_of(model, input_ids)
    drivers = drivers_of(model, sources, plans[0], device, use_cache)
    negatives = None if negative_prompt_ids is None else rows_of(
        "negative_prompt_ids", negative_prompt_ids, negative_prompt_attention_mask)
    guided = plans[0].operation("guidance") is not None
    request = Request(
        plans=plans,
        prompts=prompts,
        sources=sources,
        driver=drivers(),
        device=device,
        negatives=(negatives or tuple(prompt[-1:] for prompt in prompts)) if guided else None,
        unconditional=drivers() if guided else None,
        generator=generator,
        seeds=None if seeds is None else tuple(seeds),
        allowed_tokens=allowed_of(prefix_allowed_tokens_fn, device),
        processors=tuple(logits_processor),
        detokenize=detokenize or (None if tokenizer is None else tokenizer.decode),
        clock=clock,
        started=clock(),
        streamer=streamer,
    )
    require_arguments(request)
    return written(request, stream_around(request))


def stream_around(request: Request) -> Any:
    """Decode, and tell a streamer of the prompt and of the end."""
    if request.streamer is None:
        return decode(request)
    request.streamer.put(torch.tensor([request.prompts[0]]))
    decoded = decode(request)
    request.streamer.end()
    return decoded


def require_arguments(request: Request) -> None:
    """Raise ValueError for a call that lacks what its plan needs, or has what it cannot use."""
    plan, count = request.plan, len(request.prompts)
    if plan.stopping.stop_strings and request.detokenize is None:
        raise ValueError("stop_strings need tokenizer= or detokenize=, a function from token ids to text [STOPPING-3]")
    for name, given in (("seeds", request.seeds), ("negative_prompt_ids", request.negatives)):
        if given is not None and len(given) != count:
            raise ValueError(f"{name} has {len(given)} entries for {count} prompts")
    if request.streamer is not None and (plan.beams is not None or count * request.lines_per_prompt > 1):
        raise ValueError("a streamer takes one row, outside the beam modes")


def architecture_of(config: Any) -> Architecture:
    """Tell which kind of model a config of transformers describes; a function is decoder-only unless the call says."""
    return "encoder-decoder" if getattr(config, "is_encoder_decoder", False) else "decoder-only"


def fact(config: Any, name: str) -> int | None:
    """Read a number of a model's config, or of the part of it that describes its text."""
    text = config.get_text_config() if hasattr(config, "get_text_config") else config
    value = getattr(text, name, None)
    return value if isinstance(value, int) and value > 0 else None


def device_of(model: Any, input_ids: Ids) -> torch.device:
    """Give the device of a model, else of the prompts, else the CPU."""
    for one in (model, input_ids):
        if isinstance(device := getattr(one, "device", None), torch.device):
            return device
    return torch.device("cpu")


def drivers_of(
    model: Any, sources: tuple[Tokens, ...] | None, plan: DecodingPlan, device: torch.device, use_cache: bool
) -> Callable[[], Driver]:
    """Give what makes drivers of a model; what an encoder gives is asked for once for all of them."""
    wanted = wanted_of(plan.outputs)
    if not hasattr(getattr(model, "config", None), "is_encoder_decoder"):
        return partial(FunctionDriver, model, sources, device)
    if sources is None:
        return partial(CausalDriver, model, wanted, use_cache)
    with torch.no_grad():
        encoder = Encoder(model, sources, wanted)
    return partial(EncoderDecoderDriver, model, encoder, wanted, use_cache)


def wanted_of(outputs: Outputs) -> Wanted:
    """Tell what forward passes are asked for."""
    return Wanted(outputs.attentions, outputs.hidden_states)


def allowed_of(
    function: Callable[[int, Tensor], Sequence[int]] | None, device: torch.device
) -> Callable[[int, Tokens], Sequence[int]] | None:
    """Give a function of transformers the row as it knows it: int64[row]."""
    if function is None:
        return None
    return lambda prompt, tokens: function(prompt, torch.tensor(tokens, device=device))
