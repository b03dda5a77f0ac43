"""Which calls cannot be put to `generate` here, and why: no answer to them would say anything about transformers."""

from collections.abc import Iterator, Sequence

from genspec.backends.call import Call
from genspec.backends.transformers.version import RELEASE, VERSION, release
from genspec.config.fields import FIELDS
from genspec.config.mode import Mode
from genspec.config.plan import DecodingPlan
from genspec.config.profile import MOVED

OF_MODELS = ("assistant_early_exit", "use_mtp", "speculation_type", "constraints")
"""Fields that need a model, or objects, that no scripted model is or has."""

CACHES = ("dynamic", "static") if RELEASE >= (5, 0) else ("dynamic",)
"""The kinds of cache in which a scripted model keeps what it has read."""


def limit_of(call: Call, plans: Sequence[DecodingPlan] | None, *, batched: bool) -> str | None:
    """Say why a call cannot be put to this transformers, or None when it can. `plans`: None for a refused call."""
    return next(limits(call, plans, batched and len(call.prompts) > 1), None)


def limits(call: Call, plans: Sequence[DecodingPlan] | None, is_batch: bool) -> Iterator[str]:
    """Give every reason."""
    given = {name: value for name, value in call.config.items() if value is not None and value is not False}
    yield from newer_fields(given)
    yield from (f"{name} needs a model of another kind" for name in OF_MODELS if name in given)
    if "max_time" in given:
        yield "max_time: the rows hang on the clock"
    if "token_healing" in given:
        yield "token_healing needs a tokenizer with a tree of its texts"
    if given.get("forced_decoder_ids") and RELEASE < (4, 39):
        yield f"forced_decoder_ids: {VERSION} honours it, and how is not specified (FORCED-DECODER-IDS-1)"
    if given.get("cache_implementation", "dynamic") not in CACHES:
        yield f"cache_implementation: the model keeps what it reads in a {' or '.join(CACHES)} cache"
    if is_batch and call.sources is None and not all(call.prompts):
        yield "a batch cannot hold an empty prompt: decode each prompt alone"
    if plans is not None:
        yield from limits_of_mode(call, plans[0], is_batch)


def newer_fields(given: dict[str, object]) -> Iterator[str]:
    """Name the fields that act and are newer than this transformers, which takes them for its user's own."""
    for name in given:
        since = FIELDS[name].since if name in FIELDS and FIELDS[name].modes else None
        if since is not None and release(since) > RELEASE:
            yield f"{name} came with transformers {since}, and this is {VERSION}"


def limits_of_mode(call: Call, plan: DecodingPlan, is_batch: bool) -> Iterator[str]:
    """Say what the mode of a plan cannot have here."""
    if plan.mode in MOVED and RELEASE >= (4, 57):
        yield f"{plan.mode} is no longer in transformers but in a repository of its own"
    if plan.mode is Mode.ASSISTED and (plan.outputs.attentions or plan.outputs.hidden_states):
        yield "assisted decoding takes attentions and hidden states apart, which no scripted model has"
    if plan.mode is Mode.ASSISTED and is_batch:
        yield "assisted decoding takes one prompt: decode each prompt alone"
