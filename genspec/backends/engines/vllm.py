"""The sampler of vLLM as a decoder: `vllm.v1.sample.sampler.Sampler`, on a function that looks lines of a table up.

What is tested are its penalties, processors, filters and draws, in their order, as they run on a CPU without its
compiled kernels; scheduler, cache and model are not. Loaded are `SamplingParams`, `Sampler` with its `SamplingMetadata`
and the built-in logits processors, and what those import: all is pure torch. Greedy search is left out, because on a
CPU it is a compiled function.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from genspec.backends.call import Tokens
from genspec.backends.checkpoints import Checkpoint
from genspec.backends.checkpoints.models import lines_of
from genspec.backends.engines.engine import Asked, Engine, EngineDecoder, Hypothesis
from genspec.dialects.spelling import Unspoken
from genspec.dialects.vllm import DIALECT

os.environ.setdefault("VLLM_TARGET_DEVICE", "cpu")      # a wheel for GPUs asks for memory of one otherwise
os.environ.setdefault("VLLM_LOGGING_LEVEL", "ERROR")

PENALTIES = {"presence_penalty": 0.0, "frequency_penalty": 0.0, "repetition_penalty": 1.0}
"""The options that read the row, and what each is where it does nothing."""


def load(_: Path, checkpoint: Checkpoint) -> Any:
    """Make the table. float32[V, V]."""
    import torch

    return torch.tensor(lines_of(checkpoint.table), dtype=torch.float32)


def generate(lines: Any, asked: Asked) -> Sequence[Sequence[Hypothesis]]:
    """Decode one prompt, as often as rows are drawn."""
    from vllm import SamplingParams

    params = SamplingParams(**{**asked.options, "n": 1})
    return [[Hypothesis(row(lines, asked, params, (asked.seed or 0) + number))
             for number in range(asked.plan.outputs.num_return_sequences)]]


def row(lines: Any, asked: Asked, params: Any, seed: int) -> Tokens:
    """Draw one row: new tokens, the EOS included."""
    import torch

    generator, made = torch.Generator().manual_seed(seed), list[int]()
    while len(made) < params.max_tokens and not (made and made[-1] in params.stop_token_ids):
        logits = lines[(asked.prompts[0] + tuple(made))[-1]]
        sampled, _ = stepped(logits, params, asked.prompts[0], made, {"generators": {0: generator}})
        made.append(int(sampled))
    return tuple(made)


def stepped(logits: Any, params: Any, prompt: Sequence[int], made: list[int], more: Mapping[str, Any]) -> Any:
    """Run the sampler on one row: the token that it draws, and the scores that it draws from, float32[V].

    `made`: the new tokens. `more`: members of the metadata that are not in `SamplingParams`.
    """
    from vllm.v1.sample.metadata import SamplingMetadata
    from vllm.v1.sample.sampler import Sampler

    sampler = Sampler("processed_logits")
    sampler.topk_topp_sampler.forward = sampler.topk_topp_sampler.forward_native    # the others are compiled
    metadata = SamplingMetadata(**{**metadata_of(params, prompt, made, len(logits)), **more})
    sampled, left = sampler.sample(sampler.apply_logits_processors(logits.clone()[None], metadata, False), metadata)
    return sampled[0], left[0]


def metadata_of(params: Any, prompt: Sequence[int], made: list[int], size: int) -> dict[str, Any]:
    """Give what a batch of one request has, as the model runner makes it of `SamplingParams`."""
    import torch

    acting = 0 < params.top_k < size
    return {
        "temperature": torch.tensor([params.temperature]), "all_greedy": False, "all_random": True,
        "top_k": torch.tensor([params.top_k]) if acting else None,
        "top_p": torch.tensor([params.top_p]) if params.top_p < 1 else None,
        "generators": {}, "max_num_logprobs": None, "allowed_token_ids_mask": None, "bad_words_token_ids": {},
        "no_penalties": all(getattr(params, name) == off for name, off in PENALTIES.items()),
        "prompt_token_ids": torch.tensor([prompt], dtype=torch.long),
        "presence_penalties": torch.tensor([params.presence_penalty]),
        "frequency_penalties": torch.tensor([params.frequency_penalty]),
        "repetition_penalties": torch.tensor([params.repetition_penalty]),
        "output_token_ids": [made], "logitsprocs": processors(params, prompt, made),
    }


def processors(params: Any, prompt: Sequence[int], made: list[int]) -> Any:
    """Make the built-in logits processors of a batch of one request."""
    import torch
    from vllm.v1.sample.logits_processor import BUILTIN_LOGITS_PROCESSORS, BatchUpdate, LogitsProcessors

    config = SimpleNamespace(scheduler_config=SimpleNamespace(max_num_seqs=1))
    every = [one(config, torch.device("cpu"), False) for one in BUILTIN_LOGITS_PROCESSORS]
    for one in every:
        one.update_state(BatchUpdate(batch_size=1, removed=[], added=[(0, params, [*prompt], made)], moved=[]))
    return LogitsProcessors(every)


SPELLED: Mapping[str, Callable[..., Mapping[str, Any]]] = {
    "temperature": lambda temperature: {"temperature": temperature},
    "top_k": lambda k: {"top_k": k},
    "top_p": lambda p: {"top_p": p},
    "min_p": lambda p: {"min_p": p},
    "repetition_penalty": lambda penalty: {"repetition_penalty": penalty},
    "presence_penalty": lambda penalty: {"presence_penalty": penalty},
    "frequency_penalty": lambda penalty: {"frequency_penalty": penalty},
    "logit_bias": lambda biases: {"logit_bias": one_each(biases)},
    "min_new_tokens": lambda count, eos: {"min_tokens": count, "max_tokens": None, "stop_token_ids": [*eos]},
    "bad_words": lambda words: {},
    "prefix_allowed_tokens": lambda: {},
}
"""The options of an operation, for its arguments by name; two are no options, but members of the metadata."""


class Vllm(EngineDecoder):
    """Drawn rows, and the chain of the sampler alone."""

    def process(self, request: Any) -> Mapping[str, Any]:
        """Run the chain on the scores of a request. L0, L1. It has an order of its own."""
        import torch

        try:
            params = question(request)
        except Unspoken as reason:
            return {"unsupported": str(reason)}
        prompt, made = request.tokens[:request.prompt_length], request.tokens[request.prompt_length:]
        logits = torch.tensor(request.scores, dtype=torch.float32)
        _, left = stepped(logits, params, prompt, made, members(dict(request.operations), request.context, len(logits)))
        return {"scores": left.tolist()}


def question(request: Any) -> Any:
    """Give the `SamplingParams` that ask for the operations of a request. Raises `Unspoken` where there are none."""
    from vllm import SamplingParams

    names = [name for name, _ in request.operations]
    if len(set(names)) < len(names):
        raise Unspoken("each operation stands in the chain once")
    if any(token >= len(request.scores) for token in request.tokens):
        raise Unspoken("a row with an id outside of the vocabulary cannot be counted")
    options: dict[str, Any] = {}
    for name, arguments in request.operations:
        given = {key: value for key, value in arguments.items() if (key, value) != ("min_keep", 1)}
        try:
            options |= SPELLED[name](**given)
        except TypeError:
            raise Unspoken(f"`{name}` has other arguments here: {', '.join(given)}") from None
    try:
        return SamplingParams(**options)
    except Exception as error:
        raise Unspoken(f"SamplingParams refuses it: {error}") from None


def one_each(given: Sequence[Sequence[Any]]) -> dict[int, float]:
    """Give the bias of each token. Raises `Unspoken` where one has several, which would add up."""
    found: dict[int, float] = dict(given)       # type: ignore[arg-type]  # each a pair
    if len(found) < len(given):
        raise Unspoken("a token has one bias, and here one has several")
    return found


def members(operations: Mapping[str, Mapping[str, Any]], context: Mapping[str, Any], size: int) -> dict[str, Any]:
    """Give the members of the metadata that some operations are."""
    import torch

    given: dict[str, Any] = {}
    if "bad_words" in operations:
        given["bad_words_token_ids"] = {0: [list(word) for word in operations["bad_words"]["words"]]}
    if "prefix_allowed_tokens" in operations:
        mask = torch.ones(1, size, dtype=torch.bool)
        mask[0, list(context["allowed_tokens"])] = False
        given["allowed_token_ids_mask"] = mask
    return given


def decoder() -> Vllm:
    """Make the decoder. Raises ImportError that says what to install."""
    more = {"levels": ["L0", "L1", "L4"], "modes": ["sample"], "operations": sorted(SPELLED)}
    return Vllm(Engine(DIALECT, "hf", load, generate, more=more))
