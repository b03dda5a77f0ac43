"""A call as the arguments of `generate`. Nothing is inherited from the model: what the call leaves unset has no value.

The config goes in as it is, so that what transformers reads into it is transformers' own doing. What is returned is
asked for beside it: a dict always, and in a beam mode the scores, without which it gives neither the score of a
hypothesis nor, before 4.50, its beam indices (DEV-56).
"""

from collections.abc import Mapping
from typing import Any

import torch
from transformers import GenerationConfig

from genspec.backends.call import Call, Tokens
from genspec.backends.transformers.batch import left_padded, right_padded
from genspec.backends.transformers.pool import assistant_of
from genspec.backends.transformers.version import RELEASE
from genspec.backends.transformers.words import Words

EXPLICIT = ("max_length", "min_length") if RELEASE < (5, 0) else ()
"""Fields that older releases take for unset unless they are arguments of the call: a config always has a value."""


def arguments_of(call: Call, *, forced_scores: bool = True) -> dict[str, Any]:
    """Write a call as keyword arguments of `generate`. Raises what transformers raises about the config.

    `forced_scores`: ask a beam mode for scores even where the call does not.
    """
    given = given_of(call)
    config = GenerationConfig(**given)
    config.return_dict_in_generate = True
    config.output_scores = wants(call, "output_scores") or (forced_scores and has_beams(call))
    for name in ("output_logits", "output_attentions", "output_hidden_states"):
        setattr(config, name, wants(call, name))
    return {
        "generation_config": config,
        **{name: given[name] for name in EXPLICIT if name in given},
        **inputs_of(call),
        **extras_of(call),
    }


def given_of(call: Call) -> dict[str, Any]:
    """Give the fields that are set. Before 4.40 the biases of sequences are a mapping, and no list as in files."""
    given = {name: value for name, value in call.config.items() if value is not None}
    biases = given.get("sequence_bias")
    if isinstance(biases, list) and RELEASE < (4, 40):
        given["sequence_bias"] = {tuple(ids): bias for ids, bias in biases}
    return given


def wants(call: Call, name: str) -> bool:
    """Tell whether a call asks for an output. OUTPUTS-1."""
    return call.config.get("return_dict_in_generate") is True and call.config.get(name) is True


def has_beams(call: Call) -> bool:
    """Tell whether the mode keeps several hypotheses, as far as the config says it in numbers; groups alone do not."""
    count = call.config.get("num_beams")
    return isinstance(count, int) and count > 1


def draws(call: Call) -> bool:
    """Tell whether tokens are drawn."""
    return bool(call.config.get("do_sample"))


def inputs_of(call: Call) -> dict[str, Any]:
    """Give the prompts, padded on the left, or the sources, padded on the right, and the decoder's prompts."""
    fill = fill_of(call)
    if call.sources is None:
        if not any(call.prompts):
            return {}
        ids, mask = left_padded(call.prompts, fill)
        return {"input_ids": ids, "attention_mask": mask}
    ids, mask = right_padded(call.sources, fill)
    inputs = {"input_ids": ids, "attention_mask": mask}
    if any(call.prompts):
        starts = starts_of(call.config, len(call.prompts))
        rows = [prompt or start for prompt, start in zip(call.prompts, starts, strict=True)]
        inputs["decoder_input_ids"], mask = left_padded(rows, fill)
        if not mask.all():
            inputs["decoder_attention_mask"] = mask
    return inputs


def fill_of(call: Call) -> int:
    """Give the id that stands in padding: the pad id where the call has one of the vocabulary, else 0."""
    pad = pad_of(call.config)
    return pad if pad is not None and 0 <= pad < call.model.vocab_size else 0


def eos_of(config: Mapping[str, Any]) -> Tokens:
    """Read the EOS ids of a config that need not be valid. TOKENS-2."""
    eos = config.get("eos_token_id")
    return tuple(eos) if isinstance(eos, list | tuple) else () if eos is None else (eos,)


def pad_of(config: Mapping[str, Any]) -> int | None:
    """Read the pad id of a config that need not be valid. TOKENS-3."""
    pad = config.get("pad_token_id")
    return pad if isinstance(pad, int) else next(iter(eos_of(config)), None)


def starts_of(config: Mapping[str, Any], count: int) -> list[Tokens]:
    """Read the decoder's start token of each row; empty where there is none. TOKENS-5."""
    start = config.get("decoder_start_token_id")
    start = config.get("bos_token_id") if start is None else start
    if isinstance(start, list | tuple):
        return [(token,) for token in start]
    return [() if start is None else (start,)] * count


def extras_of(call: Call) -> dict[str, Any]:
    """Give what a call has beside config and prompts."""
    extras: dict[str, Any] = {}
    if call.pieces is not None and call.config.get("stop_strings") is not None:
        extras["tokenizer"] = Words(call.pieces)
    if (allowed := call.allowed_tokens) is not None:
        extras["prefix_allowed_tokens_fn"] = lambda _, row: list(allowed[int(row[-1])])
    if call.negative_prompts is not None:
        ids, mask = left_padded(call.negative_prompts, fill_of(call))
        extras |= {"negative_prompt_ids": ids, "negative_prompt_attention_mask": mask}
    if (assistant := assistant_of(call)) is not None:
        extras["assistant_model"] = assistant
    return extras


def width_of(call: Call, inputs: Mapping[str, torch.Tensor]) -> int:
    """Count the positions of the decoder's prompt in the rows that `generate` returns, padding included.

    The decoder of an encoder-decoder model gets its start token in front of prompts of which none begins with it.
    """
    if call.sources is None:
        return int(inputs["input_ids"].shape[1]) if inputs else 1
    if "decoder_input_ids" not in inputs:
        return 1
    ids = inputs["decoder_input_ids"]
    starts = starts_of(call.config, len(call.prompts))
    begins = any(tuple(row[:1]) == start for row, start in zip(ids.tolist(), starts, strict=True))
    return int(ids.shape[1]) + (0 if begins else 1)
