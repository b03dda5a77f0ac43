"""From the arguments of a call to rows, a config and plans."""

from collections.abc import Mapping, Sequence
from operator import index
from typing import Any

import torch
from torch import Tensor

from genspec.backends.torch.request import Tokens
from genspec.config.generation_config import GenerationConfig, split_members
from genspec.config.layers import HasMembers
from genspec.config.mode import Mode
from genspec.config.plan import DecodingPlan

MODES = frozenset({Mode.GREEDY, Mode.SAMPLE, Mode.BEAM_SEARCH, Mode.BEAM_SAMPLE})
"""The modes of this decoder."""

Config = GenerationConfig | Mapping[str, Any] | HasMembers | None
"""A config of ours, of transformers, or as a file has it."""


Ids = Tensor | Sequence[Sequence[int]]
"""int64[P, L], or one list of ids a row."""


class UnsupportedHere(NotImplementedError):
    """What the specification has and this decoder has not."""


def rows_of(name: str, ids: Ids, mask: Tensor | None) -> tuple[Tokens, ...]:
    """Take the real tokens of every row out of a batch. int64[P, L], and a mask that is 0 where something fills it.

    Rows of different lengths may also come as lists. Raises ValueError, naming the argument, for another shape.
    """
    if not len(ids):
        raise ValueError(f"{name} holds no row")
    if not isinstance(ids, Tensor) and mask is None:
        return tuple(tuple(map(index, row)) for row in ids)
    ids = torch.as_tensor(ids)
    if ids.ndim != 2 or ids.is_floating_point() or (mask is not None and mask.shape != ids.shape):
        raise ValueError(f"{name} is int64[P, L] and its mask the same, not {ids.dtype}{list(ids.shape)}"
                         + ("" if mask is None else f" and {list(mask.shape)}"))
    rows = ids.tolist()
    if mask is None:
        return tuple(map(tuple, rows))
    return tuple(
        tuple(token for token, real in zip(row, kept, strict=True) if real)
        for row, kept in zip(rows, mask.tolist(), strict=True)
    )


def config_of(config: Config, model: Config) -> GenerationConfig:
    """Lay a config over the model's own. CONFIG-6. Raises `Rejected`."""
    return GenerationConfig.layered(given=plain(config), model=plain(model))


def plain(config: Config) -> Any:
    """Give a config of transformers as the members that it changes; keys that are no field of a config are its own."""
    if config is None or isinstance(config, GenerationConfig | Mapping):
        return config
    to_dict = getattr(config, "to_diff_dict", config.to_dict)
    return {name: value for name, value in split_members(to_dict())[0].items() if value is not None}


def plans_of(config: GenerationConfig, lengths: Sequence[int], **facts: Any) -> tuple[DecodingPlan, ...]:
    """Resolve a config once for every prompt length. Raises `Rejected`, and UnsupportedHere for a mode we have not."""
    by_length = {length: config.resolve(prompt_length=length, **facts).plan for length in dict.fromkeys(lengths)}
    plans = tuple(by_length[length] for length in lengths)
    require_supported(plans[0])
    return plans


def require_supported(plan: DecodingPlan) -> None:
    """Raise UnsupportedHere, naming the mode and what has it, for what this decoder has not."""
    if plan.mode not in MODES:
        raise UnsupportedHere(
            f"{plan.mode} is no mode of this decoder, which has {', '.join(sorted(MODES))}. "
            "genspec_reference.decode has it, a prompt at a time."
        )


def kept_prompts(plans: Sequence[DecodingPlan], prompts: Sequence[Tokens]) -> tuple[Tokens, ...]:
    """Cut overlong prompts from their front (LENGTH-5), and replace empty ones by BOS (TOKENS-6).

    Raises ValueError when there are more or fewer than plans, or a plan was made for another length.
    """
    if len(prompts) != len(plans):
        raise ValueError(f"decoder_input_ids: {len(prompts)} rows for {len(plans)} sources")
    return tuple(kept_prompt(plan, prompt) for plan, prompt in zip(plans, prompts, strict=True))


def kept_prompt(plan: DecodingPlan, prompt: Tokens) -> Tokens:
    """Cut or begin one prompt. Raises ValueError when the plan was made for another length."""
    if not prompt and plan.tokens.bos is not None:
        prompt = (plan.tokens.bos,)
    dropped = plan.length.dropped_prompt_tokens
    if len(prompt) != dropped + plan.length.prompt_length:
        raise ValueError(f"a decoder's prompt has {dropped + plan.length.prompt_length} tokens here, not {len(prompt)}")
    return prompt[dropped:]


def start_prompts(plans: Sequence[DecodingPlan]) -> tuple[Tokens, ...]:
    """Give the decoder of an encoder-decoder model its start tokens: one id, or one a row. TOKENS-5.

    Raises ValueError when there are several and not one a row.
    """
    start = plans[0].tokens.decoder_start
    if not isinstance(start, tuple):
        return tuple((plan.tokens.decoder_start,) for plan in plans)  # type: ignore[misc]  # of one config
    if len(start) not in (1, len(plans)):
        raise ValueError(f"decoder_start_token_id has {len(start)} ids for {len(plans)} rows [TOKENS-5]")
    return tuple((token,) for token in (start * len(plans) if len(start) == 1 else start))
